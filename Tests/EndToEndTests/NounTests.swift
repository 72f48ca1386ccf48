import Testing

extension EndToEnd {
    /// The verbs that every noun has.
    struct NounTests {
        @Test func anUpdateChangesWhatItNamesAndNothingElse() async throws {
            let desk = try await Desk.make().program
            let before = try await desk.done("perk", "show", "suite-upgrade", "-o", "json").json
            let stocked = try await desk.done("perk", "update", "suite-upgrade", "--stock", "150", "-o", "json").json
            #expect(stocked["stock"].int == 150)
            #expect(stocked["remaining"].int == 150)
            #expect(stocked["rule_text"].text == before["rule_text"].text)
            #expect(stocked["revision"].int == 2)
            let given = try await desk.done(
                "perk", "update", "suite-upgrade", "--benefit", "amount_off:2500:USD", "--per-guest", "2/day",
                "--availability", "fri,sat 16:00-19:00", "--clear", "stock", "--rule", #"{"score": {"min": 50.5}}"#,
                "-o", "json"
            ).json
            #expect(given["benefit"].names == ["amount", "currency", "kind"])
            #expect(given["per_guest"]["limit"].int == 2)
            #expect(given["per_guest"]["period"].text == "day")
            #expect(given["availability"][0]["days"][1].text == "sat")
            #expect(given["stock"].int == nil)
            #expect(given["rule_text"].text == "score >= 50.5")
            let same = try await desk.done("perk", "update", "suite-upgrade", "--name", "Suite upgrade", "-o", "json")
            #expect(same.json["revision"].int == 3)
        }

        @Test func aRuleIsMadeOfTextAndShortFlags() async throws {
            let desk = try await Desk.make().program
            try desk.write("score >= 40 or reach >= 500", to: "rule.txt")
            let campaign = try await desk.done(
                "campaign", "create", "summer", "--name", "Summer", "--rule", "@rule.txt", "--topic", "coffee",
                "--topic", "tea", "--country", "US", "--min-age", "30", "--budget", "500000:USD", "--max-redemptions",
                "9", "--venue", "las-vegas", "--require-id", "-o", "json"
            ).json
            #expect(
                campaign["rule_text"].text
                    == "(score >= 40 or reach >= 500) and topic(coffee, tea) and age >= 30 and country in (US)")
            #expect(campaign["budget"]["amount"].int == 500_000)
            #expect(campaign["budget"]["redemptions"].int == 9)
            #expect(campaign["venues"][0].text == "las-vegas")
            #expect(campaign["require_id"].int == 1)
            #expect(campaign["status"].text == "draft")
            let cleared = try await desk.done(
                "campaign", "update", "summer", "--clear", "rule", "--clear", "budget", "--no-require-id", "--ends",
                "2099-01-01", "-o", "json"
            ).json
            #expect(cleared["rule"].names.isEmpty)
            #expect(cleared["budget"].names.isEmpty)
            #expect(cleared["ends_at"].text == "2099-01-01")
            let typed = try await desk.done(
                "campaign", "update", "summer", "--rule", "-", "-o", "json", input: "reach >= 7\n"
            ).json
            #expect(typed["rule"]["reach"]["min"].int == 7)
        }

        @Test func aCampaignGoesItsWayAndEndsOnlyWhenToldTwice() async throws {
            let desk = try await Desk.make().program
            #expect(try await desk.run("campaign", "status", "opening-night", "draft").status == 5)
            try await desk.done("campaign", "status", "opening-night", "paused")
            let paused = try await desk.run(
                "redeem", "twitter:ana_w", "welcome-drink", "--venue", "las-vegas", "--key", "k", "-o", "json")
            #expect(paused.status == 5)
            #expect(JSON(parsing: paused.errors)["code"].text == "campaign_not_running")
            #expect(try await desk.run("campaign", "status", "opening-night", "ended").status == 64)
            try await desk.done("campaign", "status", "opening-night", "ended", "--yes")
            #expect(try await desk.run("campaign", "status", "opening-night", "active").status == 5)
        }

        @Test func aKeyIsShownOnceAndRevokedForGood() async throws {
            let desk = try await Desk.make().program
            let made = try await desk.done(
                "key", "create", "--role", "clerk", "--venue", "las-vegas", "--label", "Front desk", "-o", "json")
            let id = try #require(made.json["id"].text)
            #expect(made.json["secret"].text?.hasPrefix("perks_") == true)
            #expect(made.errors.contains("only time"))
            let shown = try await desk.done("key", "show", id, "-o", "json").json
            #expect(shown["venue"].text == "las-vegas")
            #expect(!shown.names.contains("secret"))
            #expect(try await desk.run("key", "revoke", id).status == 64)
            try await desk.done("key", "revoke", id, "--yes")
            let listed = try await desk.done("key", "list", "-o", "json").json
            #expect(listed["data"][0]["revoked_at"].text != nil)
        }

        @Test func anOperatorsKeyNeedsNoBrandEvenWhereOneIsConfigured() async throws {
            let desk = try await Desk.make().program
            let made = try await desk.done("key", "create", "--role", "operator", "--label", "ops", "-o", "json").json
            #expect(made["role"].text == "operator")
            let refused = try await desk.run(
                "key", "create", "--role", "operator", "--label", "ops", "--brand", "palms")
            #expect(refused.status == 64)
            #expect(try await desk.done("key", "list", "-o", "json").json["data"].list.isEmpty)
            let platform = try await desk.done("key", "list", "--platform", "-o", "json").json
            #expect(platform["data"][0]["label"].text == "ops")
        }

        @Test func anotherBrandsThingsAreNotThere() async throws {
            let desk = try await Desk.make().program
            try await desk.done(
                "brand", "create", "rival", "--name", "Rival", "--country", "US", "--time-zone", "UTC")
            for words in [
                ["perk", "show", "suite-upgrade"], ["campaign", "show", "opening-night"],
                ["venue", "show", "las-vegas"], ["report", "opening-night"],
                ["redeem", "twitter:ana_w", "suite-upgrade", "--venue", "las-vegas"],
            ] {
                #expect(try await desk.run(words + ["--brand", "rival"]).status == 3, "\(words)")
            }
            #expect(try await desk.done("venue", "list", "--brand", "rival", "-o", "json").json["data"].list.isEmpty)
        }

        @Test func aGuestIsPutShownAndListed() async throws {
            let desk = try await Desk.make().program
            let facts = #"{"country": "US", "score": {"value": 61.5}, "topics": [{"topic": "tea", "strength": 9.5}]}"#
            let made = try await desk.done("guest", "put", "Twitter:@New_One", "-", "-o", "json", input: facts)
            #expect(made.json["identities"][0]["handle"].text == "New_One")
            let shown = try await desk.done("guest", "show", "twitter:new_one", "-o", "json").json
            #expect(shown["score"]["value"].number == 61.5)
            #expect(shown["topics"][0]["strength"].number == 9.5)
            #expect(
                try await desk.run("guest", "put", "twitter:x", #"{"topics": [{"topic": "t", "strength": 9}]}"#).status
                    == 64)
            #expect(try await desk.run("guest", "put", "twitter:x", #"{"shoe_size": 9}"#).status == 64)
        }

        @Test func topicsAreFoundBelowOthersAndByAPartOfTheirName() async throws {
            let desk = try await Desk.make().program
            let below = try await desk.done("topic", "list", "--under", "hot-drinks", "-o", "json").json["data"].list
            #expect(below.compactMap { $0["slug"].text } == ["coffee", "tea"])
            let named = try await desk.done("topic", "list", "--query", "GAM", "-o", "json").json["data"].list
            #expect(named.compactMap { $0["slug"].text } == ["gaming"])
            #expect(try await desk.run("topic", "list", "--under", "nowhere").status == 3)
        }
    }
}
