import Foundation
import Glibc
import Testing

extension EndToEnd {
    /// Files of guests and topics.
    struct ImportTests {
        @Test func badRowsAreNamedAndTheOthersTaken() async throws {
            let desk = try await Desk.make().program
            let year = Calendar(identifier: .gregorian).component(.year, from: Date())
            let rows = [
                "handle,network,score,topics,birth_date",
                "fine,twitter,50,tea:40,",
                "tea_lover,twitter,50,teas:40,",
                "dateless,twitter,50,,1990-02-30",
                "child,twitter,50,,\(year - 10)-01-01",
                "loud,twitter,101,,",
                ",twitter,50,,",
                "\"broken,twitter,50,,",
                "Fine,Twitter,55,tea:40,",
                "last,email,1,,",
            ]
            try desk.write(rows.joined(separator: "\r\n") + "\r\n", to: "new.csv")
            let outcome = try await desk.run("guest", "import", "new.csv", "--output", "json")
            #expect(outcome.status == 1)
            #expect(outcome.json["added"].int == 2)
            #expect(outcome.json["refused_count"].int == 6)
            #expect(outcome.json["refused"].list.compactMap { $0["line"].int } == [3, 4, 5, 6, 7, 8])
            #expect(outcome.json["refused"][0]["reason"].text?.contains("is tea meant") == true)
            let told = try await desk.run("guest", "import", "new.csv")
            #expect(told.status == 1)
            #expect(told.errors.contains("new.csv, line 3: "))
            let kept = try await desk.done("guest", "show", "twitter:fine", "-o", "json").json
            #expect(kept["score"]["value"].number == 55)
        }

        @Test func importingAgainChangesNothing() async throws {
            let desk = try await Desk.make().program
            try desk.write(Desk.guests, to: "guests.csv")
            let again = try await desk.done("guest", "import", "guests.csv", "--output", "json").json
            #expect(again["unchanged"].int == 5 + Desk.crowd)
            #expect(again["added"].int == 0)
            #expect(again["updated"].int == 0)
            try desk.write(Desk.topics, to: "topics.csv")
            try desk.write(Desk.edges, to: "edges.csv")
            let topics = try await desk.done("topic", "import", "topics.csv", "--edges", "edges.csv", "-o", "json").json
            #expect(topics["topics"].int == 5)
            #expect(topics["unchanged"].int == 5)
            // The root above gaming, casinos and coffee; gaming above casinos; hot-drinks above coffee and tea.
            #expect(topics["pairs"].int == 6)
        }

        @Test func linesOfJSONComeByNameOrByWord() async throws {
            let desk = try await Desk.make().program
            let lines = """
                {"network": "x", "handle": "one", "score": {"value": 40.25}, "topics": [{"topic": "tea", "strength": 30}]}
                {"network": "x", "handle": "two", "shoe_size": 9}
                {"network": "x", "handle": "three"

                """
            try desk.write(lines, to: "new.ndjson")
            let byName = try await desk.run("guest", "import", "new.ndjson", "-o", "json")
            #expect(byName.status == 1)
            #expect(byName.json["added"].int == 1)
            #expect(byName.json["refused"].list.compactMap { $0["line"].int } == [2, 3])
            let byWord = try await desk.run(
                "guest", "import", "-", "--format", "ndjson", "-o", "json", input: lines)
            #expect(byWord.json["unchanged"].int == 1)
        }

        @Test func aFileWithoutAHeaderIsRefusedWhole() async throws {
            let desk = try await Desk.make().program
            for text in ["", "twitter,ana_w\n", "network,handle,shoe_size\n", "network\ntwitter\n"] {
                let outcome = try await desk.run("guest", "import", "-", input: text)
                #expect(outcome.status == 64, "\(text): \(outcome.errors)")
            }
        }

        @Test func aFaultInTheEdgesIsNamedByTheirOwnLine() async throws {
            let program = try await Desk.migrated()
            // Without a line end after the last topic, and with a byte order mark before the edges.
            try program.write(Desk.topics.trimmed, to: "topics.csv")
            try program.write("\u{FEFF}" + Desk.edges + "nonsense\n", to: "edges.csv")
            let outcome = try await program.run("topic", "import", "topics.csv", "--edges", "edges.csv")
            #expect(outcome.status == 64)
            #expect(outcome.errors.contains("edges.csv, line 8"), "\(outcome.errors)")
            #expect(try await program.done("topic", "list", "-o", "json").json["data"].list.isEmpty)
            try program.write("\u{FEFF}" + Desk.edges, to: "edges.csv")
            try await program.done("topic", "import", "topics.csv", "--edges", "edges.csv")
        }

        @Test func controlCLeavesNothingBehind() async throws {
            let desk = try await Desk.make().program
            let running = try desk.start(["guest", "import", "-"], input: .pipe)
            let rows = (0..<100_000).map { "x,interrupted_\($0)\n" }.joined()
            // More than a pipe holds: when all of it is written, most of it has been read.
            try running.write(Data(("network,handle\n" + rows).utf8))
            running.signal(SIGINT)
            #expect(await running.end().status == 130)
            #expect(try await desk.run("guest", "show", "x:interrupted_0").status == 3)
        }

        @Test(.enabled(if: Sample.folder != nil, "The folder shared/data is not beside the project."))
        func theWholeOntologyAndTwentyThousandGuestsLoad() async throws {
            let data = try #require(Sample.folder)
            let program = try await Desk.migrated()
            let topics = try await program.done(
                "topic", "import", data + "/topics/topics.csv", "--edges", data + "/topics/edges.csv", "-o", "json"
            ).json
            #expect(topics["topics"].int == 8034, "8,033 topics and one orphan")
            #expect(topics["pairs"].int == 35_587)
            let guests = try await program.done("guest", "import", data + "/guests/guests.csv", "-o", "json").json
            #expect(guests["added"].int == 20_000)
            #expect(guests["refused_count"].int == 0)
            try await program.done(
                "brand", "create", "palms", "--name", "Palms", "--country", "US", "--time-zone", "America/Los_Angeles",
                "--minimum-age", "21")
            let desk = program.with(["PERKS_BRAND": "palms"])
            try await desk.done("venue", "create", "las-vegas", "--name", "Las Vegas", "--region", "NV")
            try await desk.done(
                "campaign", "create", "opening-night", "--name", "Opening night", "--category", "gambling", "--rule",
                "country in (US, CA)")
            try await desk.done(
                "perk", "create", "suite-upgrade", "--campaign", "opening-night", "--name", "Suite upgrade",
                "--benefit", "upgrade:suite", "--min-score", "60", "--topic", "casinos", "--min-age", "21")
            try await desk.done("campaign", "status", "opening-night", "active")
            for (guest, outcome) in [("guest_3670", "qualified"), ("guest_979", "not_qualified"), ("guest_4393", nil)] {
                let answer = try await desk.done("check-in", "twitter:\(guest)", "--venue", "las-vegas", "-o", "json")
                #expect(answer.json["perks"][0]["outcome"].text == outcome, "\(guest)")
            }
        }
    }
}

/// Data that is too large to be part of the project.
enum Sample {
    /// The folder beside the project's root; nil where it is not.
    static var folder: String? {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let path = root.appendingPathComponent("shared/data").path
        return FileManager.default.fileExists(atPath: path + "/guests/guests.csv") ? path : nil
    }
}
