import Testing

extension EndToEnd {
    /// Codes from files and patterns.
    struct CodeTests {
        @Test func aFileOfCodesIsTakenOnce() async throws {
            let desk = try await Desk.make().program
            try desk.write("code\nA-1\nA-2\n\nA-1\n", to: "codes.csv")
            let first = try await desk.done("code", "import", "suite-upgrade", "codes.csv", "-o", "json")
            #expect(first.json["accepted"].int == 2)
            #expect(first.json["duplicate"].int == 1)
            #expect(first.json["duplicate_lines"].list.compactMap(\.int) == [5])
            // Duplicates alone are no failure, but they are told.
            let again = try await desk.done("code", "import", "suite-upgrade", "codes.csv")
            #expect(again.errors.contains("codes.csv, line 2: This code is known already."))
            let bad = try await desk.run("code", "import", "suite-upgrade", "-", input: "two words\nA-3\n")
            #expect(bad.status == 1)
            #expect(bad.errors.contains("-, line 1: "))
            let pool = try await desk.done("code", "show", "suite-upgrade", "-o", "json").json
            #expect(pool["total"].int == 3)
            #expect(pool["left"].int == 3)
            let listed = try await desk.done(
                "code", "list", "suite-upgrade", "--all", "--limit", "2", "--output", "csv")
            #expect(
                listed.lines == [
                    "position,code,status,redemption", "1,A-1,available,", "2,A-2,available,", "3,A-3,available,",
                ])
            let given = try await desk.done("code", "list", "suite-upgrade", "--status", "given", "-o", "json")
            #expect(given.json["data"].list.isEmpty)
        }

        @Test func codesAreMadeUp() async throws {
            let desk = try await Desk.make().program
            let made = try await desk.done(
                "code", "generate", "welcome-drink", "--pattern", "PALMS-####-####", "--count", "500", "-o", "json")
            #expect(made.json["accepted"].int == 500)
            let codes = try await desk.done("code", "list", "welcome-drink", "--all", "-o", "json").json["data"].list
            #expect(codes.count == 500)
            #expect(codes.allSatisfy { $0["code"].text?.hasPrefix("PALMS-") == true })
            let small = try await desk.run(
                "code", "generate", "welcome-drink", "--pattern", "#######", "--count", "1000000")
            #expect(small.status == 64)
            #expect(small.errors.contains("at least 8 #"), "\(small.errors)")
        }

        @Test func whatIsNotThereIsSaid() async throws {
            let desk = try await Desk.make().program
            #expect(try await desk.run("code", "show", "suite-upgrade").status == 3)
            #expect(try await desk.run("code", "show", "nothing").status == 3)
            #expect(try await desk.run("code", "import", "nothing", "-", input: "A\n").status == 3)
            #expect(try await desk.run("code", "list", "suite-upgrade", "--status", "spent").status == 64)
        }
    }
}
