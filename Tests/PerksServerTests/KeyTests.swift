import Foundation
import Perks
import PerksServer
import Testing

@Suite struct KeyTests {
    @Test func aSecretIsShownOnceAndOpensTheDoor() async throws {
        try await RunningServer.run { server in
            let made = try await server.send("POST", "/v1/keys", #"{"role": "manager", "label": "Back office"}"#)
            #expect(made.status == 201)
            let secret = try #require(made.json["secret"]?.string)
            let path = try #require(made["Location"])
            #expect(try await server.send("GET", "/v1/campaigns", key: secret).status == 200)
            let read = try await server.send("GET", path)
            #expect(read.json["label"] == "Back office")
            for text in [read.text, try await server.send("GET", "/v1/keys").text] {
                #expect(!text.contains(secret) && !text.contains(#""secret""#))
            }
        }
    }

    @Test func aRevokedKeyIsWorthNothingAtOnce() async throws {
        try await RunningServer.run { server in
            let made = try await server.send("POST", "/v1/keys", #"{"role": "clerk", "label": "Till"}"#)
            let (secret, path) = (try #require(made.json["secret"]?.string), try #require(made["Location"]))
            #expect(try await server.send("GET", "/v1/venues", key: secret).status == 200)
            for _ in 1...2 {
                let revoked = try await server.send("DELETE", path)
                #expect(revoked.status == 204)
                #expect(revoked.body.isEmpty)
            }
            #expect(try await server.send("GET", "/v1/venues", key: secret).status == 401)
            #expect(try await server.send("GET", path).json["revoked_at"]?.string != nil)
        }
    }

    @Test func aKeyExpires() async throws {
        try await RunningServer.run { server in
            let end = RunningServer.now.adding(seconds: 3600).rfc3339
            let made = try await server.send(
                "POST", "/v1/keys", #"{"role": "clerk", "label": "Temp", "expires_at": "\#(end)"}"#)
            let secret = try #require(made.json["secret"]?.string)
            #expect(try await server.send("GET", "/v1/venues", key: secret).status == 200)
            server.clock.advance(seconds: 3600)
            #expect(try await server.send("GET", "/v1/venues", key: secret).status == 401)
        }
    }

    @Test func anOwnerMakesNoOperatorAndReachesNoOtherBrandsKeys() async throws {
        try await RunningServer.run { server in
            let risen = try await server.send("POST", "/v1/keys", #"{"role": "operator", "label": "Me"}"#)
            #expect(risen.status == 403)
            let own = try await server.send("POST", "/v1/keys", #"{"role": "clerk", "label": "Till"}"#)
            let path = try #require(own["Location"])
            for method in ["GET", "DELETE"] {
                let answered = try await server.send(method, path, key: server.rivalKey)
                #expect(answered.status == 404)
                #expect(answered.code == "key_not_found")
            }
            #expect(try await server.send("DELETE", "/v1/keys/key_nonsense").code == "key_not_found")
        }
    }

    @Test func aBoundVenueMustBeTheBrands() async throws {
        try await RunningServer.run { server in
            let answered = try await server.send(
                "POST", "/v1/keys", #"{"role": "clerk", "label": "Till", "venue": "nowhere"}"#)
            #expect(answered.status == 404)
            #expect(answered.code == "venue_not_found")
            #expect(answered.json["errors"]?.array.first?["pointer"] == "/venue")
        }
    }
}
