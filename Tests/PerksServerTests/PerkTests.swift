import Perks
import PerksServer
import Testing

@Suite struct PerkTests {
    @Test func aPerkLivesUnderItsOwnPath() async throws {
        try await RunningServer.run { server in
            try await server.send("POST", "/v1/campaigns", #"{"slug": "opening", "name": "Opening"}"#)
            let made = try await server.send(
                "POST", "/v1/campaigns/opening/perks", as: .manager,
                """
                {"slug": "suite", "name": "Suite", "benefit": {"kind": "amount_off", "amount": 2500, "currency": "USD"},
                 "stock": 5, "per_guest": {"limit": 2, "period": "day"},
                 "availability": [{"days": ["fri", "sat"], "from": "16:00", "to": "19:00"}]}
                """)
            #expect(made.status == 201)
            let id = try #require(made.json["id"]?.string)
            #expect(made["Location"] == "/v1/perks/\(id)")
            #expect(made.json["remaining"] == 5)
            #expect(made.json["per_guest"] == ["limit": 2, "period": "day"])
            for path in ["/v1/perks/suite", "/v1/perks/\(id)"] {
                #expect(try await server.send("GET", path, as: .auditor).json == made.json)
            }
            for path in ["/v1/perks", "/v1/campaigns/opening/perks"] {
                #expect(try await server.send("GET", path).json["data"]?.array == [made.json])
            }
            #expect(try await server.send("GET", "/v1/campaigns/other/perks").code == "campaign_not_found")
            #expect(try await server.send("GET", "/v1/perks/suite", key: server.rivalKey).code == "perk_not_found")
        }
    }

    @Test func aPatchRaisesTheStockAndKeepsTheRest() async throws {
        try await RunningServer.run { server in
            try await server.open()
            let read = try await server.send("GET", "/v1/perks/suite-upgrade")
            let changed = try await server.send(
                "PATCH", "/v1/perks/suite-upgrade", as: .manager, #"{"stock": 7}"#,
                headers: [("If-Match", try #require(read["ETag"]))])
            #expect(changed.status == 200)
            #expect(changed.json["remaining"] == 7)
            #expect(changed.json["rule_text"] == read.json["rule_text"])
            #expect(try await server.redeem("twitter:ana_w", key: "1").status == 201)
            let low = try await server.send("PATCH", "/v1/perks/suite-upgrade", #"{"stock": 0}"#)
            #expect(low.status == 409)
            #expect(low.code == "stock_below_used")
        }
    }

    @Test(arguments: [
        (#"{"kind": "percent_off", "percent": 101}"#, "/benefit/percent"), (#"{"kind": "magic"}"#, "/benefit/kind"),
        (#"{"kind": "points"}"#, "/benefit/points"), ("7", "/benefit"),
    ])
    func aBenefitThatIsNoneIsRefusedWhereItIsWrong(benefit: String, pointer: String) async throws {
        try await RunningServer.run { server in
            try await server.send("POST", "/v1/campaigns", #"{"slug": "opening", "name": "Opening"}"#)
            let refused = try await server.send(
                "POST", "/v1/campaigns/opening/perks", #"{"slug": "suite", "name": "Suite", "benefit": \#(benefit)}"#)
            #expect(refused.status == 400)
            #expect(refused.json["errors"]?.array.first?["pointer"]?.string == pointer, "\(refused.text)")
        }
    }
}
