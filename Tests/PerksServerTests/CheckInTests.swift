import Perks
import PerksServer
import Testing

@Suite struct CheckInTests {
    @Test func theDeskSeesWhatAGuestMayHaveAndWhyNotTheRest() async throws {
        try await RunningServer.run { server in
            try await server.open()
            func checkIn(_ guest: String, as role: Role = .clerk) async throws -> Answered {
                try await server.send(
                    "POST", "/v1/check-ins", as: role, #"{"guest": "\#(guest)", "venue": "las-vegas"}"#)
            }
            let ana = try await checkIn("twitter:ana_w")
            #expect(ana.status == 201)
            #expect(ana.json["perks"]?.array.first?["outcome"] == "qualified")
            #expect(ana.json["best"]?.array.count == 1)
            let path = try #require(ana["Location"])
            #expect(path == "/v1/check-ins/\(ana.json["id"]?.string ?? "")")
            #expect(try await server.send("GET", path, as: .auditor).json == ana.json)

            let ben = try await checkIn("twitter:ben")
            #expect(ben.json["perks"]?.array.first?["outcome"] == "not_qualified")
            #expect(ben.json["perks"]?.array.first?["reasons"]?.array.first?["code"] == "score_below_minimum")
            #expect(!ben.text.contains("58.24"), "a clerk sees no numbers of a guest")
            #expect(try await checkIn("twitter:ben", as: .manager).text.contains("58.24"))

            #expect(try await checkIn("twitter:kid").json["perks"] == [])
            #expect(try await checkIn("twitter:nobody").json["reason"] == "guest_unknown")

            let list = try await server.send("GET", "/v1/check-ins?guest=twitter:ana_w", as: .clerk)
            #expect(list.json["data"]?.array == [ana.json])
            #expect(try await server.send("GET", path, key: server.rivalKey).code == "check_in_not_found")
        }
    }

    @Test func anEligibilityCheckRecordsNothing() async throws {
        try await RunningServer.run { server in
            try await server.open()
            let body = #"{"guest": "twitter:ana_w", "venue": "las-vegas"}"#
            let answered = try await server.send("POST", "/v1/eligibility", as: .clerk, body)
            #expect(answered.status == 200)
            #expect(answered.json["id"] == nil)
            #expect(answered.json["perks"]?.array.first?["outcome"] == "qualified")
            #expect(try await server.send("GET", "/v1/check-ins").json["data"] == [])
            let later = body.replacing("}", with: #", "at": "2036-11-21T19:02:11Z"}"#)
            #expect(try await server.send("POST", "/v1/eligibility", as: .clerk, later).status == 403)
            #expect(try await server.send("POST", "/v1/eligibility", as: .manager, later).status == 200)
        }
    }

    @Test func aBoundClerkStandsAtOneVenue() async throws {
        try await RunningServer.run { server in
            try await server.open()
            try await server.send("POST", "/v1/venues", #"{"slug": "reno", "name": "Reno"}"#)
            let key = try await server.send(
                "POST", "/v1/keys", #"{"role": "clerk", "label": "Desk", "venue": "las-vegas"}"#)
            let secret = try #require(key.json["secret"]?.string)
            let own = try await server.send("POST", "/v1/check-ins", key: secret, #"{"guest": "twitter:ana_w"}"#)
            #expect(own.json["venue"] == "las-vegas")
            let other = try await server.send(
                "POST", "/v1/check-ins", key: secret, #"{"guest": "twitter:ana_w", "venue": "reno"}"#)
            #expect(other.status == 403)
            let nowhere = try await server.send(
                "POST", "/v1/check-ins", #"{"guest": "twitter:ana_w", "venue": "nowhere"}"#)
            #expect(nowhere.code == "venue_not_found")
            #expect(nowhere.json["errors"]?.array.first?["pointer"] == "/venue")
        }
    }
}
