import Testing

extension EndToEnd {
    /// Flag, environment, `./perks.yaml`, user configuration: in this order.
    struct SettingsTests {
        @Test func theNearerSourceWins() async throws {
            let program = try await Desk.migrated()
            for slug in ["flagged", "environed", "nearby", "own"] {
                try await program.done(
                    "brand", "create", slug, "--name", slug, "--country", "US", "--time-zone", "UTC")
                try await program.done("venue", "create", "at-\(slug)", "--brand", slug, "--name", slug)
            }
            func venue(_ program: Program, _ more: String...) async throws -> String? {
                try await program.run(["venue", "list"] + more).json["data"][0]["slug"].text
            }
            try program.write("brand: own\noutput: json\n", to: "config/perks/config.yaml")
            #expect(try await venue(program) == "at-own")
            try program.write("# of this folder\nbrand: nearby\n", to: "perks.yaml")
            #expect(try await venue(program) == "at-nearby")
            let environed = program.with(["PERKS_BRAND": "environed"])
            #expect(try await venue(environed) == "at-environed")
            #expect(try await venue(environed, "--brand", "flagged") == "at-flagged")
            #expect(try await venue(environed.with(["PERKS_BRAND": ""])) == "at-nearby")
            let csv = try await environed.with(["PERKS_OUTPUT": "csv"]).run("venue", "list")
            #expect(csv.output.hasPrefix("id,slug,"))
            let table = try await environed.with(["PERKS_OUTPUT": "csv"]).run("venue", "list", "--output", "table")
            #expect(table.output.hasPrefix("SLUG"))
        }

        @Test func aFileNamesTheDatabase() async throws {
            let program = try await Desk.migrated()
            let uri = try #require(program.environment["DATABASE_URL"])
            try program.write("database_url: '\(uri)'\n", to: "perks.yaml")
            try await program.with(["DATABASE_URL": nil]).done("brand", "list")
        }

        @Test(arguments: [
            (
                "brnd: palms\n",
                "brnd, which is unknown; known are brand, data_directory, database_url, host, output, port"
            ),
            ("brand: [a, b]\n", "line 1, must give brand a single value"), ("- brand\n", "must hold names and values"),
            ("brand: \"palms\n", "is not YAML"), ("output: xml\n", "output must be one of table, json, csv, ndjson"),
        ])
        func aFileThatMakesNoSenseIsRefused(text: String, complaint: String) async throws {
            let program = try Program(database: "postgres://nobody@127.0.0.1:1/none")
            try program.write(text, to: "perks.yaml")
            let outcome = try await program.run("brand", "list")
            #expect(outcome.status == 64)
            #expect(outcome.errors.contains(complaint))
        }

        @Test(arguments: ["", "\n", "# nothing\n", "{}\n", "brand:\n"])
        func aFileThatSaysNothingIsFine(text: String) async throws {
            let program = try await Desk.migrated()
            try program.write(text, to: "perks.yaml")
            try await program.done("brand", "list")
        }

        @Test(arguments: ["abc", "-1", "65536"]) func aPortThatIsNoneIsRefused(port: String) async throws {
            let program = try Program(database: "postgres://nobody@127.0.0.1:1/none").with(["PERKS_PORT": port])
            #expect(try await program.run("serve").status == 64)
        }
    }
}
