import Eligibility
import Foundation
import Perks
import Postgres
import Testing

@Suite struct CheckInTests {
    @Test func aGuestWhoQualifiesAndOneWhoDoesNotLearnWhy() async throws {
        let palms = try await Palms()
        try await palms.importTopics([(1, "gambling"), (2, "casinos")], [(1, 2)])
        try await palms.makeCampaign { $0.category = .gambling }
        try await palms.makePerk {
            $0.ruleText = "score >= 60 and topic(gambling)"
            $0.stock = 12
        }
        try await palms.importGuests(
            """
            network,handle,birth_date,score,topics
            net,ana,1962-05-01,77.69,casinos:81.5
            net,bo,1970-01-01,58.24,casinos:40
            """)
        let ana = try await palms.checkIn("net:ana")
        #expect(ana.perks.map(\.outcome) == [.qualified])
        #expect(ana.perks[0].remaining == 12)
        #expect(ana.perks[0].reasons.isEmpty)
        #expect(ana.best == [ana.perks[0].perk.id])
        #expect(ana.perks[0].conditions.map(\.result) == ["true", "true"])

        let bo = try await palms.checkIn("net:bo")
        #expect(bo.perks.map(\.outcome) == [.notQualified])
        #expect(bo.perks[0].reasons.map(\.code) == ["score_below_minimum"])
        #expect(bo.perks[0].reasons[0].text == "The score is below 60.")
        #expect(bo.perks[0].reasons[0].required == .number(60))
        #expect(bo.perks[0].reasons[0].actual == .number(Decimal(string: "58.24") ?? 0))
        #expect(bo.perks[0].nearest == "A score of 60 or more would qualify.")
        #expect(bo.best.isEmpty)

        // A clerk sees what is required, never what the guest has.
        let atTheDesk = try await palms.checkIn("net:bo", as: palms.clerk)
        #expect(atTheDesk.perks[0].reasons.map(\.actual) == [nil])
        let text = String(decoding: try JSON.encoder.encode(atTheDesk), as: UTF8.self)
        #expect(!text.contains("58.24"))
        // What is recorded is read the same way.
        let id = try #require(bo.id)
        let read = try await palms.backend.transaction(as: palms.clerk) { connection in
            try CheckIn.find(id, as: palms.clerk, in: connection)
        }
        #expect(read.perks[0].reasons.map(\.actual) == [nil])
        await palms.close()
    }

    /// The table "who sees what" of the contract.
    @Test func whoSeesWhat() async throws {
        let palms = try await Palms()
        try await palms.makeCampaign("casino-night") { $0.category = .gambling }
        try await palms.makePerk("suite", in: "casino-night")
        try await palms.makeCampaign("brunch")
        try await palms.makePerk("coffee", in: "brunch")
        try await palms.importGuests(
            """
            network,handle,birth_date
            net,adult,1980-01-01
            net,nineteen,2007-01-01
            net,teen,2010-01-01
            net,ageless,
            """)
        let adult = try await palms.checkIn("net:adult")
        #expect(adult.guest.age == .stated)
        #expect(adult.perks.map(\.perk.slug).sorted() == ["coffee", "suite"])
        #expect(adult.perks.allSatisfy { $0.outcome == .qualified })

        // Old enough for coffee, not for a casino: the suite is not even named.
        let nineteen = try await palms.checkIn("net:nineteen")
        #expect(nineteen.perks.map(\.perk.slug) == ["coffee"])
        #expect(try await refusal { _ = try await palms.redeem("net:nineteen", "suite", key: "1") } == .minorBlocked)

        let teen = try await palms.checkIn("net:teen")
        #expect(teen.guest.age == .minor)
        #expect(teen.perks.isEmpty && teen.reason == nil)

        let ageless = try await palms.checkIn("net:ageless")
        #expect(ageless.guest.age == .unknown)
        #expect(ageless.perks.map(\.outcome) == [.notQualified, .notQualified])
        #expect(ageless.perks.allSatisfy { $0.reasons.map(\.code) == ["age_unknown"] })

        let stranger = try await palms.checkIn("net:stranger")
        #expect(stranger.guest.id == nil && !stranger.guest.known)
        #expect(stranger.perks.isEmpty && stranger.reason == "guest_unknown")
        #expect(try await palms.count("select count(*) from guest") == 4, "a check-in made a guest")

        // An ID settles it, for this brand alone.
        let shown = try await palms.checkIn("net:ageless", id: date("1990-01-01"))
        #expect(shown.guest.age == .verified)
        #expect(shown.perks.map(\.outcome) == [.qualified, .qualified])
        let other = try await palms.another(brand: "bellagio")
        #expect(try await other.checkIn("net:ageless").guest.age == .unknown)
        // It wins over what is stated, in both directions.
        let lied = try await palms.checkIn("net:adult", id: date("2010-01-01"))
        #expect(lied.guest.age == .minor && lied.perks.isEmpty)
        await palms.close()
    }

    @Test func ofAChildOnlyTheMarkIsKept() async throws {
        let palms = try await Palms()
        try await palms.makeCampaign()
        try await palms.makePerk()
        try await palms.importGuests("network,handle,birth_date\nnet,liar,1980-01-01")
        let checkIn = try await palms.checkIn("net:liar", id: date("2016-06-01"))
        #expect(checkIn.guest.age == .minor && checkIn.perks.isEmpty)
        #expect(try await palms.count("select count(*) from member where under_13 and birth_date_on_id is null") == 1)
        #expect(try await palms.count("select count(*) from check_in where guest_id is not null") == 0)
        #expect(try await palms.checkIn("net:liar").perks.isEmpty)
        #expect(try await refusal { _ = try await palms.redeem("net:liar", key: "1") } == .minorBlocked)
        #expect(try await palms.count("select count(*) from refusal where guest_id is not null") == 0)
        // Another card at the same desk does not undo what the first has shown.
        #expect(try await palms.checkIn("net:liar", id: date("1980-01-01"), as: palms.clerk).perks.isEmpty)
        #expect(try await palms.checkIn("net:liar", id: date("1980-01-01"), as: palms.owner).perks.count == 1)
        await palms.close()
    }

    @Test func whereAnIDIsRequiredAStatedAgeIsNone() async throws {
        let palms = try await Palms()
        try await palms.makeCampaign { $0.requireID = true }
        try await palms.makePerk { $0.ruleText = "age >= 30" }
        try await palms.importGuests("network,handle,birth_date\nnet,ana,1980-01-01")
        let stated = try await palms.checkIn("net:ana")
        #expect(stated.perks[0].outcome == .notQualified)
        #expect(stated.perks[0].reasons.map(\.code) == ["age_unknown"])
        #expect(try await refusal { _ = try await palms.redeem("net:ana", key: "1") } == .notQualified)
        #expect(try await palms.checkIn("net:ana", id: date("1980-01-01")).perks[0].outcome == .qualified)
        _ = try await palms.redeem("net:ana", key: "1")
        await palms.close()
    }

    @Test(arguments: [
        // country, region, category, birth date, visible on 21 November 2026 at the venue
        ("US", "NV", Campaign.Category.gambling, "2005-11-21", true),
        ("US", "NV", .gambling, "2005-11-22", false),
        ("CA", "ON", .alcohol, "2007-11-21", true),
        ("CA", "ON", .alcohol, "2007-11-22", false),
        ("CA", "QC", .alcohol, "2008-11-21", true),
        ("CA", "QC", .cannabis, "2006-11-01", false),
        ("CA", "ZZ", .alcohol, "2006-11-01", false),
        ("JP", "13", .alcohol, "2006-11-21", true),
        ("JP", "13", .alcohol, "2006-11-22", false),
        ("ZZ", "ZZ", .tobacco, "2005-11-22", false),
        ("ZZ", "ZZ", .general, "2008-11-21", true),
        ("ZZ", "ZZ", .general, "2008-11-22", false),
    ])
    func theLawOfThePlaceDecides(
        country: String, region: String, category: Campaign.Category, born: String, isShown: Bool
    ) async throws {
        let palms = try await Palms()
        try await palms.makeVenue("there", zone: "America/Los_Angeles", country: country, region: region)
        try await palms.makeCampaign { $0.category = category }
        try await palms.makePerk()
        try await palms.importGuests("network,handle,birth_date\nnet,ana,\(born)")
        #expect(try await palms.checkIn("net:ana", at: "there").perks.isEmpty == !isShown)
        await palms.close()
    }

    @Test func aBirthdayBeginsAtMidnightOfTheVenue() async throws {
        let palms = try await Palms()
        try await palms.makeVenue("tokyo", zone: "Asia/Tokyo", country: "JP")
        try await palms.makeCampaign()
        try await palms.makePerk { $0.ruleText = "age >= 30" }
        try await palms.importGuests("network,handle,birth_date\nnet,ana,1996-11-22")
        // 03:00 UTC on the 22nd: the day has begun in Tokyo, not in Las Vegas.
        #expect(try await palms.checkIn("net:ana", at: "tokyo").perks[0].outcome == .qualified)
        #expect(try await palms.checkIn("net:ana", at: "las-vegas").perks[0].outcome == .notQualified)
        await palms.close()
    }

    /// The clocks of Las Vegas go back at 2:00 on 1 November and forward at 2:00 on 8 March.
    @Test(arguments: [
        ("local_time(sun, 01:00-02:00)", "2026-11-01T08:30:00Z", true),
        ("local_time(sun, 01:00-02:00)", "2026-11-01T09:30:00Z", true),
        ("local_time(sun, 01:00-02:00)", "2026-11-01T10:00:00Z", false),
        ("local_time(sun, 02:00-03:00)", "2026-03-08T09:59:00Z", false),
        ("local_time(sun, 02:00-03:00)", "2026-03-08T10:00:00Z", false),
        ("local_time(sun, 03:00-04:00)", "2026-03-08T10:00:00Z", true),
        ("local_time(sat, 22:00-02:00)", "2026-11-01T08:59:00Z", true),
        ("local_time(sat, 22:00-02:00)", "2026-11-01T09:59:00Z", true),
        ("local_time(sat, 22:00-02:00)", "2026-11-01T10:00:00Z", false),
    ])
    func hoursSurviveAChangeOfTheClocks(rule: String, now: String, qualifies: Bool) async throws {
        let palms = try await Palms()
        try await palms.makeCampaign()
        try await palms.makePerk { $0.ruleText = rule }
        try await palms.importCrowd(1)
        let checkIn = try await palms.checkIn("net:g0", now: moment(now))
        #expect((checkIn.perks[0].outcome == .qualified) == qualifies)
        await palms.close()
    }

    @Test func aDateOnlyEndIsTheEndOfTheDayWhereTheVenueIs() async throws {
        let palms = try await Palms()
        try await palms.makeVenue("tokyo", zone: "Asia/Tokyo", country: "JP")
        try await palms.makeCampaign { $0.endsAt = .date(date("2026-11-21")) }
        try await palms.makePerk()
        try await palms.importCrowd(1)
        // 03:00 UTC on the 22nd is the 21st in Las Vegas, the 22nd in Tokyo.
        #expect(try await palms.checkIn("net:g0", at: "las-vegas").perks.count == 1)
        #expect(try await palms.checkIn("net:g0", at: "tokyo").perks.isEmpty)
        #expect(
            try await refusal { _ = try await palms.redeem("net:g0", at: "tokyo", key: "1") } == .campaignNotRunning)
        _ = try await palms.redeem("net:g0", at: "las-vegas", key: "1")
        await palms.close()
    }

    @Test func aChangeCountsAtOnce() async throws {
        let palms = try await Palms()
        let campaign = try await palms.makeCampaign()
        let perk = try await palms.makePerk()
        try await palms.importCrowd(1)
        #expect(try await palms.checkIn("net:g0").perks.map(\.outcome) == [.qualified])
        // Another process changes the rule: what this one remembers is out of date, and it notices.
        let elsewhere = Palms.backend(palms.url)
        try await elsewhere.transaction(as: palms.owner) { connection in
            _ = try Perk.patch(
                .id(perk.id), with: .object(["rule_text": .string("score >= 99")]), as: palms.owner, at: Palms.now,
                in: connection)
        }
        #expect(try await palms.checkIn("net:g0").perks.map(\.outcome) == [.notQualified])
        #expect(try await refusal { _ = try await palms.redeem("net:g0", key: "1") } == .notQualified)
        try await elsewhere.transaction(as: palms.owner) { connection in
            _ = try Campaign.setStatus(.paused, of: .id(campaign.id), as: palms.owner, at: Palms.now, in: connection)
        }
        #expect(try await palms.checkIn("net:g0").perks.isEmpty)
        #expect(try await refusal { _ = try await palms.redeem("net:g0", key: "1") } == .campaignNotRunning)
        await elsewhere.database.close()
        await palms.close()
    }

    @Test func eligibilityIsRecordedNowhere() async throws {
        let palms = try await Palms()
        try await palms.makeCampaign { $0.startsAt = .date(date("2026-12-01")) }
        try await palms.makePerk()
        try await palms.importCrowd(1)
        func check(at: Timestamp?, as principal: Principal) async throws -> CheckIn {
            try await palms.backend.transaction(as: principal, readOnly: true) { connection in
                try CheckIn.check(
                    .init(guest: "net:g0", venue: "las-vegas", at: at), as: principal, at: Palms.now,
                    palms.backend.catalogues, in: connection)
            }
        }
        #expect(try await check(at: nil, as: palms.owner).perks.isEmpty)
        #expect(try await check(at: moment("2026-12-05T00:00:00Z"), as: palms.owner).perks.count == 1)
        #expect(try await refusal { _ = try await check(at: Palms.now, as: palms.clerk) } == .forbidden)
        #expect(try await palms.count("select count(*) from check_in") == 0)
        await palms.close()
    }

    @Test func aBoundClerkStandsAtOneVenue() async throws {
        let palms = try await Palms()
        let reno = try await palms.makeVenue("reno", zone: "America/Los_Angeles")
        try await palms.importCrowd(1)
        let bound = Principal(role: .clerk, actor: "test:bound", brand: palms.clerk.brand, venue: reno.id)
        func venue(_ name: String?) async throws -> String {
            let draft = CheckIn.Draft(guest: "net:g0", venue: name)
            let outcome = try await palms.backend.checkIn(draft, as: bound, at: Palms.now)
            return outcome.answer.venue
        }
        #expect(try await venue(nil) == "reno")
        let elsewhere = try #require(try await palms.checkIn("net:g0").id)
        let (listed, found) = try await palms.backend.transaction(as: bound) { connection in
            (
                try CheckIn.list(try PageRequest(), as: bound, in: connection).data.map(\.venue),
                try? CheckIn.find(elsewhere, as: bound, in: connection)
            )
        }
        #expect(listed == ["reno"])
        #expect(found == nil)
        #expect(try await venue("reno") == "reno")
        #expect(try await refusal { _ = try await venue("las-vegas") } == .forbidden)
        #expect(try await refusal { _ = try await venue("nowhere") } == .venueNotFound)
        await palms.close()
    }

    @Test func ofAGroupTheBestAloneIsGiven() async throws {
        let palms = try await Palms()
        try await palms.makeCampaign()
        try await palms.makePerk("room") {
            $0.group = "stay"
            $0.rank = 2
        }
        let suite = try await palms.makePerk("suite") {
            $0.group = "stay"
            $0.rank = 1
            $0.stock = 1
        }
        let coffee = try await palms.makePerk("coffee")
        try await palms.importCrowd(2)
        let checkIn = try await palms.checkIn("net:g0")
        #expect(Set(checkIn.best) == [suite.id, coffee.id])
        let room = try #require(checkIn.perks.first { $0.perk.slug == "room" })
        #expect(room.outcome == .unavailable && room.reasons.map(\.code) == ["limit_reached"])
        // What the desk was told is what it gets: the lesser one neither before nor after.
        #expect(try await refusal { _ = try await palms.redeem("net:g0", "room", key: "2") } == .limitReached)
        let redemption = try await palms.redeem("net:g0", "suite", key: "1").answer
        #expect(try await refusal { _ = try await palms.redeem("net:g0", "room", key: "2") } == .limitReached)
        // Once the best is gone, the next one is the best that is to be had.
        _ = try await palms.redeem("net:g1", "room", key: "3")
        _ = try await palms.reverse(redemption.id)
        _ = try await palms.redeem("net:g0", "suite", key: "4")
        await palms.close()
    }
}
