import Foundation
import Postgres
import Testing

@testable import Perks

/// Redemptions on two servers at the same moment, each step in a known order.
@Suite struct RedemptionRaceTests {
    @Test(arguments: [PerksError.Code.soldOut, .budgetSpent, .codesExhausted])
    func theLastOneIsGivenOnce(refused: PerksError.Code) async throws {
        let palms = try await Palms()
        try await palms.makeCampaign {
            $0.budget = refused == .budgetSpent ? .init(amount: 100, currency: "USD") : nil
        }
        try await palms.makePerk {
            $0.stock = refused == .soldOut ? 1 : nil
            $0.cost = 100
        }
        if refused == .codesExhausted { try await palms.importCodes("ONLY") }
        try await palms.importCrowd(2)
        let code = try await palms.during { connection in
            try palms.redeem("net:g0", key: "first", in: connection)
        } elsewhere: { other in
            try await refusal { _ = try await other.redeem("net:g1", key: "second") }
        }
        #expect(code == refused)
        #expect(try await palms.count("select count(*) from claim") == 1)
        #expect(try await palms.count("select count(*) from idempotency_key") == 1)
        try await palms.expectInvariants()
        await palms.close()
    }

    @Test func aRepeatThatOvertakesTheFirstAnswerIsGivenIt() async throws {
        let palms = try await prepared()
        let replay = try await palms.during { connection in
            try palms.redeem("net:g0", key: "one", in: connection)
        } elsewhere: { other in
            try await other.redeem("net:g0", key: "one")
        }
        #expect(replay.isReplay)
        #expect(try await palms.count("select count(*) from claim") == 1)
        #expect(try await palms.count("select count(*) from refusal") == 0)
        await palms.close()
    }

    @Test func aRepeatDoesNotWaitForEver() async throws {
        let palms = try await prepared()
        let code = try await palms.during(commitsWhileWaitedFor: false) { connection in
            try palms.redeem("net:g0", key: "one", in: connection)
        } elsewhere: { other in
            try await refusal { _ = try await other.redeem("net:g0", key: "one") }
        }
        #expect(code == .idempotencyKeyInFlight)
        #expect(try await palms.redeem("net:g0", key: "one").isReplay)
        #expect(try await palms.count("select count(*) from claim") == 1)
        await palms.close()
    }

    /// What is capped is locked, not what leads to it.
    @Test func twoPerksShareTheBudgetOfTheirCampaign() async throws {
        let palms = try await Palms()
        try await palms.makeCampaign { $0.budget = .init(redemptions: 1) }
        try await palms.makePerk("lunch")
        try await palms.makePerk("dinner")
        try await palms.importCrowd(2)
        let code = try await palms.during { connection in
            try palms.redeem("net:g0", "lunch", key: "first", in: connection)
        } elsewhere: { other in
            try await refusal { _ = try await other.redeem("net:g1", "dinner", key: "second") }
        }
        #expect(code == .budgetSpent)
        try await palms.expectInvariants()
        await palms.close()
    }

    @Test func oneKeyIsGoodForOneOfTwoGuests() async throws {
        let palms = try await prepared()
        let code = try await palms.during { connection in
            try palms.redeem("net:g0", key: "one", in: connection)
        } elsewhere: { other in
            try await refusal { _ = try await other.redeem("net:g1", key: "one") }
        }
        #expect(code == .idempotencyKeyReused)
        #expect(try await palms.count("select count(*) from claim") == 1)
        try await palms.expectInvariants()
        await palms.close()
    }

    /// One day in New York is parts of two in Las Vegas: no index sees that the two units are of one day.
    @Test func aGuestAtTwoVenuesGetsOneADay() async throws {
        let palms = try await prepared { $0.perGuest = .init(limit: 1, period: .day) }
        try await palms.makeVenue("new-york", zone: "America/New_York", region: "NY")
        let now = moment("2026-11-22T06:00:00Z")  // 22:00 on the 21st in Las Vegas, 01:00 on the 22nd in New York
        let code = try await palms.during { connection in
            try palms.redeem("net:g0", key: "first", now: now, in: connection)
        } elsewhere: { other in
            try await refusal { _ = try await other.redeem("net:g0", at: "new-york", key: "second", now: now) }
        }
        #expect(code == .limitReached)
        #expect(try await palms.count("select count(*) from claim") == 1)
        await palms.close()
    }

    @Test func aSlotThatSomebodyTookMeanwhileIsNotTakenAgain() async throws {
        let palms = try await prepared()
        _ = try await palms.redeem("net:g1", key: "other")
        let guest = try await palms.guest("net:g0").id
        let code = try await palms.during { connection in
            // A unit that comes into being without the guest being asked for, as it does where two turn out to be one.
            try connection.execute(
                """
                insert into claim
                select (jsonb_populate_record(c, jsonb_build_object(
                    'id', gen_random_uuid(), 'guest_id', \(guest.uuid)::uuid))).*
                from claim c
                """)
        } elsewhere: { other in
            try await refusal { _ = try await other.redeem("net:g0", key: "own") }
        }
        #expect(code == .limitReached)
        #expect(try await palms.count("select count(*) from claim") == 2)
        #expect(try await palms.count("select count(*) from idempotency_key") == 1)
        await palms.close()
    }

    @Test(arguments: [nil, 5]) func ofTwoReversalsOneCounts(stock: Int?) async throws {
        let palms = try await prepared { $0.stock = stock }
        let redemption = try await palms.redeem("net:g0", key: "1").answer.id
        let code = try await palms.during { connection in
            _ = try Redemption.reverse(
                redemption, .init(reason: "guest left"), as: palms.owner, at: Palms.now, in: connection)
        } elsewhere: { other in
            try await refusal { _ = try await other.reverse(redemption) }
        }
        #expect(code == .alreadyReversed)
        #expect(
            try await palms.count("select count(*) from audit_event where action = 'redemption.reverse'") == 1)
        try await palms.expectInvariants()
        await palms.close()
    }

    @Test func severalServersGiveExactlyWhatThereIs() async throws {
        let palms = try await prepared(crowd: 60) { $0.stock = 20 }
        let servers = (0..<3).map { _ in palms.onAnotherServer() }
        let given = try await withThrowingTaskGroup(of: Bool.self) { group in
            for guest in 0..<60 {
                group.addTask {
                    while true {
                        let code = try await refusal {
                            _ = try await servers[guest % 3].redeem("net:g\(guest)", key: "\(guest)")
                        }
                        // A busy machine says so; whoever asks again with the same key is served.
                        guard code == .overloaded || code == .idempotencyKeyInFlight else {
                            #expect(code == nil || code == .soldOut)
                            return code == nil
                        }
                    }
                }
            }
            return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(given == 20)
        #expect(try await palms.count("select count(*) from claim where status = 'redeemed'") == 20)
        #expect(try await palms.count("select remaining as count from perk_stock") == 0)
        try await palms.expectInvariants()
        for server in servers { await server.close() }
        await palms.close()
    }

    private func prepared(
        crowd: Int = 2, _ change: @Sendable (inout Perk.Draft) -> Void = { _ in }
    ) async throws -> Palms {
        let palms = try await Palms()
        try await palms.makeCampaign()
        try await palms.makePerk("suite-upgrade", change)
        try await palms.importCrowd(crowd)
        return palms
    }
}
