import Foundation
import Perks
import Postgres
import Testing

@Suite struct KeyTests {
    @Test func aKeyLetsInUntilItIsRevokedOrExpires() async throws {
        let palms = try await Palms()
        let clerk = try await create(palms, .init(role: .clerk, label: "desk", venue: "las-vegas"))
        let secret = try #require(clerk.secret)
        let principal = try await palms.backend.authenticate(secret, brand: nil, at: Palms.now)
        #expect(principal.role == .clerk)
        #expect(principal.brand?.slug == "palms")
        #expect(principal.venue != nil)
        #expect(principal.actor == "key:\(clerk.id)")

        let passing = try await create(
            palms, .init(role: .auditor, label: "audit", expiresAt: Palms.now.adding(seconds: 60)))
        let passingSecret = try #require(passing.secret)
        _ = try await palms.backend.authenticate(passingSecret, brand: nil, at: Palms.now.adding(seconds: 59))
        #expect(try await code(palms, passingSecret, at: Palms.now.adding(seconds: 60)) == .unauthenticated)

        try await palms.backend.transaction(as: palms.owner) { connection in
            try Key.revoke(clerk.id, as: palms.owner, at: Palms.now, in: connection)
        }
        #expect(try await code(palms, secret) == .unauthenticated)
        await palms.close()
    }

    @Test func whatIsNoKeyIsRefusedAlike() async throws {
        let palms = try await Palms()
        let key = try await create(palms, .init(role: .manager, label: "office"))
        let secret = try #require(key.secret)
        let wrongTail = String(secret.dropLast()) + (secret.hasSuffix("A") ? "B" : "A")
        for text in ["", "perks", "perks__", "perks_\(String(repeating: "0", count: 26))_x", wrongTail, secret + "x"] {
            #expect(try await code(palms, text) == .unauthenticated, "\(text)")
        }
        await palms.close()
    }

    @Test func onlyAHashIsKept() async throws {
        let palms = try await Palms()
        let key = try await create(palms, .init(role: .owner, label: "home"))
        let secret = try #require(key.secret)
        let random = try #require(secret.split(separator: "_", maxSplits: 2).last)
        #expect(
            try await palms.count(
                "select count(*) from api_key where position(\(String(random)) in api_key::text) > 0") == 0)
        #expect(
            try await palms.count(
                "select count(*) from audit_event where position(\(String(random)) in audit_event::text) > 0") == 0)
        let read = try await palms.backend.transaction(as: palms.owner) { connection in
            try Key.find(key.id, as: palms.owner, in: connection)
        }
        #expect(read.secret == nil)
        await palms.close()
    }

    @Test func anOperatorNamesTheBrand() async throws {
        let palms = try await Palms()
        let key = try await palms.backend.transaction(as: palms.platform) { connection in
            try Key.create(.init(role: .operator, label: "ops"), as: palms.platform, at: Palms.now, in: connection)
        }
        let secret = try #require(key.secret)
        #expect(try await palms.backend.authenticate(secret, brand: nil, at: Palms.now).brand == nil)
        #expect(try await palms.backend.authenticate(secret, brand: "palms", at: Palms.now).brand?.slug == "palms")
        #expect(
            try await refusal {
                _ = try await palms.backend.authenticate(secret, brand: "nowhere", at: Palms.now)
            } == .brandNotFound)
        // A brand's own key cannot act for another.
        _ = try await palms.another(brand: "bellagio")
        let own = try #require(try await create(palms, .init(role: .owner, label: "home")).secret)
        #expect(
            try await refusal {
                _ = try await palms.backend.authenticate(own, brand: "bellagio", at: Palms.now)
            } == .brandNotFound)
        await palms.close()
    }

    @Test func whatAKeyMayNotBeIsRefused() async throws {
        let palms = try await Palms()
        #expect(
            try await refusal { _ = try await create(palms, .init(role: .operator, label: "x")) } == .forbidden)
        #expect(
            try await refusal { _ = try await create(palms, .init(role: .manager, label: "x", venue: "las-vegas")) }
                == .invalidRequest)
        #expect(
            try await refusal { _ = try await create(palms, .init(role: .clerk, label: "x", venue: "nowhere")) }
                == .venueNotFound)
        #expect(
            try await refusal { _ = try await create(palms, .init(role: .clerk, label: "x", expiresAt: Palms.now)) }
                == .invalidRequest)
        await palms.close()
    }

    private func create(_ palms: Palms, _ draft: Key.Draft) async throws -> Key {
        try await palms.backend.transaction(as: palms.owner) { connection in
            try Key.create(draft, as: palms.owner, at: Palms.now, in: connection)
        }
    }

    private func code(_ palms: Palms, _ secret: String, at now: Timestamp = Palms.now) async throws -> PerksError.Code?
    {
        try await refusal { _ = try await palms.backend.authenticate(secret, brand: nil, at: now) }
    }
}
