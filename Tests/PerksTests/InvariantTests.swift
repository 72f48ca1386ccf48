import Foundation
import Perks
import Postgres
import Testing

@Suite struct InvariantTests {
    @Test func aHealthyDatabaseKeepsThemAll() async throws {
        let palms = try await busyEvening()
        let other = try await palms.another(brand: "bellagio")
        try await other.makeCampaign()
        try await other.makePerk { $0.stock = 5 }
        _ = try await other.redeem("net:g0", key: "1")
        let findings = try await palms.backend.checkInvariants()
        for finding in findings {
            #expect(finding.faults == 0, "\(finding.examples)")
            #expect(finding.compared > 0, "\(finding.invariant.name) was compared with nothing")
        }
        #expect(findings.map(\.invariant.name) == Invariant.all.map(\.name))
        await palms.close()
    }

    @Test func peopleWhoTurnOutToBeOneMayHaveMore() async throws {
        let palms = try await busyEvening()
        _ = try await palms.redeem("net:g0", key: "second")
        _ = try await palms.redeem("net:g1", key: "third")
        _ = try await palms.join("net:g1", to: "net:g0")
        _ = try await palms.join("net:g2", to: "net:g0")
        #expect(try await palms.count("select max(slot)::bigint as count from claim where status = 'redeemed'") > 2)
        try await palms.expectInvariants()
        try await palms.erase("net:g0")
        try await palms.expectInvariants()
        await palms.close()
    }

    @Test func aDateIsTwoDaysAcrossTheDateLine() async throws {
        let palms = try await Palms()
        try await palms.makeVenue("kiritimati", zone: "Pacific/Kiritimati")
        try await palms.makeVenue("honolulu", zone: "Pacific/Honolulu")
        try await palms.makeCampaign()
        try await palms.makePerk { $0.perGuest = .init(limit: 1, period: .day) }
        try await palms.importCrowd(1)
        // Both on the 22nd at two in the morning, a day apart.
        let (there, here) = (moment("2026-11-21T12:00:00Z"), moment("2026-11-22T12:00:00Z"))
        _ = try await palms.redeem("net:g0", at: "kiritimati", key: "1", now: there)
        _ = try await palms.redeem("net:g0", at: "honolulu", key: "2", now: here)
        #expect(
            try await refusal { _ = try await palms.redeem("net:g0", at: "honolulu", key: "3", now: here) }
                == .limitReached)
        try await palms.expectInvariants()
        await palms.close()
    }

    @Test(arguments: Corruption.all) func aCorruptionIsFoundAndNothingElse(corruption: Corruption) async throws {
        let palms = try await busyEvening()
        try await palms.script(corruption.sql)
        let wrong = try await palms.backend.checkInvariants().filter { $0.faults > 0 }
        #expect(wrong.map(\.invariant.name) == [corruption.invariant], "\(wrong.map(\.examples))")
        #expect(wrong.first?.faults == wrong.first?.examples.count)
        #expect(wrong.first?.examples.first?.hasPrefix("palms: ") == true)
        let examples = wrong.first?.examples.joined(separator: "\n") ?? ""
        #expect(examples.contains(corruption.says), "\(examples)")
        await palms.close()
    }

    @Test func manyFaultsAreCountedAndFewNamed() async throws {
        let palms = try await busyEvening()
        try await palms.script(
            """
            insert into idempotency_key (brand_id, key, fingerprint, claim_id)
            select brand_id, 'lost-' || n, '', gen_random_uuid() from venue, generate_series(1, 50) n
            """)
        let keys = try await palms.backend.checkInvariants().first { $0.faults > 0 }
        #expect(keys?.faults == 50)
        #expect(keys?.examples.count == Invariant.maximumExamples)
        await palms.close()
    }

    /// A brand with something of everything: stock, budget, a group, codes, a reversal, a hold and a released one,
    /// and guests whom one of them has led here.
    private func busyEvening() async throws -> Palms {
        let palms = try await Palms()
        try await palms.makeCampaign {
            $0.budget = .init(amount: 10_000, currency: "USD", redemptions: 50)
            $0.landingURL = "https://palms.example"
        }
        try await palms.makePerk {
            $0.stock = 10
            $0.cost = 100
            $0.perGuest = .init(limit: 2, period: .day)
        }
        try await palms.makePerk("drink")
        try await palms.makePerk("voucher") { $0.stock = 9 }
        for perk in ["gold", "silver"] {
            try await palms.makePerk(perk) {
                $0.group = "welcome"
                $0.rank = perk == "gold" ? 1 : 2
                $0.stock = perk == "gold" ? 1 : nil
            }
        }
        try await palms.importCrowd(4)
        try await palms.importCodes((1...6).map { "CODE-\($0)" }.joined(separator: "\n"), for: "voucher")
        _ = try await palms.redeem("net:g0", key: "suite-0")
        let share = try await palms.share("net:g0").token
        for guest in 1..<4 { _ = try await palms.redeem("net:g\(guest)", key: "suite-\(guest)", share: share) }
        try await palms.convert(.init(share: share))
        for guest in 0..<2 { _ = try await palms.redeem("net:g\(guest)", "voucher", key: "voucher-\(guest)") }
        _ = try await palms.hold("net:g2", "voucher", key: "voucher-2")
        try await palms.release(try await palms.hold("net:g3", "voucher", key: "voucher-3").answer.id)
        _ = try await palms.redeem("net:g0", "gold", key: "gold")
        _ = try await palms.redeem("net:g1", "silver", key: "silver")
        let drink = try await palms.redeem("net:g0", "drink", key: "drink").answer
        _ = try await palms.reverse(drink.id)
        return palms
    }
}

extension Palms {
    /// Does something to the tables that no request could, behind no policy.
    fileprivate func script(_ sql: String) async throws {
        let database = Database(.init(url: url, maximumConnections: 1), logger: Palms.logger)
        try await database.session { try $0.script(sql) }
        await database.close()
    }
}
