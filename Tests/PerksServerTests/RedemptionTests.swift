import Foundation
import Perks
import PerksServer
import Testing

@Suite struct RedemptionTests {
    @Test func repeatsGetTheFirstAnswerAndSaySo() async throws {
        try await RunningServer.run { server in
            try await server.open()
            let first = try await server.redeem("twitter:ana_w", key: "order-1")
            #expect(first.status == 201)
            #expect(first["Idempotent-Replayed"] == nil)
            let path = try #require(first["Location"])
            #expect(path == "/v1/redemptions/\(first.json["id"]?.string ?? "")")
            // Bare or quoted, it is the same key.
            for key in ["order-1", "\"order-1\""] {
                let again = try await server.redeem("twitter:ana_w", key: key)
                #expect(again.status == 201)
                #expect(again.body == first.body)
                #expect(again["Location"] == path)
                #expect(again["Idempotent-Replayed"] == "true")
            }
            let other = try await server.redeem("twitter:ben", key: "order-1")
            #expect(other.status == 422)
            #expect(other.code == "idempotency_key_reused")
            #expect(try await server.send("GET", "/v1/redemptions").json["data"]?.array.count == 1)
            #expect(try await server.send("GET", path).json == first.json)
            #expect(try await server.send("GET", path, key: server.rivalKey).code == "redemption_not_found")
        }
    }

    @Test(arguments: [
        (String?.none, "idempotency_key_required"), ("", "invalid_request"), ("two words", "invalid_request"),
        ("é", "invalid_request"), (String(repeating: "k", count: 256), "invalid_request"),
    ])
    func withoutAProperKeyNothingIsHandedOut(key: String?, code: String) async throws {
        try await RunningServer.run { server in
            let answered = try await server.send(
                "POST", "/v1/redemptions", #"{"guest": "twitter:ana_w", "perk": "suite-upgrade"}"#,
                headers: key.map { [("Idempotency-Key", $0)] } ?? [])
            #expect(answered.status == 400)
            #expect(answered.code == code)
        }
    }

    @Test func aRefusalSaysWhyAndBindsNoKey() async throws {
        try await RunningServer.run { server in
            try await server.open()
            let ben = try await server.redeem("twitter:ben", key: "k", as: .manager)
            #expect(ben.status == 409)
            #expect(ben.code == "not_qualified")
            #expect(ben.json["reasons"]?.array.first?["code"] == "score_below_minimum")
            #expect(ben.text.contains("58.24"))
            #expect(try await !server.redeem("twitter:ben", key: "k").text.contains("58.24"))
            #expect(try await server.redeem("twitter:kid", key: "k").code == "minor_blocked")
            #expect(try await server.redeem("twitter:ageless", key: "k").code == "not_qualified")
            #expect(try await server.redeem("twitter:nobody", key: "k").code == "guest_not_found")
            #expect(try await server.redeem("twitter:ana_w", key: "k").status == 201)
            #expect(try await server.redeem("twitter:ana_w", key: "k2").code == "limit_reached")
        }
    }

    @Test func oneKeyFromManyAtOnceHandsOutOnce() async throws {
        try await RunningServer.run { server in
            try await server.open()
            let answers = try await withThrowingTaskGroup(of: Answered.self) { group in
                for _ in 1...16 { group.addTask { try await server.redeem("twitter:ana_w", key: "order-1") } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            for answer in answers { #expect(answer.status == 201, "\(answer.text)") }
            #expect(Set(answers.map(\.body)).count == 1)
            #expect(answers.count { $0["Idempotent-Replayed"] == nil } == 1)
            #expect(try await server.send("GET", "/v1/perks/suite-upgrade").json["remaining"] == 1)
        }
    }

    @Test func aReversalGivesBackOnce() async throws {
        try await RunningServer.run { server in
            try await server.open()
            let path = try #require(try await server.redeem("twitter:ana_w", key: "1")["Location"])
            let reversal = path + "/reversal"
            #expect(try await server.send("POST", reversal, as: .clerk, "{}").status == 400)
            let reversed = try await server.send("POST", reversal, as: .clerk, #"{"reason": "guest left"}"#)
            #expect(reversed.status == 201)
            #expect(reversed["Location"] == path)
            #expect(reversed.json["status"] == "reversed")
            let again = try await server.send("POST", reversal, as: .manager, #"{"reason": "guest left"}"#)
            #expect(again.status == 409)
            #expect(again.code == "already_reversed")
            #expect(try await server.send("GET", "/v1/perks/suite-upgrade").json["remaining"] == 2)
            let next = try #require(try await server.redeem("twitter:ana_w", key: "2")["Location"])
            server.clock.advance(seconds: 601)
            let late = try await server.send("POST", next + "/reversal", as: .clerk, #"{"reason": "late"}"#)
            #expect(late.code == "undo_too_late")
        }
    }

    @Test func redemptionsAreFoundByWhatTheyAreAbout() async throws {
        try await RunningServer.run { server in
            try await server.open()
            let made = try await server.redeem("twitter:ana_w", key: "1")
            let moment = try #require(made.json["redeemed_at"]?.string)
            for (query, count) in [
                ("campaign=opening-night&perk=suite-upgrade&guest=twitter:ana_w&venue=las-vegas&status=redeemed", 1),
                ("guest=twitter:ben", 0), ("status=reversed", 0), ("from=\(moment)", 1), ("to=\(moment)", 0),
                // A plus is a space in a query, unless it is encoded.
                ("from=2026-01-01T00:00:00%2B01:00", 1),
            ] {
                let list = try await server.send("GET", "/v1/redemptions?\(query)", as: .auditor)
                #expect(list.json["data"]?.array.count == count, "\(query): \(list.text)")
            }
            #expect(try await server.send("GET", "/v1/redemptions?perk=none").code == "perk_not_found")
            #expect(try await server.send("GET", "/v1/redemptions?perk=No%20Perk").code == "perk_not_found")
            #expect(try await server.send("GET", "/v1/redemptions?from=today").status == 400)
        }
    }
}
