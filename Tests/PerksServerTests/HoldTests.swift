import Perks
import PerksServer
import Testing

@Suite struct HoldTests {
    @Test func aHoldIsMadeFoundConfirmedAndReplayed() async throws {
        try await RunningServer.run { server in
            try await server.open()
            let hold = try await server.hold("twitter:ana_w", key: "cart")
            #expect(hold.status == 201)
            #expect(hold.json["status"] == "held")
            #expect(hold.json["cost"]?.int == 12000)
            let id = try #require(hold.json["id"]?.string)
            #expect(id.hasPrefix("hold_"))
            #expect(hold["Location"] == "/v1/holds/\(id)")
            let again = try await server.hold("twitter:ana_w", key: "cart")
            #expect(again.status == 201 && again.body == hold.body && again["Idempotent-Replayed"] == "true")
            #expect(try await server.send("GET", "/v1/perks/suite-upgrade").json["remaining"]?.int == 1)
            #expect(try await server.send("GET", "/v1/holds/\(id)").json == hold.json)
            #expect(try await server.send("GET", "/v1/holds/\(id)", key: server.rivalKey).code == "hold_not_found")
            #expect(try await server.hold("twitter:ana_w", key: "again").code == "limit_reached")

            let redemption = try await server.redeem("twitter:ana_w", key: "order", hold: id)
            #expect(redemption.status == 201)
            #expect(redemption.json["hold"]?.string == id)
            #expect(try await server.send("GET", "/v1/holds/\(id)").json["redemption"] == redemption.json["id"])
            #expect(try await server.send("GET", "/v1/perks/suite-upgrade").json["remaining"]?.int == 1)
            #expect(try await server.send("DELETE", "/v1/holds/\(id)").code == "hold_expired")
            let held = try await server.send("GET", "/v1/holds?status=held").json["data"]?.array
            let redeemed = try await server.send("GET", "/v1/holds?status=redeemed&perk=suite-upgrade").json["data"]?
                .array
            #expect(held?.count == 0 && redeemed?.count == 1)
        }
    }

    @Test func aReleasedHoldIsFreeForOthers() async throws {
        try await RunningServer.run { server in
            try await server.open()
            let id = try #require(try await server.hold("twitter:ana_w", key: "cart").json["id"]?.string)
            #expect(try await server.send("DELETE", "/v1/holds/\(id)", key: server.rivalKey).status == 404)
            #expect(try await server.send("DELETE", "/v1/holds/\(id)").status == 204)
            #expect(try await server.send("DELETE", "/v1/holds/\(id)").status == 204)
            #expect(try await server.send("GET", "/v1/perks/suite-upgrade").json["remaining"]?.int == 2)
            let late = try await server.redeem("twitter:ana_w", key: "order", hold: id)
            #expect(late.status == 409 && late.code == "hold_expired")
            let unknown = try await server.redeem(
                "twitter:ana_w", key: "order", hold: "hold_00000000000000000000000000")
            #expect(unknown.status == 404 && unknown.code == "hold_not_found")
            #expect(unknown.json["errors"]?.array.first?["pointer"] == "/hold")
            #expect(try await server.redeem("twitter:ana_w", key: "order").status == 201)
        }
    }

    @Test func aHoldNeedsAKeyAndAQualifiedGuest() async throws {
        try await RunningServer.run { server in
            try await server.open()
            let bare = try await server.send(
                "POST", "/v1/holds", #"{"guest": "twitter:ana_w", "perk": "suite-upgrade", "venue": "las-vegas"}"#)
            #expect(bare.status == 400 && bare.code == "idempotency_key_required")
            #expect(try await server.hold("twitter:ben", key: "k").code == "not_qualified")
            #expect(try await server.hold("twitter:kid", key: "k").code == "minor_blocked")
            #expect(try await server.hold("twitter:ana_w", key: "k").status == 201)
            #expect(try await server.redeem("twitter:ana_w", key: "k").code == "idempotency_key_reused")
        }
    }

    @Test func aCheckInWithAKeyIsRecordedOnce() async throws {
        try await RunningServer.run { server in
            try await server.open()
            func checkIn(_ key: String?) async throws -> Answered {
                try await server.send(
                    "POST", "/v1/check-ins", as: .clerk, #"{"guest": "twitter:ana_w", "venue": "las-vegas"}"#,
                    headers: key.map { [("Idempotency-Key", $0)] } ?? [])
            }
            let (first, again) = (try await checkIn("visit"), try await checkIn("visit"))
            #expect(first.status == 201 && again.status == 201 && first.body == again.body)
            #expect(first["Location"] == again["Location"])
            #expect(first["Idempotent-Replayed"] == nil && again["Idempotent-Replayed"] == "true")
            #expect(try await checkIn(nil).body != first.body)
            #expect(try await checkIn("two words").code == "invalid_request")
            #expect(try await server.send("GET", "/v1/check-ins").json["data"]?.array.count == 2)
        }
    }
}

extension RunningServer {
    /// Keeps the suite for a guest.
    fileprivate func hold(_ guest: String, key: String) async throws -> Answered {
        try await send(
            "POST", "/v1/holds", as: .clerk,
            #"{"guest": "\#(guest)", "perk": "suite-upgrade", "venue": "las-vegas"}"#,
            headers: [("Idempotency-Key", key)])
    }

    /// Hands a guest the suite that was kept for them.
    fileprivate func redeem(_ guest: String, key: String, hold: String) async throws -> Answered {
        try await send(
            "POST", "/v1/redemptions", as: .clerk,
            #"{"guest": "\#(guest)", "perk": "suite-upgrade", "venue": "las-vegas", "hold": "\#(hold)"}"#,
            headers: [("Idempotency-Key", key)])
    }
}
