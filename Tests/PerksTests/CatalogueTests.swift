import Foundation
import Postgres
import Testing

@testable import Perks

/// What a brand offers is changed while its desks are at work: nothing is decided, taken or given back in between.
@Suite struct CatalogueTests {
    /// What takes or gives back units.
    enum Use: CaseIterable, Sendable {
        case redemption, hold, release, expiry, reversal
    }

    private static let later = Palms.now.adding(seconds: 86_400)

    @Test(arguments: Use.allCases) func everyUseWaitsForAChange(use: Use) async throws {
        let palms = try await prepared()
        let hold = try await palms.hold("net:g0", key: "cart").answer.id
        let redemption = try await palms.redeem("net:g1", key: "order").answer.id
        let brand = try palms.owner.requiredBrand().id
        try await palms.during {
            try Catalogue.lockForChange(of: brand, in: $0)
        } elsewhere: { other in
            switch use {
            case .redemption: _ = try await other.redeem("net:g2", key: "new")
            case .hold: _ = try await other.hold("net:g2", key: "new")
            case .release: try await other.release(hold)
            case .expiry: #expect(try await other.backend.expireHolds(at: Self.later) == 1)
            case .reversal: _ = try await other.reverse(redemption)
            }
        } check: { connection in
            let statuses: [String] = try connection.query("select status from claim order by status").map {
                try $0["status"]
            }
            #expect(statuses == ["held", "redeemed"])
        }
        #expect(try await palms.count("select count(*) from claim where status in ('held', 'redeemed')") != 2)
        try await palms.expectInvariants()
        await palms.close()
    }

    @Test func aStockIsLoweredAroundTheRedemptionUnderWay() async throws {
        let palms = try await prepared()
        try await palms.during {
            try palms.redeem("net:g0", key: "1", in: $0)
        } elsewhere: { other in
            try await other.change("suite-upgrade") { $0.stock = 1 }
        }
        #expect(try await palms.count("select remaining as count from perk_stock") == 0)
        #expect(try await refusal { _ = try await palms.redeem("net:g1", key: "2") } == .soldOut)
        try await palms.expectInvariants()
        await palms.close()
    }

    @Test func aBudgetIsLoweredAroundTheRedemptionUnderWay() async throws {
        let palms = try await prepared()
        let body = JSONValue.object(["budget": .object(["redemptions": .number(1)])])
        try await palms.during {
            try palms.redeem("net:g0", key: "1", in: $0)
        } elsewhere: { other in
            try await other.backend.transaction(as: other.owner) { connection in
                _ = try Campaign.patch(
                    .slug("opening-night"), with: body, as: other.owner, at: Palms.now, in: connection)
            }
        }
        #expect(try await refusal { _ = try await palms.redeem("net:g1", key: "2") } == .budgetSpent)
        try await palms.expectInvariants()
        await palms.close()
    }

    @Test func whatIsHandedOutIsNotTakenAway() async throws {
        let palms = try await prepared()
        _ = try await palms.redeem("net:g0", key: "order")
        _ = try await palms.hold("net:g1", key: "cart")
        for (used, code) in [(1, PerksError.Code.stockBelowUsed), (2, nil)] {
            let budget = Campaign.Budget(redemptions: used)
            #expect(try await refusal { try await palms.change("suite-upgrade") { $0.stock = used } } == code)
            #expect(
                try await refusal {
                    try await palms.backend.transaction(as: palms.owner) { connection in
                        _ = try Campaign.patch(
                            .slug("opening-night"), with: .object(["budget": try JSONValue(of: budget)]),
                            as: palms.owner, at: Palms.now, in: connection)
                    }
                } == code)
            try await palms.expectInvariants()
        }
        #expect(try await refusal { _ = try await palms.redeem("net:g2", key: "new") } == .soldOut)
        await palms.close()
    }

    @Test func aRedemptionIsDecidedByTheChangeItWaitedFor() async throws {
        let palms = try await prepared()
        // Both have looked up what there is, as it was before.
        _ = try await palms.checkIn("net:g0")
        let code = try await palms.during { connection in
            _ = try Campaign.setStatus(
                .paused, of: .slug("opening-night"), as: palms.owner, at: Palms.now, in: connection)
        } elsewhere: { other in
            try await refusal { _ = try await other.redeem("net:g0", key: "1") }
        }
        #expect(code == .campaignNotRunning)
        #expect(try await palms.count("select count(*) from claim") == 0)
        await palms.close()
    }

    private func prepared() async throws -> Palms {
        let palms = try await Palms()
        try await palms.makeCampaign()
        try await palms.makePerk { $0.stock = 10 }
        try await palms.importCrowd(3)
        return palms
    }
}
