import Foundation
import Postgres
import Testing

@testable import Perks

/// The ends of a hold on two servers at the same moment, each step in a known order.
@Suite struct HoldRaceTests {
    /// What can become of a unit that is held or redeemed.
    enum End: CaseIterable, Sendable {
        case confirmation, release, expiry, reversal
    }

    fileprivate static let later = Palms.now.adding(seconds: 86_400)

    /// A hold, of the first guest, and a redemption, of the second.
    private struct Evening: Sendable {
        let palms: Palms
        let hold: ID<Hold>
        let redemption: ID<Redemption>

        init() async throws {
            palms = try await Palms()
            try await palms.makeCampaign { $0.budget = .init(amount: 10_000, currency: "USD", redemptions: 100) }
            try await palms.makePerk {
                $0.stock = 10
                $0.cost = 300
            }
            try await palms.importCodes("A\nB\nC\nD")
            try await palms.importCrowd(2)
            hold = try await palms.hold("net:g0", key: "cart").answer.id
            redemption = try await palms.redeem("net:g1", key: "order").answer.id
        }

        /// Ends the unit in a transaction of the caller's.
        func end(by end: End, in connection: isolated Connection) throws {
            switch end {
            case .confirmation: try palms.redeem("net:g0", key: "first", hold: hold, in: connection)
            case .release: try Hold.release(hold, as: palms.owner, at: Palms.now, in: connection)
            case .expiry:
                let brand = try palms.owner.requiredBrand().id
                #expect(try Hold.expire(of: brand, at: HoldRaceTests.later, in: connection).count == 1)
            case .reversal:
                _ = try Redemption.reverse(
                    redemption, .init(reason: "guest left"), as: palms.owner, at: Palms.now, in: connection)
            }
        }

        /// Ends the unit on a server; answers the refusal, if it is one.
        func end(by end: End, on server: Palms) async throws -> PerksError.Code? {
            try await refusal {
                switch end {
                case .confirmation: _ = try await server.redeem("net:g0", key: "second", hold: hold)
                case .release: try await server.release(hold)
                case .expiry: _ = try await server.backend.expireHolds(at: HoldRaceTests.later)
                case .reversal: _ = try await server.reverse(redemption)
                }
            }
        }
    }

    @Test(arguments: [End.confirmation, .release, .expiry], [End.confirmation, .release, .expiry])
    func aHoldEndsOnce(first: End, second: End) async throws {
        let evening = try await Evening()
        let palms = evening.palms
        let code = try await palms.during {
            try evening.end(by: first, in: $0)
        } elsewhere: {
            try await evening.end(by: second, on: $0)
        }
        let expected: PerksError.Code? =
            switch (first, second) {
            case (_, .confirmation), (.confirmation, .release): .holdExpired
            default: nil
            }
        #expect(code == expected)
        let status =
            switch first {
            case .confirmation: "redeemed"
            case .release: "released"
            default: "expired"
            }
        #expect(
            try await palms.count("select count(*) from claim where held_at is not null and status = \(status)") == 1)
        #expect(try await palms.count("select count(*) from claim") == 2)
        try await palms.expectInvariants()
        await palms.close()
    }

    /// Who took the unit first and waited for the counters then could wait for each other with who has it the other way.
    @Test(arguments: End.allCases) func theCountersAreWaitedForBeforeTheUnitIsTouched(end: End) async throws {
        let evening = try await Evening()
        let palms = evening.palms
        let (perk, brand) = try await palms.perkAndBrand()
        let campaign = try await palms.backend.transaction(as: palms.owner) { connection in
            try Campaign.find(.slug("opening-night"), as: palms.owner, in: connection).id
        }
        let code = try await palms.during {
            _ = try Counters.lock([perk], [campaign], of: brand, in: $0)
        } elsewhere: {
            try await evening.end(by: end, on: $0)
        } check: { connection in
            let untouched = try connection.query(
                "select from claim where status in ('held', 'redeemed') for update nowait")
            #expect(untouched.count == 2)
        }
        #expect(code == nil)
        try await palms.expectInvariants()
        await palms.close()
    }
}
