import Foundation
import Testing

extension EndToEnd {
    /// The session that a new user types, command by command.
    struct SessionTests {
        @Test func aCampaignFromTheFirstCommandToTheReport() async throws {
            let desk = try await Desk.make().program

            let ana = try await desk.done("check-in", "twitter:Ana_W", "--venue", "las-vegas", "--output", "json").json
            #expect(ana.names == ["at", "best", "guest", "id", "perks", "venue"])
            #expect(ana["id"].text?.hasPrefix("check_in_") == true)
            #expect(ana["guest"]["known"].int == 1)
            #expect(ana["guest"]["age"].text == "stated")
            #expect(outcomes(ana) == ["suite-upgrade": "qualified", "welcome-drink": "qualified"])
            #expect(ana["best"].list.count == 2)

            let ben = try await desk.done("check-in", "twitter:@ben", "--venue", "las-vegas", "--output", "json").json
            #expect(outcomes(ben) == ["suite-upgrade": "not_qualified", "welcome-drink": "qualified"])
            let refused = ben["perks"].list.first { $0["perk"]["slug"].text == "suite-upgrade" }
            #expect(refused?["reasons"][0]["code"].text == "score_below_minimum")
            #expect(refused?["reasons"][0]["required"].number == 60)
            #expect(refused?["reasons"][0]["actual"].number == 58.24)
            #expect(refused?["nearest"].text == "A score of 60 or more would qualify.")

            let mia = try await desk.done("check-in", "instagram:mia", "--venue", "las-vegas", "--output", "json").json
            #expect(mia["perks"].list.isEmpty)
            #expect(mia["guest"]["age"].text == "minor")

            let stranger = try await desk.done("check-in", "x:nobody", "--venue", "las-vegas", "--output", "json").json
            #expect(stranger["guest"]["known"].int == 0)
            #expect(stranger["reason"].text == "guest_unknown")

            let first = try await redeem(desk, "twitter:ana_w", key: "order-1001")
            #expect(first.status == 0)
            #expect(first.json["status"].text == "redeemed")
            #expect(first.json["perk"]["slug"].text == "suite-upgrade")
            #expect(first.json["benefit"]["item"].text == "suite")
            #expect(first.json["decision"]["conditions"].list.count == 4)
            #expect(first.errors.isEmpty)

            let again = try await redeem(desk, "twitter:ana_w", key: "order-1001")
            #expect(again.status == 0)
            #expect(again.output == first.output)
            #expect(again.errors.contains("used before"))

            let second = try await redeem(desk, "twitter:ana_w", key: "order-1002")
            #expect(second.status == 5)
            #expect(JSON(parsing: second.errors)["code"].text == "limit_reached")
            let reused = try await redeem(desk, "email:g1@example.com", key: "order-1001")
            #expect(reused.status == 5)
            #expect(JSON(parsing: reused.errors)["code"].text == "idempotency_key_reused")
            let unqualified = try await redeem(desk, "twitter:ben", key: "order-1003")
            #expect(unqualified.status == 5)
            #expect(JSON(parsing: unqualified.errors)["reasons"][0]["code"].text == "score_below_minimum")
            let minor = try await redeem(desk, "instagram:mia", key: "order-1004")
            #expect(minor.status == 5)
            #expect(JSON(parsing: minor.errors)["code"].text == "minor_blocked")

            let id = try #require(first.json["id"].text)
            let reversed = try await desk.done(
                "redemption", "reverse", id, "--reason", "guest left", "--output", "json")
            #expect(reversed.json["status"].text == "reversed")
            #expect(reversed.json["reason"].text == "guest left")
            #expect(try await desk.run("redemption", "reverse", id, "--reason", "again").status == 5)
            #expect(try await desk.done("redemption", "show", id, "-o", "json").json["status"].text == "reversed")

            let report = try await desk.done("report", "opening-night", "--output", "json").json
            let totals = report["totals"]
            #expect(totals["check_ins"].int == 4)
            #expect(totals["guests_checked_in"].int == 3)
            #expect(totals["qualified"].int == 2)
            #expect(totals["redeemed"].int == 0)
            #expect(totals["reversed"].int == 1)
            #expect(totals["refused"]["limit_reached"].int == 1)
            #expect(totals["refused"]["not_qualified"].int == 1)
            #expect(totals["refused"]["minor_blocked"].int == 1)
            #expect(report["rates"]["cost_per_redemption"].isNull)
            #expect(report["rates"]["qualification"].number == 0.5)
            #expect(report["time_zone"].text == "America/Los_Angeles")

            let actions = try await desk.done("audit", "list", "--all", "--output", "ndjson").lines
            #expect(actions.allSatisfy { JSON(parsing: $0)["actor"].text?.hasPrefix("cli:") == true })
            #expect(JSON(parsing: actions[0])["action"].text == "redemption.reverse")
        }

        @Test func anOptionalKeyIsMadeUpAndTold() async throws {
            let desk = try await Desk.make().program
            let first = try await desk.done(
                "redeem", "twitter:ana_w", "welcome-drink", "--venue", "las-vegas", "--order", "till:7:1250:USD",
                "--output", "json")
            let key = try #require(first.errors.split(separator: " ").last.map(String.init)).trimmed
            let again = try await desk.done(
                "redeem", "twitter:ana_w", "welcome-drink", "--venue", "las-vegas", "--order", "till:7:1250:USD",
                "--output", "json", "--key", key)
            #expect(again.json["id"].text == first.json["id"].text)
            #expect(again.json["order"]["reference"].text == "till:7")
            #expect(again.json["order"]["amount"].int == 1250)
            #expect(again.json["order"]["currency"].text == "USD")
        }

        @Test func anIDThatIsSeenOpensTheGate() async throws {
            let desk = try await Desk.make().program
            let unknown = try await desk.done("check-in", "linkedin:joao", "--venue", "las-vegas", "-o", "json").json
            #expect(outcomes(unknown) == ["suite-upgrade": "not_qualified", "welcome-drink": "not_qualified"])
            let seen = try await desk.done(
                "check-in", "linkedin:joao", "--venue", "las-vegas", "--birth-date-on-id", "1990-06-01", "-o", "json"
            ).json
            #expect(seen["guest"]["age"].text == "verified")
            #expect(outcomes(seen)["suite-upgrade"] == "qualified")
            let kept = try await desk.done("eligibility", "linkedin:joao", "--venue", "las-vegas", "-o", "json").json
            #expect(kept["guest"]["age"].text == "verified")
            #expect(kept.names == ["at", "best", "guest", "perks", "venue"])
        }

        @Test func whoOptsOutIsUnknownAndStaysOut() async throws {
            let desk = try await Desk.make().program
            let unasked = try await desk.run("guest", "opt-out", "twitter:ana_w")
            #expect(unasked.status == 64)
            #expect(unasked.errors.contains("--yes"))
            try await desk.done("guest", "opt-out", "twitter:ana_w", "--yes")
            let gone = try await desk.done("check-in", "twitter:ana_w", "--venue", "las-vegas", "-o", "json").json
            #expect(gone["reason"].text == "guest_unknown")
            try desk.write(Desk.guests, to: "guests.csv")
            let imported = try await desk.run("guest", "import", "guests.csv", "--output", "json")
            #expect(imported.status == 1)
            #expect(imported.json["refused_count"].int == 1)
            #expect(imported.json["refused"][0]["line"].int == 2)
            #expect(imported.json["unchanged"].int == 4 + Desk.crowd)
            let refused = try await redeem(desk, "twitter:ana_w", key: "late")
            #expect(refused.status == 3)
        }

        private func redeem(_ program: Program, _ guest: String, key: String) async throws -> Outcome {
            try await program.run(
                "redeem", guest, "suite-upgrade", "--venue", "las-vegas", "--key", key, "--output", "json")
        }

        private func outcomes(_ checkIn: JSON) -> [String: String] {
            Dictionary(
                uniqueKeysWithValues: checkIn["perks"].list.map {
                    ($0["perk"]["slug"].text ?? "", $0["outcome"].text ?? "")
                })
        }
    }
}

extension String {
    /// Without white space at either end.
    var trimmed: String { trimmingCharacters(in: .whitespacesAndNewlines) }
}
