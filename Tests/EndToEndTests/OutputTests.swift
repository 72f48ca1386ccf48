import Foundation
import Glibc
import Testing

extension EndToEnd {
    /// The forms in which answers are written.
    struct OutputTests {
        @Test func aTableStandsStraightWhateverIsWrittenInIt() async throws {
            let program = try await Desk.migrated()
            let names = ["Zürich", "東京カジノ", "e\u{301}galite\u{301}", "🎰 Lucky 🇺🇸", "\u{1B}[31mred\u{202E}"]
            for (number, name) in names.enumerated() {
                try await program.done(
                    "brand", "create", "b\(number)", "--name", name, "--country", "US", "--time-zone", "UTC")
            }
            let lines = try await program.done("brand", "list").lines
            #expect(lines.count == 1 + names.count)
            #expect(lines[0].hasPrefix("SLUG  NAME"))
            #expect(lines[1].hasPrefix("b0    Zürich       US"))
            #expect(lines[2].hasPrefix("b1    東京カジノ   US"))
            #expect(lines[3].hasPrefix("b2    e\u{301}galite\u{301}      US"))
            #expect(lines[4].hasPrefix("b3    🎰 Lucky 🇺🇸  US"))
            #expect(!lines[5].unicodeScalars.contains { $0.value == 0x1B || $0.value == 0x202E })
        }

        @Test func csvKeepsCommasQuotesAndLines() async throws {
            let program = try await Desk.migrated()
            try await program.done(
                "brand", "create", "quoted", "--name", "Smith, \"Bob\"\nand Sons", "--country", "US", "--time-zone",
                "UTC")
            let csv = try await program.done("brand", "list", "--output", "csv").output
            #expect(csv.hasPrefix("id,slug,name,country,time_zone,minimum_age,created_at\r\n"))
            #expect(csv.contains(",quoted,\"Smith, \"\"Bob\"\"\nand Sons\",US,UTC,18,20"))
            #expect(csv.hasSuffix("Z\r\n"))
        }

        @Test(arguments: ["json", "ndjson", "csv", "table"])
        func aWholeListIsTheSameInEveryForm(format: String) async throws {
            let desk = try await Desk.make().program
            let total = 5 + Desk.crowd
            let outcome = try await desk.done("guest", "list", "--all", "--limit", "40", "--output", format)
            switch format {
            case "json":
                #expect(outcome.json.names == ["data"])
                #expect(Set(outcome.json["data"].list.compactMap { $0["id"].text }).count == total)
            case "ndjson":
                #expect(Set(outcome.lines.compactMap { JSON(parsing: $0)["id"].text }).count == total)
            default:
                #expect(outcome.lines.count == total + 1)
            }
            #expect(outcome.errors.isEmpty)
        }

        @Test func aPageLeadsToTheNext() async throws {
            let desk = try await Desk.make().program
            let page = try await desk.done("guest", "list", "--limit", "200", "-o", "json").json
            let cursor = try #require(page["next_cursor"].text)
            let rest = try await desk.done("guest", "list", "--limit", "200", "--cursor", cursor, "-o", "json").json
            #expect(rest["data"].list.count == 5 + Desk.crowd - 200)
            #expect(rest["next_cursor"].text == nil)
            let told = try await desk.done("guest", "list", "--limit", "200")
            #expect(told.errors.contains(cursor))
            let strange = try await desk.run("topic", "list", "--query", "x", "--cursor", cursor)
            #expect(strange.status == 64)
        }

        @Test func aReaderThatLeavesEndsItQuietly() async throws {
            let desk = try await Desk.make().program
            let script = "'\(Program.path)' guest list --all --output ndjson | head -n 1; echo ${PIPESTATUS[0]}"
            for trap in ["", "trap '' PIPE; "] {
                let shell = Process()
                let output = Pipe()
                let errors = Pipe()
                shell.executableURL = URL(fileURLWithPath: "/bin/bash")
                // Longer than a pipe holds, so that the program is still writing when its reader leaves.
                shell.arguments = ["-c", trap + script.replacing("ndjson |", with: "ndjson --limit 1 |")]
                shell.environment = desk.environment
                shell.currentDirectoryURL = URL(fileURLWithPath: desk.directory)
                (shell.standardOutput, shell.standardError) = (output, errors)
                try shell.run()
                let lines = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
                    .split(separator: "\n")
                #expect(lines.count == 2)
                #expect(lines.last == "141")
                #expect(errors.fileHandleForReading.readDataToEndOfFile().isEmpty)
                shell.waitUntilExit()
            }
        }

        @Test func aCheckInPutsWhatCanBeHadFirst() async throws {
            let desk = try await Desk.make().program
            let lines = try await desk.done("check-in", "twitter:ben", "--venue", "las-vegas").lines
            #expect(lines[0].contains("age stated"))
            #expect(lines[1].hasPrefix("QUALIFIED      Welcome drink: free espresso"))
            #expect(lines[2].hasPrefix("NOT QUALIFIED  Suite upgrade: upgrade to suite  [suite-upgrade, 100 left]"))
            #expect(lines[3].trimmed == "The score is below 60.")
            #expect(lines[4].trimmed == "A score of 60 or more would qualify.")
            #expect(lines.count == 5)
            let csv = try await desk.done("check-in", "twitter:ben", "--venue", "las-vegas", "-o", "csv").lines
            #expect(csv.count == 3)
            #expect(csv[0].trimmed == "perk,campaign,outcome,remaining,reasons,nearest")
        }

        @Test func nothingIsColouredWhereNobodyLooks() async throws {
            let desk = try await Desk.make().program
            for words in [["brand", "list"], ["check-in", "twitter:ben", "--venue", "las-vegas"], ["doctor"]] {
                let outcome = try await desk.run(words)
                #expect(!(outcome.output + outcome.errors).contains("\u{1B}"), "\(words)")
            }
        }

        @Test func momentsAreShownByTheBrandsClocks() async throws {
            let desk = try await Desk.make().program
            let line = try await desk.done("check-in", "twitter:ben", "--venue", "las-vegas").lines[0]
            #expect(line.contains("-08:00") || line.contains("-07:00"))
        }

        @Test func aReportIsATableADocumentAndAFileOfDays() async throws {
            let desk = try await Desk.make().program
            try await desk.done("check-in", "twitter:ana_w", "--venue", "las-vegas")
            let csv = try await desk.done("report", "opening-night", "--output", "csv").lines
            #expect(
                csv.first?.trimmed
                    == "date,check_ins,qualified,redeemed,reversed,refused,cost,shares,clicks_gross,clicks_net,conversions"
            )
            #expect(csv.last?.trimmed.hasSuffix(",1,1,0,0,0,0,0,0,0,0") == true)
            let table = try await desk.done("report", "opening-night").output
            #expect(table.contains("redeemed / qualified"))
            #expect(table.contains("suite-upgrade"))
            for heading in ["From check-in to conversion", "Clicks by kind", "Rates", "By perk", "By day", "Cohorts"] {
                #expect(table.contains(heading))
            }
            #expect(table.contains("checked in") && table.contains("█"))
            let weeks = try await desk.done("report", "opening-night", "--by", "week", "--attribution", "position")
                .output
            #expect(weeks.contains("By week, from Monday") && !weeks.contains("By day\n"))
            #expect(weeks.contains("by the model position"))
            let perks = try await desk.done("report", "opening-night", "--by", "perk", "--output", "csv").lines
            #expect(perks.first?.hasPrefix("perk,qualified,") == true)
            #expect(try await desk.run("report", "opening-night", "--window-days", "0").status != 0)
            #expect(try await desk.run("report", "opening-night", "--attribution", "best").status != 0)
        }
    }
}
