import Foundation
import Perks
import Postgres
import Testing

@Suite struct ConversionTests {
    private static let now = Palms.now.adding(seconds: 60)

    private func palms() async throws -> Palms {
        let palms = try await Palms()
        for campaign in ["opening-night", "autumn"] {
            try await palms.makeCampaign(campaign) { $0.landingURL = "https://palms.example/\(campaign)" }
        }
        try await palms.makePerk { $0.perGuest = .init(limit: 100, period: .campaign) }
        try await palms.importCrowd(5)
        return palms
    }

    private func redeem(
        _ guest: String, through share: String, key: String, on palms: Palms
    ) async throws -> Replayable<Redemption> {
        try await palms.redeem(guest, key: key, now: Self.now, share: share)
    }

    private func find(_ id: ID<Conversion>, _ palms: Palms) async throws -> Conversion {
        try await palms.backend.transaction(as: palms.owner, readOnly: true) { [owner = palms.owner] in
            try Conversion.find(id, as: owner, in: $0)
        }
    }

    @Test func aRedemptionThatNamesAShareIsOne() async throws {
        let palms = try await palms()
        let share = try await palms.share("net:g0")
        for (number, name) in [share.id.description, share.token, share.url].enumerated() {
            let redemption = try await redeem("net:g1", through: name, key: "k\(number)", on: palms).answer
            #expect(redemption.share == share.id)
            let conversion = try await find(ID(redemption.id.uuid), palms)
            #expect(conversion.redemption == redemption.id)
            #expect(conversion.convertedAt == Self.now)
            #expect(conversion.touches.map(\.share) == [share.id])
            // A repeat is no second one.
            #expect(try await redeem("net:g1", through: name, key: "k\(number)", on: palms).isReplay)
        }
        #expect(try await palms.count("select count(*) from conversion") == 3)
        await palms.close()
    }

    @Test func aReversedRedemptionTakesItsConversionAlong() async throws {
        let palms = try await palms()
        let share = try await palms.share("net:g0")
        let redemption = try await redeem("net:g1", through: share.token, key: "k", on: palms).answer
        let code = try await refusal { try await palms.reverse(ID<Conversion>(redemption.id.uuid)) }
        #expect(code == .invalidTransition)
        _ = try await palms.reverse(redemption.id, now: Self.now.adding(seconds: 60))
        let conversion = try await find(ID(redemption.id.uuid), palms)
        #expect(conversion.status == .reversed)
        #expect(conversion.reason == "guest left")
        await palms.close()
    }

    @Test func aShareThatIsNoneOfTheCampaignIsNotFound() async throws {
        let palms = try await palms()
        let foreign = try await palms.share("net:g0", "autumn")
        for name in [foreign.token, "nobody", ID<Share>(at: Palms.now).description] {
            #expect(
                try await refusal { _ = try await redeem("net:g1", through: name, key: "k", on: palms) }
                    == .shareNotFound)
        }
        #expect(try await palms.count("select count(*) from claim") == 0)
        await palms.close()
    }

    @Test func nobodyLeadsThemselvesOrInCircles() async throws {
        let palms = try await palms()
        var shares: [String] = []
        for number in 0..<4 { shares.append(try await palms.share("net:g\(number)").token) }
        #expect(
            try await refusal { _ = try await redeem("net:g0", through: shares[0], key: "a", on: palms) }
                == .selfReferral)
        #expect(
            try await refusal { try await palms.convert(.init(share: shares[0], guest: "net:g0")) } == .selfReferral)
        // 0 leads 1, 1 leads 2, 2 leads 3: none of those may lead 0 to 2 any more.
        _ = try await redeem("net:g1", through: shares[0], key: "b", on: palms)
        let second = try await palms.convert(.init(share: shares[1], guest: "net:g2"))
        _ = try await redeem("net:g3", through: shares[2], key: "c", on: palms)
        for (guest, share) in [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)] {
            let byDesk = try await refusal {
                _ = try await redeem("net:g\(guest)", through: shares[share], key: "d\(guest)\(share)", on: palms)
            }
            let byPost = try await refusal {
                try await palms.convert(.init(share: shares[share], guest: "net:g\(guest)"))
            }
            #expect(byDesk == .referralLoop, "\(share) leads \(guest)")
            #expect(byPost == .referralLoop, "\(share) leads \(guest)")
        }
        // The same person may come through the same or another friend again, and what is taken back leads nowhere.
        _ = try await redeem("net:g3", through: shares[0], key: "e", on: palms)
        try await palms.reverse(second.id)
        _ = try await redeem("net:g0", through: shares[2], key: "f", on: palms)
        #expect(
            try await palms.count("select count(*) from refusal where code in ('self_referral', 'referral_loop')") == 7)
        try await palms.expectInvariants()
        await palms.close()
    }

    /// Two guests name each other at the same moment: at most one of them led the other, whatever servers they ask.
    @Test func ofTwoWhoNameEachOtherOneCounts() async throws {
        let palms = try await palms()
        let other = palms.onAnotherServer()
        let shares = (try await palms.share("net:g0").token, try await palms.share("net:g1").token)
        for round in 0..<10 {
            async let one = refusal { _ = try await redeem("net:g0", through: shares.1, key: "a\(round)", on: palms) }
            async let two = refusal {
                _ = try await redeem("net:g1", through: shares.0, key: "b\(round)", on: round % 2 == 0 ? other : palms)
            }
            let outcomes = try await [one, two]
            #expect(outcomes.count { $0 == nil } == 1, "round \(round): \(outcomes)")
            #expect(outcomes.contains(.referralLoop))
            for redemption in try await redemptions(palms) { _ = try await palms.reverse(redemption) }
        }
        await other.close()
        await palms.close()
    }

    private func redemptions(_ palms: Palms) async throws -> [ID<Redemption>] {
        try await palms.backend.transaction(as: palms.owner, readOnly: true) { connection in
            try connection.query("select id from claim where status = 'redeemed'").map { try $0["id"] }
        }
    }

    @Test func aClickLeadsToItWithWhatTheVisitorDidBefore() async throws {
        let palms = try await palms()
        let day = 86_400
        let made = Palms.now.adding(seconds: -2 * day)
        let one = try await palms.share("net:g0", now: made)
        let two = try await palms.share("net:g1", now: made)
        let three = try await palms.share("net:g2", now: made)
        let foreign = try await palms.share("net:g0", "autumn", now: made)
        // On the day before: remembered by the landing page alone.
        let first = try await palms.follow(one, now: Self.now.adding(seconds: -day + 120))
        let elsewhere = try await palms.follow(foreign, now: Self.now.adding(seconds: 10))
        let second = try await palms.follow(two, now: Self.now.adding(seconds: 20))
        let repeated = try await palms.follow(two, now: Self.now.adding(seconds: 30))
        let third = try await palms.follow(three, now: Self.now.adding(seconds: 40))
        let robot = try await palms.follow(one, agent: "curl/8.5.0", now: Self.now.adding(seconds: 50))
        let later = Self.now.adding(seconds: 100)

        func touches(_ draft: Conversion.Draft) async throws -> [ID<Click>?] {
            try await palms.convert(draft, now: later).touches.map(\.click)
        }
        #expect(try await touches(.init(click: third.click)) == [second.click, third.click])
        #expect(try await touches(.init(click: second.click)) == [second.click, third.click])
        // What was clicked after the conversion did not lead to it.
        let between = Self.now.adding(seconds: 35)
        #expect(try await touches(.init(click: second.click, convertedAt: between)) == [second.click])
        // A repetition stands for the click that was counted.
        #expect(try await touches(.init(click: repeated.click)) == [second.click, third.click])
        let earlier = [first.click, elsewhere.click, robot.click, ID<Click>(at: Palms.now)].compactMap { $0 }
        #expect(
            try await touches(.init(click: third.click, earlierClicks: earlier))
                == [first.click, second.click, third.click])
        #expect(try await touches(.init(click: robot.click)) == [])
        // Nobody is touched by their own link.
        #expect(
            try await touches(.init(click: third.click, guest: "net:g1")) == [third.click])
        await palms.close()
    }

    @Test func aRepetitionCountsWhereTheFirstClickIsOfAnotherDaysKey() async throws {
        let palms = try await palms()
        let share = try await palms.share("net:g0", now: moment("2026-11-22T20:00:00Z"))
        try await palms.follow(share, now: moment("2026-11-22T23:59:00Z"))
        let repeated = try await palms.follow(share, now: moment("2026-11-23T00:01:00Z"))
        #expect(try await palms.kinds(of: share) == ["human", "duplicate"])
        let conversion = try await palms.convert(
            .init(click: repeated.click), now: moment("2026-11-23T00:02:00Z"))
        #expect(conversion.touches.map(\.click) == [repeated.click])
        await palms.close()
    }

    @Test func whatIsNamedMustBeThereAndBefore() async throws {
        let palms = try await palms()
        let share = try await palms.share("net:g0")
        try await palms.share("net:g0", visitor: Visitor(address: "198.51.100.7", userAgent: Palms.browser))
        let own = try await palms.follow(share, from: "198.51.100.7", now: Self.now)
        let click = try await palms.follow(share, now: Self.now)
        let other = try await palms.another(brand: "bellagio")
        func code(_ draft: Conversion.Draft, _ palms: Palms) async throws -> PerksError.Code? {
            try await refusal { try await palms.convert(draft, now: Self.now.adding(seconds: 60)) }
        }
        #expect(try await code(.init(click: own.click), palms) == .selfReferral)
        #expect(try await code(.init(click: ID(at: Palms.now)), palms) == .clickNotFound)
        #expect(try await code(.init(click: click.click), other) == .clickNotFound)
        #expect(try await code(.init(click: click.click, share: share.token), palms) == .invalidRequest)
        #expect(try await code(.init(), palms) == .invalidRequest)
        #expect(try await code(.init(click: click.click, convertedAt: Palms.now), palms) == .invalidRequest)
        let future = Self.now.adding(seconds: 3600)
        #expect(try await code(.init(click: click.click, convertedAt: future), palms) == .invalidRequest)
        #expect(try await code(.init(click: click.click, guest: "net:nobody"), palms) == .guestNotFound)
        #expect(try await code(.init(click: click.click, guest: "net:g0"), palms) == .selfReferral)
        #expect(try await palms.count("select count(*) from conversion") == 0)
        #expect(try await code(.init(click: click.click), palms) == nil)
        await palms.close()
    }

    @Test func anOrderCountsOnceUntilItIsTakenBack() async throws {
        let palms = try await palms()
        let share = try await palms.share("net:g0").token
        let autumn = try await palms.share("net:g0", "autumn").token
        let order = Redemption.Order(reference: "web-77", amount: 4900, currency: "USD")
        let counted = try await withThrowingTaskGroup(of: PerksError.Code?.self) { group in
            for _ in 0..<8 {
                group.addTask { try await refusal { try await palms.convert(.init(share: share, order: order)) } }
            }
            return try await group.reduce(into: [PerksError.Code?]()) { $0.append($1) }
        }
        #expect(counted.count { $0 == nil } == 1)
        #expect(counted.count { $0 == .alreadyConverted } == 7)
        let id: ID<Conversion> = try await palms.backend.transaction(as: palms.owner) { connection in
            try connection.query("select id from conversion")[0]["id"]
        }
        try await palms.convert(.init(share: autumn, order: order))
        try await palms.reverse(id)
        #expect(try await refusal { try await palms.reverse(id) } == .alreadyReversed)
        try await palms.convert(.init(share: share, order: order))
        #expect(try await refusal { try await palms.reverse(ID<Conversion>(at: Palms.now)) } == .conversionNotFound)
        await palms.close()
    }
}
