import Testing

extension EndToEnd {
    /// `perks rule test`, which needs no database.
    struct RuleTestTests {
        /// A rule and facts, with what comes of them.
        struct Case: Sendable, CustomTestStringConvertible {
            let rule: String
            let facts: String
            let result: String
            let reasons: [String]

            init(_ rule: String, _ facts: String, _ result: String, _ reasons: String...) {
                (self.rule, self.facts, self.result, self.reasons) = (rule, facts, result, reasons)
            }

            var testDescription: String { "\(rule) of \(facts)" }
        }

        @Test(arguments: [
            Case("score >= 60", #"{"score": {"value": 60}}"#, "true"),
            Case("score >= 60", #"{"score": {"value": 59.99}}"#, "false", "score_below_minimum"),
            Case("score >= 60", "{}", "unknown", "score_unknown"),
            Case("not score >= 60", "{}", "unknown", "score_unknown"),
            Case("score >= 60 or reach >= 5", #"{"reach": 5}"#, "true"),
            Case(#"{"score": {"min": 60}}"#, #"{"score": {"value": 77.69}}"#, "true"),
            Case("score(fresh 30 days) >= 1", #"{"score": {"value": 9}}"#, "unknown", "score_too_old"),
            Case(
                "score(best 90 days) >= 60",
                #"{"score": {"value": 9, "measured_at": "2026-11-20T00:00:00Z"}, "scores": [{"value": 61, "measured_at": "2026-09-20T00:00:00Z"}]}"#,
                "true"),
            Case("topic(coffee)", "{}", "unknown", "topic_unknown"),
            Case("topic(coffee)", #"{"topics": []}"#, "false", "topic_missing"),
            Case("topic(coffee)", #"{"topics": [{"topic": "espresso", "strength": 50}]}"#, "false", "topic_missing"),
            Case(
                "topic(coffee) >= 50",
                #"{"topics": [{"topic": "espresso", "strength": 50}], "ancestors": {"espresso": ["coffee"]}}"#, "true"),
            Case("segment in (vip)", "{}", "unknown", "segment_unknown"),
            Case("not segment in (staff)", #"{"segments": []}"#, "true"),
            Case("not segment in (staff)", #"{"segments": ["staff"]}"#, "false", "segment_excluded"),
            Case("network in (twitter; verified)", "{}", "unknown", "network_unknown"),
            Case(
                "network in (twitter; verified)",
                #"{"identities": [{"network": "twitter", "handle": "a", "verified": true}]}"#, "true"),
            Case("age >= 21", #"{"birth_date": "1990-01-01"}"#, "unknown", "age_unknown"),
            Case(
                "age >= 21", #"{"birth_date": "2005-11-21", "venue": {"time_zone": "America/Los_Angeles"}}"#, "false",
                "age_below_minimum"),
            Case("age >= 21", #"{"birth_date": "2005-11-21", "venue": {"time_zone": "UTC"}}"#, "true"),
            Case("local_time(fri, 22:00-02:00)", "{}", "unknown", "local_time_unknown"),
            Case("local_time(fri, 22:00-02:00)", #"{"venue": {"time_zone": "America/Los_Angeles"}}"#, "true"),
            Case("redeemed(perk suite; within 30 days) <= 0", "{}", "unknown", "redeemed_unknown"),
            Case(
                "redeemed(perk suite; within 30 days) >= 1",
                #"{"redeemed": [{"perk": "suite", "at": "2026-11-01T00:00:00Z"}]}"#, "true"),
            Case("country in (us) and language in (EN)", #"{"country": "US", "language": "en"}"#, "true"),
        ])
        func aRuleIsHeldAgainstFacts(expected: Case) async throws {
            let program = try Program()
            try program.write(expected.facts, to: "facts.json")
            let outcome = try await program.run(
                "rule", "test", "--rule", expected.rule, "--facts", "facts.json", "--at", "2026-11-21T07:00:00Z",
                "--output", "json")
            let answer = outcome.json
            #expect(answer.names == ["conditions", "nearest", "reasons", "result", "rule", "text", "verdict"])
            #expect(answer["result"].text == expected.result, "\(outcome.output)\(outcome.errors)")
            #expect(answer["verdict"].text == (expected.result == "true" ? "qualified" : "not_qualified"))
            #expect(answer["reasons"].list.compactMap { $0["code"].text } == expected.reasons)
            #expect(outcome.status == (expected.result == "true" ? 0 : 5))
        }

        @Test(arguments: [
            ("score >= ", "line 1, column 9"), ("score >= 60 and\nscoer >= 1", "line 2, column 1"),
            (#"{"score": {"min": 60, "mix": 70}}"#, "--rule /score/mix"), (#"{"all": []}"#, "--rule /all"),
            (#"{"score": {"min": 60}"#, "line 1, column 22"), ("topic(coffee) >= 0", "must be above 0"),
            ("not segment in (a) or segment in (a)", "true for every guest"),
        ])
        func aRuleThatCannotBeReadSaysWhere(rule: String, place: String) async throws {
            let program = try Program()
            try program.write("{}", to: "facts.json")
            let outcome = try await program.run("rule", "test", "--rule", rule, "--facts", "facts.json")
            #expect(outcome.status == 64)
            #expect(outcome.errors.contains(place), "\(outcome.errors)")
            let json = try await program.run("rule", "test", "--rule", rule, "--facts", "facts.json", "-o", "json")
            #expect(JSON(parsing: json.errors)["code"].text == "invalid_rule")
        }

        @Test(arguments: [
            (#"{"scor": 1}"#, "--facts /scor"), (#"{"venue": {"time_zone": "Mars"}}"#, "--facts /venue/time_zone"),
            (#"{"birth_date": "1990-02-30"}"#, "--facts /birth_date"), ("[", "--facts"),
            (#"{"score": {"value": 101}}"#, "--facts /score/value"),
            (#"{"redeemed": [{"perk": "x"}]}"#, "--facts /redeemed/0/at"),
        ])
        func factsThatCannotBeReadSayWhere(facts: String, place: String) async throws {
            let program = try Program()
            try program.write(facts, to: "facts.json")
            let outcome = try await program.run("rule", "test", "--rule", "score >= 1", "--facts", "facts.json")
            #expect(outcome.status == 64)
            #expect(outcome.errors.contains(place), "\(outcome.errors)")
        }

        @Test func ruleAndFactsComeFromFilesAndStandardInput() async throws {
            let program = try Program()
            try program.write("  {\"score\": {\"min\": 60}}\n", to: "rule.json")
            try program.write("{\"score\": {\"value\": 60}}", to: "facts.json")
            let facts = "{\"score\": {\"value\": 60}}"
            #expect(
                try await program.run("rule", "test", "--rule", "@rule.json", "--facts", "-", input: facts).status == 0)
            let piped = try await program.run(
                "rule", "test", "--rule", "-", "--facts", "facts.json", input: "score >= 61\n")
            #expect(piped.status == 5)
            #expect(piped.lines.first == "NOT QUALIFIED  score >= 61")
            #expect(try await program.run("rule", "test", "--rule", "-", "--facts", "-", input: "x").status == 64)
        }
    }
}
