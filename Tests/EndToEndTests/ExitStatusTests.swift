import Testing

extension EndToEnd {
    /// What scripts can rely on: the exit code and where the fault is.
    struct ExitStatusTests {
        /// A command line with what it ends with.
        struct Case: Sendable, CustomTestStringConvertible {
            let words: [String]
            let status: Int32
            let told: String

            init(_ status: Int32, _ told: String, _ words: String...) {
                (self.words, self.status, self.told) = (words, status, told)
            }

            var testDescription: String { words.joined(separator: " ") }
        }

        @Test(arguments: [
            Case(64, "Unexpected argument", "venue", "list", "nonsense"),
            Case(64, "Unknown option", "venue", "list", "--colour"),
            Case(64, "Missing expected argument", "redeem", "twitter:ana_w"),
            Case(64, "--limit", "venue", "list", "--limit", "201"),
            Case(64, "--time-zone: Must be an IANA time zone", "venue", "update", "las-vegas", "--time-zone", "Mars"),
            Case(64, "--minimum-age", "brand", "update", "palms", "--minimum-age", "17"),
            Case(64, "nothing to change", "brand", "update", "palms"),
            Case(64, "<slug>", "venue", "create", "Bad Slug", "--name", "x"),
            Case(64, "--name: name is required", "venue", "create", "fine"),
            Case(64, "column 15", "campaign", "update", "opening-night", "--rule", "country in (US"),
            Case(64, "Did you mean casinos", "perk", "update", "suite-upgrade", "--topic", "cassinos"),
            Case(64, "--benefit", "perk", "update", "suite-upgrade", "--benefit", "cake"),
            Case(64, "--per-guest", "perk", "update", "suite-upgrade", "--per-guest", "many"),
            Case(64, "<guest>", "check-in", "ana_w", "--venue", "las-vegas"),
            Case(
                64, "--birth-date-on-id", "check-in", "twitter:ana_w", "--venue", "las-vegas", "--birth-date-on-id",
                "1.1.90"),
            Case(64, "--key", "redeem", "twitter:ana_w", "suite-upgrade", "--venue", "las-vegas", "--key", "a b"),
            Case(64, "--from", "report", "opening-night", "--from", "2026-02-30"),
            Case(64, "--at", "eligibility", "twitter:ana_w", "--venue", "las-vegas", "--at", "noon"),
            Case(3, "no such brand", "venue", "list", "--brand", "nowhere"),
            Case(3, "no such venue", "check-in", "twitter:ana_w", "--venue", "reno"),
            Case(3, "no such perk", "redeem", "twitter:ana_w", "cake", "--venue", "las-vegas"),
            Case(3, "no such guest", "guest", "show", "twitter:nobody"),
            Case(3, "no id of a redemption", "redemption", "show", "perk_01h455vb4pex5vsknk084sn02q"),
            Case(3, "no such redemption", "redemption", "show", "redemption_01h455vb4pex5vsknk084sn02q"),
            Case(5, "already a venue", "venue", "create", "las-vegas", "--name", "Again"),
            Case(1, "cannot be read", "guest", "import", "missing.csv"),
        ])
        func aFaultHasItsCodeAndItsPlace(expected: Case) async throws {
            let desk = try await Desk.make().program
            let outcome = try await desk.run(expected.words)
            #expect(outcome.status == expected.status)
            #expect(outcome.errors.contains(expected.told), "\(outcome.errors)")
            #expect(outcome.output.isEmpty)
        }

        @Test func aBrandIsAskedFor() async throws {
            let program = try await Desk.migrated()
            let outcome = try await program.run("venue", "list")
            #expect(outcome.status == 64)
            #expect(outcome.errors.contains("--brand"))
        }

        @Test func aProblemIsJSONForWhoAsksForJSON() async throws {
            let desk = try await Desk.make().program
            let outcome = try await desk.run("venue", "create", "Bad Slug", "--name", " ", "--output", "json")
            let problem = JSON(parsing: outcome.errors)
            #expect(problem["code"].text == "invalid_request")
            #expect(problem["errors"].list.compactMap { $0["pointer"].text }.sorted() == ["/name", "/slug"])
            #expect(problem["errors"][0]["detail"].text != nil)
            #expect(outcome.output.isEmpty)
        }

        @Test(arguments: [
            "postgres://nobody@127.0.0.1:1/none", "no address at all", "postgres://nobody@unknown.invalid/none",
        ])
        func aDatabaseThatIsAwayIsSaidToBe(url: String) async throws {
            let program = try Program(database: url)
            for words in [["brand", "list"], ["migrate"], ["serve", "--port", "0"]] {
                let outcome = try await program.run(words)
                #expect(outcome.status == 6, "\(words): \(outcome.errors)")
                #expect(outcome.errors.contains("DATABASE_URL"))
            }
            let doctor = try await program.run("doctor")
            #expect(doctor.status == 7)
            #expect(doctor.output.contains("problem  database"))
        }

        @Test func helpAndVersionAreNoFaults() async throws {
            let program = try Program()
            #expect(try await program.run("--version").output.trimmed.split(separator: ".").count == 3)
            for words in [
                ["--help"], ["venue", "--help"], ["help", "perk", "create"], ["check-in", "--help"], ["demo"],
            ] {
                let outcome = try await program.run(words)
                #expect(outcome.status == 0)
                #expect(!outcome.output.isEmpty)
            }
        }
    }
}
