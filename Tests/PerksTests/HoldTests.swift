import Foundation
import Postgres
import Testing

@testable import Perks

@Suite struct HoldTests {
    /// A campaign with a budget and one perk of so many, for a crowd.
    private func prepared(stock: Int? = 10, crowd: Int = 3) async throws -> Palms {
        let palms = try await Palms()
        try await palms.makeCampaign { $0.budget = .init(amount: 100_000, currency: "USD", redemptions: 1000) }
        try await palms.makePerk {
            $0.stock = stock
            $0.cost = 300
            $0.holdMinutes = 15
        }
        try await palms.importCrowd(crowd)
        return palms
    }

    private func taken(_ palms: Palms) async throws -> [Int] {
        [
            try await palms.count("select 10 - remaining as count from perk_stock"),
            try await palms.count("select 100000 - remaining_amount as count from campaign_budget"),
            try await palms.count("select 1000 - remaining_redemptions as count from campaign_budget"),
        ]
    }

    @Test func aHoldTakesTheUnitAndTheRedemptionIsTheSame() async throws {
        let palms = try await prepared()
        let hold = try await palms.hold("net:g0", key: "cart").answer
        #expect(hold.status == .held && hold.cost == 300)
        #expect(hold.expiresAt == Palms.now.adding(seconds: 900))
        #expect(try await taken(palms) == [1, 300, 1])
        #expect(try await refusal { _ = try await palms.hold("net:g0", key: "again") } == .limitReached)
        let redemption = try await palms.redeem("net:g0", key: "order", hold: hold.id).answer
        #expect(redemption.id.uuid == hold.id.uuid && redemption.hold == hold.id)
        #expect(try await taken(palms) == [1, 300, 1])
        let found = try await palms.find(hold.id)
        #expect(found.status == .redeemed && found.redemption == redemption.id)
        #expect(try await palms.count("select count(*) from claim") == 1)
        _ = try await palms.reverse(redemption.id)
        #expect(try await taken(palms) == [0, 0, 0])
        await palms.close()
    }

    @Test func aRedemptionThatNamesNoneAdoptsTheGuestsOwn() async throws {
        let palms = try await prepared(stock: 10)
        let hold = try await palms.hold("net:g0", key: "cart").answer
        let redemption = try await palms.redeem("net:g0", key: "order").answer
        #expect(redemption.hold == hold.id)
        #expect(try await taken(palms) == [1, 300, 1])
        await palms.close()
    }

    @Test func whatWasHeldCostsWhatItDidThen() async throws {
        let palms = try await prepared()
        let hold = try await palms.hold("net:g0", key: "cart").answer
        try await palms.change("suite-upgrade") { $0.cost = 900 }
        #expect(try await palms.redeem("net:g0", key: "order", hold: hold.id).answer.cost == 300)
        #expect(try await taken(palms) == [1, 300, 1])
        await palms.close()
    }

    @Test func somebodyElsesHoldIsRefused() async throws {
        let palms = try await prepared()
        try await palms.makePerk("coffee")
        let hold = try await palms.hold("net:g0", key: "cart").answer
        #expect(
            try await refusal { _ = try await palms.redeem("net:g1", key: "1", hold: hold.id) } == .holdNotFound)
        #expect(
            try await refusal { _ = try await palms.redeem("net:g0", "coffee", key: "2", hold: hold.id) }
                == .holdNotFound)
        let other = try await palms.another(brand: "bellagio")
        try await other.makeCampaign()
        try await other.makePerk()
        #expect(
            try await refusal { _ = try await other.redeem("net:g0", key: "3", hold: hold.id) } == .holdNotFound)
        #expect(try await refusal { _ = try await other.find(hold.id) } == .holdNotFound)
        #expect(try await refusal { try await other.release(hold.id) } == .holdNotFound)
        #expect(try await palms.find(hold.id).status == .held)
        #expect(try await palms.count("select count(*) from claim") == 1)
        await palms.close()
    }

    @Test func aReleasedHoldGivesBackOnce() async throws {
        let palms = try await prepared()
        let hold = try await palms.hold("net:g0", key: "cart").answer
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<8 { group.addTask { try await palms.release(hold.id) } }
            try await group.waitForAll()
        }
        #expect(try await taken(palms) == [0, 0, 0])
        #expect(try await palms.find(hold.id).status == .released)
        #expect(try await refusal { _ = try await palms.redeem("net:g0", key: "1", hold: hold.id) } == .holdExpired)
        let redemption = try await palms.redeem("net:g0", key: "2").answer
        #expect(redemption.hold == nil)
        let second = try await palms.hold("net:g1", key: "3").answer
        _ = try await palms.redeem("net:g1", key: "4", hold: second.id)
        #expect(try await refusal { try await palms.release(second.id) } == .holdExpired)
        #expect(try await refusal { _ = try await palms.redeem("net:g1", key: "5", hold: second.id) } == .holdExpired)
        #expect(try await taken(palms) == [2, 600, 2])
        await palms.close()
    }

    @Test func expiryIsHonouredBeforeAnybodySweeps() async throws {
        let palms = try await prepared(stock: 1)
        let hold = try await palms.hold("net:g0", key: "cart").answer
        let (before, after) = (hold.expiresAt.adding(seconds: -1), hold.expiresAt)
        #expect(try await refusal { _ = try await palms.redeem("net:g1", key: "1", now: before) } == .soldOut)
        #expect(try await palms.checkIn("net:g1", now: before).perks.first?.outcome == .unavailable)
        #expect(try await palms.find(hold.id, now: before).status == .held)
        // To the microsecond, and with nothing but the clock to tell.
        #expect(try await palms.find(hold.id, now: after).status == .expired)
        let offer = try await palms.checkIn("net:g1", now: after).perks.first
        #expect(offer?.outcome == .qualified && offer?.remaining == 1)
        #expect(
            try await refusal { _ = try await palms.redeem("net:g0", key: "2", now: after, hold: hold.id) }
                == .holdExpired)
        _ = try await palms.redeem("net:g1", key: "1", now: after)
        #expect(try await palms.count("select remaining as count from perk_stock") == 0)
        #expect(
            try await palms.count("select count(*) from claim where status = 'expired' and ended_at = expires_at") == 1)
        #expect(try await palms.backend.expireHolds(at: after.adding(seconds: 86_400)) == 0)
        await palms.close()
    }

    @Test func whoseHoldHasExpiredMayHaveAnother() async throws {
        let palms = try await prepared(stock: 1)
        let after = try await palms.hold("net:g0", key: "cart").answer.expiresAt
        #expect(try await palms.checkIn("net:g0", now: after).perks.map(\.outcome) == [.qualified])
        let redemption = try await palms.redeem("net:g0", key: "order", now: after).answer
        #expect(redemption.hold == nil)
        #expect(try await taken(palms) == [10, 300, 1])
        try await palms.expectInvariants()
        await palms.close()
    }

    /// Requests of one batch have moments of their own: by the first of them the hold still stands.
    @Test func aHoldThatExpiresWithinABatchIsNotConfirmed() async throws {
        let palms = try await prepared()
        let hold = try await palms.hold("net:g0", key: "cart").answer
        let before = hold.expiresAt.adding(seconds: -1)
        let requests = try [("net:g1", nil, before), ("net:g0", hold.id, hold.expiresAt)].map { guest, hold, now in
            let draft = Redemption.Draft(guest: guest, perk: "suite-upgrade", venue: "las-vegas", hold: hold)
            let key = try #require(IdempotencyKey(guest))
            return Desk.Request(
                .redemption(draft), try Idempotency(key, "POST", "/v1/redemptions", body: draft), as: palms.owner,
                at: now)
        }
        let outcomes = try await palms.backend.transaction(as: palms.owner) { connection in
            try DeskBatch.answer(requests, palms.backend.catalogues, in: connection)
        }
        _ = try outcomes[0].get()
        #expect(try await refusal { _ = try outcomes[1].get() } == .holdExpired)
        #expect(try await palms.count("select count(*) from claim where status = 'redeemed'") == 1)
        await palms.close()
    }

    @Test func aHoldIsConfirmedInItsLastMoment() async throws {
        let palms = try await prepared()
        try await palms.change("suite-upgrade") {
            $0.availability = [Hours(days: ["sat"], from: "19:00", to: "19:01")]
        }
        let hold = try await palms.hold("net:g0", key: "cart").answer
        // The hours are over by then; the hold is a promise.
        let last = hold.expiresAt.adding(seconds: -1)
        #expect(try await refusal { _ = try await palms.redeem("net:g1", key: "1", now: last) } == .outsideHours)
        #expect(try await palms.redeem("net:g0", key: "2", now: last).answer.hold == hold.id)
        await palms.close()
    }

    @Test func manyThatSweepAtOnceCountEachHoldOnce() async throws {
        let palms = try await prepared(stock: 10, crowd: 10)
        for guest in 0..<10 { _ = try await palms.hold("net:g\(guest)", key: "\(guest)") }
        #expect(try await taken(palms) == [10, 3000, 10])
        let later = Palms.now.adding(seconds: 86_400)
        let others = (0..<4).map { _ in Palms.backend(palms.url, connections: 2) }
        let counts = try await withThrowingTaskGroup(of: Int.self) { group in
            for backend in others {
                for _ in 0..<2 { group.addTask { try await backend.expireHolds(at: later) } }
            }
            return try await group.reduce(into: [Int]()) { $0.append($1) }
        }
        #expect(counts.reduce(0, +) == 10)
        #expect(try await taken(palms) == [0, 0, 0])
        for backend in others { await backend.database.close() }
        await palms.close()
    }

    @Test func aHoldsKeyIsBoundForEver() async throws {
        let palms = try await prepared()
        let first = try await palms.hold("net:g0", key: "cart")
        let redemption = try await palms.redeem("net:g0", key: "order").answer
        _ = try await palms.reverse(redemption.id)
        let again = try await palms.hold("net:g0", key: "cart", now: Palms.now.adding(seconds: 86_400 * 365))
        #expect(!first.isReplay && again.isReplay)
        #expect(try JSON.encoder.encode(first.answer) == JSON.encoder.encode(again.answer))
        #expect(try await refusal { _ = try await palms.hold("net:g1", key: "cart") } == .idempotencyKeyReused)
        #expect(try await refusal { _ = try await palms.redeem("net:g0", key: "cart") } == .idempotencyKeyReused)
        #expect(try await refusal { _ = try await palms.hold("net:g0", key: "order") } == .idempotencyKeyReused)
        await palms.close()
    }

    @Test func holdsRedemptionsReleasesAndReversalsAtOnceAddUp() async throws {
        let palms = try await prepared(stock: 10, crowd: 60)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for guest in 0..<60 {
                group.addTask {
                    func passing(_ work: () async throws -> Void) async throws {
                        let code = try await refusal(work)
                        #expect([nil, .soldOut, .holdExpired, .overloaded].contains(code))
                    }
                    try await passing {
                        let hold = try await palms.hold("net:g\(guest)", key: "hold-\(guest)").answer
                        if guest.isMultiple(of: 3) { return try await palms.release(hold.id) }
                        let redemption = try await palms.redeem("net:g\(guest)", key: "order-\(guest)").answer
                        if guest % 3 == 1 { _ = try await palms.reverse(redemption.id) }
                    }
                }
            }
            try await group.waitForAll()
        }
        let live = try await palms.count("select count(*) from claim where status in ('held', 'redeemed')")
        #expect(live <= 10)
        #expect(try await taken(palms) == [live, live * 300, live])
        await palms.close()
    }
}
