import Perks
import PerksServer
import Testing

@Suite struct CampaignTests {
    @Test func aCampaignIsADraftUntilItIsStarted() async throws {
        try await RunningServer.run { server in
            let made = try await server.send(
                "POST", "/v1/campaigns", as: .manager,
                """
                {"slug": "opening", "name": "Opening", "starts_at": "2026-11-01",
                 "ends_at": "2036-12-31T20:00:00+01:00", "budget": {"redemptions": 10},
                 "rule": {"all": [{"score": {"min": 60}}, {"country": {"in": ["US"]}}]}}
                """)
            #expect(made.status == 201)
            #expect(made.json["status"] == "draft")
            #expect(made.json["starts_at"] == "2026-11-01")
            #expect(made.json["ends_at"] == "2036-12-31T19:00:00Z")
            #expect(made.json["rule_text"] == "score >= 60 and country in (US)")
            func move(_ status: String) async throws -> Answered {
                try await server.send(
                    "PUT", "/v1/campaigns/opening/status", as: .manager, #"{"status": "\#(status)"}"#)
            }
            let early = try await move("paused")
            #expect(early.status == 409)
            #expect(early.code == "invalid_transition")
            for status in ["active", "active", "paused", "active", "ended"] {
                let moved = try await move(status)
                #expect(moved.status == 200)
                #expect(moved.json["status"]?.string == status)
            }
            #expect(try await move("active").code == "invalid_transition")
            #expect(try await move("odd").status == 400)
        }
    }

    @Test func campaignsAreListedByStatus() async throws {
        try await RunningServer.run { server in
            for slug in ["a", "b", "c"] {
                try await server.send("POST", "/v1/campaigns", #"{"slug": "\#(slug)", "name": "Campaign"}"#)
            }
            try await server.send("PUT", "/v1/campaigns/b/status", #"{"status": "active"}"#)
            func slugs(_ query: String) async throws -> [String] {
                let list = try await server.send("GET", "/v1/campaigns?\(query)")
                return list.json["data"]?.array.compactMap { $0["slug"]?.string } ?? []
            }
            #expect(try await slugs("") == ["a", "b", "c"])
            #expect(try await slugs("status=active") == ["b"])
            // A cursor is good for the filters it was made with.
            let page = try await server.send("GET", "/v1/campaigns?status=draft&limit=1")
            let cursor = try #require(page.json["next_cursor"]?.string)
            #expect(try await slugs("status=draft&limit=1&cursor=\(cursor)") == ["c"])
            #expect(try await slugs("cursor=\(cursor)&limit=2&status=draft") == ["c"])
            let other = try await server.send("GET", "/v1/campaigns?cursor=\(cursor)")
            #expect(other.status == 400)
            #expect(other.code == "invalid_cursor")
        }
    }

    @Test(arguments: [
        (#""rule_text": "score >= ""#, "/rule_text"), (#""rule": {"score": {"min": 0}}"#, "/rule/score/min"),
        (#""rule": {"colour": {}}"#, "/rule/colour"), (#""rule": 7"#, "/rule"), (#""category": "odd""#, "/category"),
        (#""starts_at": "2026-02-30""#, "/starts_at"), (#""landing_url": "ftp://x""#, "/landing_url"),
    ])
    func aCampaignThatMakesNoSenseIsRefused(member: String, pointer: String) async throws {
        try await RunningServer.run { server in
            let refused = try await server.send("POST", "/v1/campaigns", #"{"slug": "a", "name": "A", \#(member)}"#)
            #expect(refused.status == 400)
            let pointers = refused.json["errors"]?.array.compactMap { $0["pointer"]?.string } ?? []
            #expect(pointers.contains { $0.hasPrefix(pointer) }, "\(refused.text)")
        }
    }
}
