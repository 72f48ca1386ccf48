import Foundation
import Perks
import PerksServer
import Testing

@Suite struct VenueTests {
    @Test func aVenueIsCreatedReadAndListed() async throws {
        try await RunningServer.run { server in
            let made = try await server.send(
                "POST", "/v1/venues", as: .manager, #"{"slug": "las-vegas", "name": "Las Vegas", "region": "NV"}"#)
            #expect(made.status == 201)
            let id = try #require(made.json["id"]?.string)
            #expect(made["Location"] == "/v1/venues/\(id)")
            // What is left out is the brand's.
            #expect(made.json["time_zone"] == "America/Los_Angeles")
            for path in ["/v1/venues/las-vegas", "/v1/venues/\(id)", "/v1/venues/las%2Dvegas"] {
                #expect(try await server.send("GET", path, as: .clerk).json == made.json)
            }
            #expect(try await server.send("GET", "/v1/venues").json["data"]?.array == [made.json])
        }
    }

    @Test func anotherBrandsVenueIsLikeNone() async throws {
        try await RunningServer.run { server in
            let made = try await server.send("POST", "/v1/venues", #"{"slug": "las-vegas", "name": "Las Vegas"}"#)
            let id = try #require(made.json["id"]?.string)
            for path in ["/v1/venues/\(id)", "/v1/venues/las-vegas", "/v1/venues/nowhere", "/v1/venues/No%20Slug"] {
                let read = try await server.send("GET", path, key: server.rivalKey)
                #expect(read.status == 404)
                #expect(read.code == "venue_not_found")
                let patched = try await server.send("PATCH", path, key: server.rivalKey, #"{"name": "Mine"}"#)
                #expect(patched.status == 404)
            }
            #expect(try await server.send("GET", "/v1/venues", key: server.rivalKey).json["data"] == [])
        }
    }

    @Test func aPatchChangesWhatItNamesAndNothingElse() async throws {
        try await RunningServer.run { server in
            try await server.send("POST", "/v1/venues", #"{"slug": "lv", "name": "Las Vegas", "region": "NV"}"#)
            let read = try await server.send("GET", "/v1/venues/lv")
            let tag = try #require(read["ETag"])
            #expect(tag.hasPrefix("\"") && tag.hasSuffix("\""))
            let changed = try await server.send(
                "PATCH", "/v1/venues/lv", #"{"name": "The Strip", "region": null}"#,
                headers: [("Content-Type", "application/merge-patch+json"), ("If-Match", tag)])
            #expect(changed.status == 200)
            #expect(changed.json["name"] == "The Strip")
            #expect(changed.json["region"] == nil)
            #expect(changed.json["time_zone"] == "America/Los_Angeles")
            #expect(changed["ETag"] != tag)
            // Somebody who read it earlier would overwrite that.
            let late = try await server.send(
                "PATCH", "/v1/venues/lv", #"{"name": "Late"}"#, headers: [("If-Match", tag)])
            #expect(late.status == 412)
            #expect(late.code == "precondition_failed")
            let now = try await server.send("GET", "/v1/venues/lv")
            #expect(now.json == changed.json)
            #expect(now["ETag"] == changed["ETag"])
            let unchanged = try await server.send(
                "PATCH", "/v1/venues/lv", "{}", headers: [("If-Match", "\"other\", \(try #require(now["ETag"]))")])
            #expect(unchanged.status == 200)
        }
    }

    @Test func aPatchIsHeldAgainstTheSameRulesAsACreation() async throws {
        try await RunningServer.run { server in
            try await server.send("POST", "/v1/venues", #"{"slug": "lv", "name": "Las Vegas"}"#)
            try await server.send("POST", "/v1/venues", #"{"slug": "reno", "name": "Reno"}"#)
            for (body, pointer) in [
                (#"{"name": ""}"#, "/name"), (#"{"name": null}"#, "/name"), (#"{"colour": "red"}"#, "/colour"),
                (#"{"time_zone": "Mars/Base"}"#, "/time_zone"),
            ] {
                let refused = try await server.send("PATCH", "/v1/venues/lv", body)
                #expect(refused.status == 400)
                #expect(refused.json["errors"]?.array.first?["pointer"]?.string == pointer)
            }
            let taken = try await server.send("PATCH", "/v1/venues/lv", #"{"slug": "reno"}"#)
            #expect(taken.status == 409)
            #expect(taken.code == "slug_taken")
        }
    }

    @Test func aListIsReadPageByPage() async throws {
        try await RunningServer.run { server in
            for number in 1...5 {
                try await server.send("POST", "/v1/venues", #"{"slug": "v\#(number)", "name": "Venue"}"#)
            }
            var slugs: [String] = []
            var path: String? = "/v1/venues?limit=2"
            while let next = path {
                let page = try await server.send("GET", next)
                slugs += page.json["data"]?.array.compactMap { $0["slug"]?.string } ?? []
                path = page["Link"]?.split(separator: ">").first.map { String($0.dropFirst()) }
                #expect((path == nil) == (page.json["next_cursor"] == nil))
            }
            #expect(slugs == ["v1", "v2", "v3", "v4", "v5"])
            let cursor = try await server.send("GET", "/v1/venues?limit=2").json["next_cursor"]?.string ?? ""
            #expect(try await server.send("GET", "/v1/venues?cursor=\(cursor)").status == 200)
            // A cursor belongs to its list.
            let elsewhere = try await server.send("GET", "/v1/keys?cursor=\(cursor)")
            #expect(elsewhere.status == 400)
            #expect(elsewhere.code == "invalid_cursor")
            #expect(try await server.send("GET", "/v1/venues?cursor=rubbish").code == "invalid_cursor")
        }
    }
}
