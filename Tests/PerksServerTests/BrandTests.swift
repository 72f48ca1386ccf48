import Foundation
import Perks
import PerksServer
import Testing

@Suite struct BrandTests {
    @Test func anOperatorCreatesABrandAndItsOwnerChangesIt() async throws {
        try await RunningServer.run { server in
            let made = try await server.send(
                "POST", "/v1/brands", as: .operator,
                #"{"slug": "ocean", "name": "Ocean", "time_zone": "Europe/Rome", "country": "IT", "minimum_age": 21}"#)
            #expect(made.status == 201)
            let id = try #require(made.json["id"]?.string)
            #expect(made["Location"] == "/v1/brands/\(id)")
            let key = try await server.send(
                "POST", "/v1/keys", as: .operator, #"{"role": "owner", "label": "Ocean's owner"}"#,
                headers: [("Perks-Brand", "ocean")])
            let secret = try #require(key.json["secret"]?.string)
            let changed = try await server.send("PATCH", "/v1/brands/ocean", key: secret, #"{"name": "Ocean Resort"}"#)
            #expect(changed.json["name"] == "Ocean Resort")
            #expect(changed.json["minimum_age"] == 21)
            #expect(try await server.send("GET", "/v1/brands/\(id)", key: secret).json == changed.json)
        }
    }

    @Test func aBrandSeesItselfAndAnOperatorSeesAll() async throws {
        try await RunningServer.run { server in
            func slugs(_ role: Role) async throws -> [String] {
                let list = try await server.send("GET", "/v1/brands", as: role)
                return list.json["data"]?.array.compactMap { $0["slug"]?.string } ?? []
            }
            #expect(try await slugs(.operator) == ["palms", "rival"])
            #expect(try await slugs(.owner) == ["palms"])
            #expect(try await slugs(.auditor) == ["palms"])
            let rival = try await server.send("GET", "/v1/brands/rival")
            #expect(rival.status == 404)
            #expect(rival.code == "brand_not_found")
            let patched = try await server.send("PATCH", "/v1/brands/rival", #"{"name": "Mine"}"#)
            #expect(patched.status == 404)
        }
    }

    @Test func aSlugIsGivenOnce() async throws {
        try await RunningServer.run { server in
            let taken = try await server.send(
                "POST", "/v1/brands", as: .operator,
                #"{"slug": "palms", "name": "Palms", "time_zone": "UTC", "country": "US"}"#)
            #expect(taken.status == 409)
            #expect(taken.code == "slug_taken")
            #expect(taken.json["errors"]?.array.first?["pointer"] == "/slug")
        }
    }
}
