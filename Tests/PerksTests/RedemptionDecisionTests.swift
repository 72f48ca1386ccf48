import Foundation
import Postgres
import Testing

@testable import Perks

/// A check-in promises nothing: what has changed since is decided again by the redemption that names it.
@Suite struct RedemptionDecisionTests {
    /// What may happen between a check-in and the redemption that names it.
    enum Change: CaseIterable, Sendable {
        case optOut, pause, lowerScore, otherRule, idOfAMinor, soldOut, budgetSpent, hoursOver

        var refusal: PerksError.Code {
            switch self {
            case .optOut: .guestNotFound
            case .pause: .campaignNotRunning
            case .lowerScore, .otherRule: .notQualified
            case .idOfAMinor: .minorBlocked
            case .soldOut: .soldOut
            case .budgetSpent: .budgetSpent
            case .hoursOver: .outsideHours
            }
        }
    }

    @Test(arguments: Change.allCases) func whatChangesAfterTheCheckInCounts(change: Change) async throws {
        let palms = try await prepared()
        let checkIn = try await palms.checkIn("net:g0")
        #expect(checkIn.perks.map(\.outcome) == [.qualified])
        // Another server, which knows of the change by the database alone.
        let other = palms.onAnotherServer()
        let now = Palms.now.adding(seconds: change == .hoursOver ? 3600 : 60)
        switch change {
        case .optOut: try await other.optOut("net:g0")
        case .pause:
            _ = try await other.backend.transaction(as: other.owner) { connection in
                try Campaign.setStatus(.paused, of: .slug("opening-night"), as: other.owner, at: now, in: connection)
            }
        case .lowerScore: try await other.importGuests("network,handle,score\nnet,g0,59.99", at: now)
        case .otherRule:
            try await other.change("suite-upgrade") { ($0.rule, $0.ruleText) = (nil, "score >= 70.01") }
        case .idOfAMinor: _ = try await other.checkIn("net:g0", id: date("2015-01-01"), now: now)
        case .soldOut, .budgetSpent:
            if change == .soldOut { try await other.change("suite-upgrade") { $0.stock = 1 } }
            _ = try await other.redeem("net:g1", key: "other", now: now)
        case .hoursOver: break
        }
        let draft = Redemption.Draft(guest: "net:g0", perk: "suite-upgrade", venue: "las-vegas", checkIn: checkIn.id)
        let key = try #require(IdempotencyKey("own"))
        #expect(
            try await refusal {
                _ = try await palms.backend.redeem(draft, key: key, as: palms.owner, at: now)
            } == change.refusal)
        #expect(try await palms.count("select count(*) from idempotency_key where key = 'own'") == 0)
        #expect(
            try await palms.count("select count(*) from claim where actor = 'test:owner'")
                == ([.soldOut, .budgetSpent].contains(change) ? 1 : 0))
        try await palms.expectInvariants()
        await other.close()
        await palms.close()
    }

    /// A check-in takes nothing, and offers nothing that is used up.
    @Test(arguments: [PerksError.Code.soldOut, .budgetSpent, .codesExhausted, .limitReached])
    func aCheckInCountsWhatAnotherServerHasGiven(reason: PerksError.Code) async throws {
        let palms = try await Palms()
        try await palms.makeCampaign { $0.budget = .init(redemptions: reason == .budgetSpent ? 1 : 9) }
        try await palms.makePerk { $0.stock = reason == .soldOut ? 1 : 9 }
        if reason == .codesExhausted { try await palms.importCodes("ONLY") }
        try await palms.importCrowd(2)
        for _ in 0..<3 {
            #expect(try await palms.checkIn("net:g0").perks.map(\.outcome) == [.qualified])
        }
        let other = palms.onAnotherServer()
        let redemption = try await other.redeem(reason == .limitReached ? "net:g0" : "net:g1", key: "1").answer
        let offer = try await palms.checkIn("net:g0").perks.first
        #expect(offer?.outcome == .unavailable)
        #expect(offer?.reasons.map(\.code) == [reason.rawValue])
        if reason == .codesExhausted { try await other.importCodes("MORE") }
        _ = try await other.reverse(redemption.id)
        #expect(try await palms.checkIn("net:g0").perks.map(\.outcome) == [.qualified])
        #expect(try await palms.count("select count(*) from claim") == 1)
        try await palms.expectInvariants()
        await other.close()
        await palms.close()
    }

    @Test func somebodyElsesCheckInIsNotFound() async throws {
        let palms = try await prepared()
        let checkIn = try await palms.checkIn("net:g1")
        let key = try #require(IdempotencyKey("own"))
        for guest in ["net:g0", "net:g1"] {
            let draft = Redemption.Draft(
                guest: guest, perk: "suite-upgrade", venue: "las-vegas", checkIn: checkIn.id)
            let code = try await refusal {
                _ = try await palms.backend.redeem(draft, key: key, as: palms.owner, at: Palms.now)
            }
            #expect(code == (guest == "net:g0" ? .checkInNotFound : nil))
        }
        await palms.close()
    }

    /// A perk that the first one still gets, and two guests who qualify.
    private func prepared() async throws -> Palms {
        let palms = try await Palms()
        try await palms.makeCampaign { $0.budget = .init(redemptions: 1) }
        try await palms.makePerk {
            $0.ruleText = "score >= 60"
            $0.stock = 2
            $0.availability = [Hours(days: ["sat"], from: "19:00", to: "19:30")]
        }
        try await palms.importCrowd(2)
        return palms
    }
}
