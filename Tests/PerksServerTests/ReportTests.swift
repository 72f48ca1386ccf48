import Perks
import PerksServer
import Testing

@Suite struct ReportTests {
    private static let path = "/v1/campaigns/opening-night/report"

    @Test func aReportCountsWhatHappened() async throws {
        try await RunningServer.run { server in
            try await server.open()
            for guest in ["twitter:ana_w", "twitter:ben"] {
                try await server.send("POST", "/v1/check-ins", #"{"guest": "\#(guest)", "venue": "las-vegas"}"#)
                _ = try await server.redeem(guest, key: guest)
            }
            let report = try await server.send("GET", Self.path, as: .auditor)
            #expect(report.status == 200)
            let totals = try #require(report.json["totals"])
            #expect(totals["check_ins"] == 2)
            #expect(totals["redeemed"] == 1)
            #expect(totals["refused"] == ["not_qualified": 1])
            #expect(totals["cost"] == 12000)
            let rival = try await server.send("GET", Self.path, key: server.rivalKey)
            #expect(rival.code == "campaign_not_found")
        }
    }

    @Test(
        arguments: [
            ("", nil, false), ("?format=csv", nil, true), ("?format=json", "text/csv", false), ("", "text/csv", true),
            ("", "*/*", false), ("", "application/json, text/csv", true),
            ("", "application/json, text/csv;q=0.5", false),
            ("", "text/html, text/csv;q=0.9, */*;q=0.1", false), ("", "application/json;q=0.2, TEXT/CSV;q=0.3", true),
            ("", "text/csv;q=0", false),
        ] as [(String, String?, Bool)])
    func itComesAsWanted(query: String, accept: String?, isCSV: Bool) async throws {
        try await RunningServer.run { server in
            try await server.open()
            let report = try await server.send(
                "GET", Self.path + query, headers: accept.map { [("Accept", $0)] } ?? [])
            #expect(report.status == 200)
            #expect(report["Content-Type"]?.hasPrefix("text/csv") == isCSV)
            #expect(report.text.hasPrefix("date,check_ins") == isCSV)
            #expect(report["Vary"] == "Accept")
        }
    }

    @Test func daysThatMakeNoRangeAreRefused() async throws {
        try await RunningServer.run { server in
            try await server.open()
            for query in ["from=2026-12-01&to=2026-11-01", "from=2026-02-30", "to=now", "format=xml"] {
                #expect(try await server.send("GET", Self.path + "?" + query).status == 400, "\(query)")
            }
            for (name, value) in [
                ("attribution", "best"), ("window_days", "0"), ("window_days", "366"), ("window_days", "x"),
                ("by", "guest"),
            ] {
                let answer = try await server.send("GET", Self.path + "?\(name)=\(value)")
                #expect(answer.status == 400)
                #expect(answer.json["errors"]?.array.first?["pointer"]?.string == name)
            }
            let days = try await server.send("GET", Self.path + "?from=2026-11-20&to=2026-11-22").json["days"]
            #expect(days?.array.count == 3)
        }
    }

    @Test func whatIsAskedIsAnswered() async throws {
        try await RunningServer.run { server in
            try await server.open()
            let report = try await server.send("GET", Self.path + "?attribution=position&window_days=7").json
            #expect(report["attribution"]?["model"] == "position")
            #expect(report["attribution"]?["window_days"] == 7)
            for (by, column) in [("score_band", "score_band"), ("day", "date"), ("perk", "perk")] {
                let csv = try await server.send("GET", Self.path + "?format=csv&by=\(by)").text
                #expect(csv.hasPrefix(column + ","))
            }
        }
    }
}
