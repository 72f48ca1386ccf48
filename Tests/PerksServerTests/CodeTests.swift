import Perks
import PerksServer
import Testing

@Suite struct CodeTests {
    private static let path = "/v1/perks/suite-upgrade"

    @Test func aPerkIsGivenCodes() async throws {
        try await RunningServer.run { server in
            try await server.open()
            let none = try await server.send("GET", Self.path + "/code-pool", as: .auditor)
            #expect(none.status == 404 && none.code == "not_found")
            let given = try await server.upload(
                Self.path + "/codes", as: .manager, type: "text/csv", ["code\nA-", "1\nA-2\ntwo words\nA-1\n"])
            #expect(given.status == 200)
            #expect(
                given.json == [
                    "accepted": 2, "duplicate": 1, "duplicate_lines": [5], "refused_count": 1,
                    "refused": [
                        [
                            "line": 4,
                            "reason": "A code consists of visible characters, without spaces between them.",
                        ]
                    ],
                ])
            let pool = try await server.send("GET", Self.path + "/code-pool", as: .auditor)
            #expect(pool.json == ["total": 2, "taken": 0, "reserved": 0, "left": 2])
            let listed = try await server.send("GET", Self.path + "/codes?limit=1", as: .manager)
            #expect(listed.json["data"] == [["code": "A-1", "position": 1, "status": "available"]])
            let cursor = try #require(listed.json["next_cursor"]?.string)
            #expect(listed["Link"]?.contains(cursor) == true)
            let next = try await server.send("GET", Self.path + "/codes?limit=1&cursor=\(cursor)", as: .manager)
            #expect(next.json == ["data": [["code": "A-2", "position": 2, "status": "available"]]])
            let foreign = try await server.send("GET", Self.path + "/codes?status=given&cursor=\(cursor)")
            #expect(foreign.code == "invalid_cursor")
            #expect(try await server.send("GET", Self.path + "/codes?status=given").json == ["data": []])
            #expect(try await server.send("GET", Self.path + "/codes?status=spent").code == "invalid_request")
        }
    }

    @Test func codesAreWorthMoney() async throws {
        try await RunningServer.run { server in
            try await server.open()
            for role in [Role.clerk, .auditor] {
                #expect(try await server.send("GET", Self.path + "/codes", as: role).code == "forbidden")
                let uploaded = try await server.upload(Self.path + "/codes", as: role, type: "text/csv", ["A\n"])
                #expect(uploaded.code == "forbidden")
            }
            #expect(try await server.send("GET", Self.path + "/code-pool", as: .clerk).code == "forbidden")
            #expect(
                try await server.send("GET", Self.path + "/codes", key: server.rivalKey).code == "perk_not_found")
            let json = try await server.upload(Self.path + "/codes", as: .manager, type: "application/json", ["[]"])
            #expect(json.status == 415)
            let other = try await server.upload("/v1/perks/none/codes", as: .manager, type: "text/csv", ["A\n"])
            #expect(other.code == "perk_not_found")
        }
    }

    @Test func codesAreMadeUp() async throws {
        try await RunningServer.run { server in
            try await server.open()
            func generate(_ body: String) async throws -> Answered {
                try await server.send("POST", Self.path + "/code-generations", as: .manager, body)
            }
            let made = try await generate(#"{"pattern": "PALMS-####-####", "count": 250}"#)
            #expect(made.status == 200)
            #expect(
                made.json == [
                    "accepted": 250, "duplicate": 0, "duplicate_lines": [], "refused": [], "refused_count": 0,
                ])
            let listed = try await server.send("GET", Self.path + "/codes?limit=200").json["data"]?.array ?? []
            #expect(listed.count == 200)
            #expect(listed.allSatisfy { $0["code"]?.string?.wholeMatch(of: /PALMS-\w{4}-\w{4}/) != nil })
            for (body, pointer) in [
                (#"{"pattern": "PALMS", "count": 1}"#, "/pattern"),
                (#"{"pattern": "PALMS ####-####", "count": 1}"#, "/pattern"),
                (#"{"pattern": "PALMS-####-####", "count": 100001}"#, "/count"),
                (#"{"pattern": "PALMS-####-####", "count": 0}"#, "/count"),
                (#"{"pattern": "PALMS-####-####"}"#, "/count"),
            ] {
                let refused = try await generate(body)
                #expect(refused.status == 400)
                #expect(refused.json["errors"]?.array.first?["pointer"]?.string == pointer, "\(body)")
            }
        }
    }
}
