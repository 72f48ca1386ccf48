import Eligibility
import Foundation
import Perks
import Postgres
import Testing

@Suite struct RedemptionTests {
    @Test func repeatsOfOneRequestGetTheSameAnswer() async throws {
        let palms = try await Palms()
        try await palms.makeCampaign()
        try await palms.makePerk()
        try await palms.importCrowd(2)
        let first = try await palms.redeem("net:g0", key: "order-1")
        let again = try await palms.redeem("net:g0", key: "order-1", now: Palms.now.adding(seconds: 60))
        #expect(!first.isReplay)
        #expect(again.isReplay)
        #expect(try JSON.encoder.encode(first.answer) == JSON.encoder.encode(again.answer))
        #expect(
            try await refusal { _ = try await palms.redeem("net:g1", key: "order-1") } == .idempotencyKeyReused)
        // A reversal changes nothing of what the key was answered.
        _ = try await palms.reverse(first.answer.id)
        let afterReversal = try await palms.redeem("net:g0", key: "order-1")
        #expect(afterReversal.answer.status == .redeemed)
        #expect(try await palms.count("select count(*) from claim") == 1)
        await palms.close()
    }

    @Test func aRefusalBindsNoKey() async throws {
        let palms = try await Palms()
        try await palms.makeCampaign()
        try await palms.makePerk { $0.stock = 1 }
        try await palms.importCrowd(2)
        let first = try await palms.redeem("net:g0", key: "a")
        #expect(try await refusal { _ = try await palms.redeem("net:g1", key: "b") } == .soldOut)
        _ = try await palms.reverse(first.answer.id)
        let second = try await palms.redeem("net:g1", key: "b")
        #expect(second.answer.status == .redeemed)
        #expect(!second.isReplay)
        #expect(try await palms.count("select count(*) from refusal where code = 'sold_out'") == 1)
        await palms.close()
    }

    @Test func aHundredOfAHundredAreGivenAndNoneMore() async throws {
        let palms = try await Palms()
        try await palms.makeCampaign()
        try await palms.makePerk { $0.stock = 100 }
        try await palms.importCrowd(300)
        // Every guest's request comes twice with its key, from 64 clients at once.
        let requests = (0..<600).map { $0 % 300 }.shuffled()
        let outcomes = try await withThrowingTaskGroup(of: (guest: Int, redemption: ID<Redemption>?).self) { group in
            var waiting = requests[...]
            var outcomes: [(guest: Int, redemption: ID<Redemption>?)] = []
            func send(_ guest: Int) {
                group.addTask {
                    while true {
                        do {
                            return (guest, try await palms.redeem("net:g\(guest)", key: "key-\(guest)").answer.id)
                        } catch let error as PerksError where error.code == .soldOut {
                            return (guest, nil)
                        } catch let error as PerksError where error.code == .overloaded {
                            // A busy machine says so; whoever asks again with the same key is served.
                            continue
                        }
                    }
                }
            }
            for guest in waiting.prefix(64) { send(guest) }
            waiting = waiting.dropFirst(64)
            while let outcome = try await group.next() {
                outcomes.append(outcome)
                if let guest = waiting.popFirst() { send(guest) }
            }
            return outcomes
        }
        let accepted = Dictionary(grouping: outcomes.filter { $0.redemption != nil }, by: \.guest)
        #expect(accepted.count == 100)
        for (guest, answers) in accepted {
            #expect(Set(answers.map(\.redemption)).count == 1, "guest \(guest) got two answers")
        }
        #expect(try await palms.count("select count(*) from claim where status = 'redeemed'") == 100)
        #expect(try await palms.count("select remaining as count from perk_stock") == 0)
        try await palms.expectInvariants()
        await palms.close()
    }

    @Test(arguments: [nil, 50])
    func aGuestAgainstItselfGetsExactlyOne(stock: Int?) async throws {
        let palms = try await Palms()
        try await palms.makeCampaign()
        try await palms.makePerk { $0.stock = stock }
        try await palms.importCrowd(1)
        let codes = try await withThrowingTaskGroup(of: PerksError.Code?.self) { group in
            for attempt in 0..<40 {
                group.addTask { try await refusal { _ = try await palms.redeem("net:g0", key: "key-\(attempt)") } }
            }
            return try await group.reduce(into: [PerksError.Code?]()) { $0.append($1) }
        }
        #expect(codes.count { $0 == nil } == 1)
        #expect(codes.count { $0 == .limitReached } == 39)
        #expect(try await palms.count("select count(*) from claim") == 1)
        if let stock {
            #expect(try await palms.count("select remaining as count from perk_stock") == stock - 1)
        } else {
            #expect(try await palms.count("select count(*) from perk_stock") == 0)
        }
        try await palms.expectInvariants()
        await palms.close()
    }

    @Test func sameKeyAtOnceIsOneRedemption() async throws {
        let palms = try await Palms()
        try await palms.makeCampaign()
        try await palms.makePerk { $0.perGuest = .init(limit: 5, period: .day) }
        try await palms.importCrowd(1)
        let answers = try await withThrowingTaskGroup(of: Replayable<Redemption>.self) { group in
            for _ in 0..<20 { group.addTask { try await palms.redeem("net:g0", key: "one") } }
            return try await group.reduce(into: [Replayable<Redemption>]()) { $0.append($1) }
        }
        #expect(Set(answers.map(\.answer.id)).count == 1)
        #expect(answers.count { !$0.isReplay } == 1)
        #expect(try await palms.count("select count(*) from claim") == 1)
        try await palms.expectInvariants()
        await palms.close()
    }

    @Test func allowanceIsCountedByTheVenuesCalendar() async throws {
        let palms = try await Palms()
        try await palms.makeCampaign()
        try await palms.makePerk { $0.perGuest = .init(limit: 2, period: .day) }
        try await palms.importCrowd(1)
        let evening = moment("2026-11-22T07:30:00Z")  // 23:30 on the 21st in Las Vegas
        _ = try await palms.redeem("net:g0", key: "1", now: evening)
        _ = try await palms.redeem("net:g0", key: "2", now: evening)
        #expect(try await refusal { _ = try await palms.redeem("net:g0", key: "3", now: evening) } == .limitReached)
        let pastMidnight = evening.adding(seconds: 3600)
        _ = try await palms.redeem("net:g0", key: "3", now: pastMidnight)
        #expect(try await palms.count("select count(*) from claim") == 3)
        await palms.close()
    }

    @Test func aChangedAllowanceLooksBackAtWhatWasClaimed() async throws {
        let palms = try await Palms()
        try await palms.makeVenue("new-york", zone: "America/New_York", region: "NY")
        try await palms.makeCampaign()
        try await palms.makePerk { $0.perGuest = .init(limit: 1, period: .day) }
        try await palms.importCrowd(1)
        let evening = moment("2026-11-22T03:00:00Z")  // 19:00 on Saturday 21st in Las Vegas, 22:00 in New York
        _ = try await palms.redeem("net:g0", key: "1", now: evening)
        func code(at venue: String = "las-vegas", hours: Int) async throws -> PerksError.Code? {
            try await refusal {
                _ = try await palms.redeem(
                    "net:g0", at: venue, key: UUID().uuidString, now: evening.adding(seconds: hours * 3600))
            }
        }
        // The period is that of the venue where it is redeemed: there it is another day already, here it is not.
        #expect(try await code(at: "new-york", hours: 1) == .limitReached)
        #expect(try await code(hours: 3) == .limitReached)
        #expect(try await code(at: "new-york", hours: 3) == nil)
        // Of a week, that is two of the one allowed; of two allowed, all; of three, one is left.
        try await palms.change("suite-upgrade") { $0.perGuest = .init(limit: 1, period: .week) }
        #expect(try await code(hours: 6) == .limitReached)
        try await palms.change("suite-upgrade") { $0.perGuest = .init(limit: 2, period: .campaign) }
        #expect(try await code(hours: 24 * 40) == .limitReached)
        try await palms.change("suite-upgrade") { $0.perGuest = .init(limit: 3, period: .campaign) }
        #expect(try await code(hours: 24 * 40) == nil)
        #expect(try await code(hours: 24 * 40) == .limitReached)
        await palms.close()
    }

    @Test func aPersonIsOneByEveryName() async throws {
        let palms = try await Palms()
        try await palms.makeCampaign()
        try await palms.makePerk()
        try await palms.importCrowd(1)
        try await palms.put("net:g0", .init(memberNumber: "7"))
        _ = try await palms.join("email:ana@gmail.com", to: "net:g0")
        let redemption = try await palms.redeem("member:7", key: "1").answer
        for name in ["net:g0", "NET:@G0", "email:a.na+vegas@googlemail.com", redemption.guest.id.description] {
            #expect(try await refusal { _ = try await palms.redeem(name, key: name) } == .limitReached, "\(name)")
        }
        await palms.close()
    }

    @Test func aReversalGivesBackStockBudgetAndSlotOnce() async throws {
        let palms = try await Palms()
        try await palms.makeCampaign { $0.budget = .init(amount: 1000, currency: "USD", redemptions: 10) }
        try await palms.makePerk {
            $0.stock = 5
            $0.cost = 300
        }
        try await palms.importCrowd(1)
        let redemption = try await palms.redeem("net:g0", key: "1").answer
        #expect(try await palms.count("select remaining_amount as count from campaign_budget") == 700)
        let codes = try await withThrowingTaskGroup(of: PerksError.Code?.self) { group in
            for _ in 0..<10 { group.addTask { try await refusal { _ = try await palms.reverse(redemption.id) } } }
            return try await group.reduce(into: [PerksError.Code?]()) { $0.append($1) }
        }
        #expect(codes.count { $0 == nil } == 1)
        #expect(codes.count { $0 == .alreadyReversed } == 9)
        #expect(try await palms.count("select remaining as count from perk_stock") == 5)
        #expect(try await palms.count("select remaining_amount as count from campaign_budget") == 1000)
        #expect(try await palms.count("select remaining_redemptions as count from campaign_budget") == 10)
        let again = try await palms.redeem("net:g0", key: "2").answer
        #expect(again.id != redemption.id)
        try await palms.expectInvariants()
        await palms.close()
    }

    @Test func aBudgetIsNeverPassed() async throws {
        let palms = try await Palms()
        try await palms.makeCampaign { $0.budget = .init(amount: 1000, currency: "USD", redemptions: nil) }
        try await palms.makePerk("lunch") { $0.cost = 300 }
        try await palms.makePerk("dinner") { $0.cost = 400 }
        try await palms.importCrowd(20)
        let codes = try await withThrowingTaskGroup(of: PerksError.Code?.self) { group in
            for guest in 0..<20 {
                let perk = guest.isMultiple(of: 2) ? "lunch" : "dinner"
                group.addTask {
                    try await refusal { _ = try await palms.redeem("net:g\(guest)", perk, key: "\(guest)") }
                }
            }
            return try await group.reduce(into: [PerksError.Code?]()) { $0.append($1) }
        }
        #expect(Set(codes) == [nil, .budgetSpent])
        let spent = try await palms.count("select sum(cost)::bigint as count from claim")
        #expect(spent <= 1000 && spent > 600)
        #expect(try await palms.count("select remaining_amount as count from campaign_budget") == 1000 - spent)
        try await palms.expectInvariants()
        await palms.close()
    }

    @Test func aClerkTakesBackOnlyItsOwnAndOnlySoon() async throws {
        let palms = try await Palms()
        try await palms.makeCampaign()
        try await palms.makePerk()
        try await palms.importCrowd(2)
        let own = try await palms.redeem("net:g0", key: "1", as: palms.clerk).answer
        let other = try await palms.redeem("net:g1", key: "2", as: palms.owner).answer
        #expect(try await refusal { _ = try await palms.reverse(other.id, as: palms.clerk) } == .undoTooLate)
        let late = Palms.now.adding(seconds: 601)
        #expect(try await refusal { _ = try await palms.reverse(own.id, as: palms.clerk, now: late) } == .undoTooLate)
        let undone = try await palms.reverse(own.id, as: palms.clerk, now: Palms.now.adding(seconds: 600))
        #expect(undone.status == .reversed)
        await palms.close()
    }

    @Test func whatCannotBeRedeemedSaysWhy() async throws {
        let palms = try await Palms()
        try await palms.makeVenue("reno", zone: "America/Los_Angeles", region: "NV")
        try await palms.makeCampaign { $0.venues = ["las-vegas"] }
        try await palms.makePerk { $0.ruleText = "score >= 60" }
        try await palms.makePerk("happy-hour") {
            $0.availability = [Hours(days: ["mon"], from: "16:00", to: "19:00")]
        }
        try await palms.makeCampaign("later") { $0.startsAt = .date(date("2027-01-01")) }
        try await palms.makePerk("new-year", in: "later")
        try await palms.importGuests(
            """
            network,handle,birth_date,score
            net,high,1980-01-01,70
            net,low,1980-01-01,50
            net,teen,2010-01-01,70
            net,ageless,,70
            """)
        func code(_ guest: String, _ perk: String = "suite-upgrade", at venue: String = "las-vegas") async throws
            -> PerksError.Code?
        {
            try await refusal { _ = try await palms.redeem(guest, perk, at: venue, key: "k") }
        }
        #expect(try await code("net:low") == .notQualified)
        #expect(try await code("net:teen") == .minorBlocked)
        #expect(try await code("net:ageless") == .notQualified)
        #expect(try await code("net:high", at: "reno") == .wrongVenue)
        #expect(try await code("net:high", "happy-hour") == .outsideHours)
        #expect(try await code("net:high", "new-year") == .campaignNotRunning)
        #expect(try await code("net:nobody") == .guestNotFound)
        #expect(try await code("net:high", "no-such") == .perkNotFound)
        #expect(try await code("net:high", at: "no-such") == .venueNotFound)
        #expect(try await palms.count("select count(*) from claim") == 0)
        #expect(try await palms.count("select count(*) from refusal") == 6)
        await palms.close()
    }
}
