import Eligibility
import Foundation
import Perks
import Postgres
import Testing

@Suite struct ShareTests {
    private func palms(_ change: @Sendable (inout Campaign.Draft) -> Void = { _ in }) async throws -> Palms {
        let palms = try await Palms()
        try await palms.makeCampaign {
            $0.landingURL = "https://palms.example/opening"
            change(&$0)
        }
        try await palms.makePerk()
        try await palms.importGuests(
            """
            network,handle,birth_date,score,reach
            net,adult,1980-01-01,70,1200
            net,friend,1985-01-01,70,
            net,teen,2010-01-01,70,
            net,young,2007-01-01,70,
            net,ageless,,70,
            """)
        return palms
    }

    @Test func aGuestHasOneLinkACampaign() async throws {
        let palms = try await palms()
        let share = try await palms.share("net:adult")
        #expect(share.url == "https://perks.example/s/\(share.token)")
        #expect(share.text == "#ad opening-night, by palms: \(share.url)")
        let again = try await palms.share("net:adult", now: Palms.now.adding(seconds: 60))
        #expect(again.id == share.id)
        #expect(again.token == share.token)
        #expect(try await palms.share("net:friend").token != share.token)
        try await palms.makeCampaign("autumn") { $0.landingURL = "https://palms.example/autumn" }
        #expect(try await palms.share("net:adult", "autumn").token != share.token)
        await palms.close()
    }

    @Test func askedForByManyAtOnceItIsOne() async throws {
        let palms = try await palms()
        let other = palms.onAnotherServer()
        let tokens = try await withThrowingTaskGroup(of: String.self) { group in
            for number in 0..<16 {
                group.addTask { try await (number % 2 == 0 ? palms : other).share("net:adult").token }
            }
            return try await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        #expect(tokens.count == 1)
        #expect(try await palms.count("select count(*) from share") == 1)
        await other.close()
        await palms.close()
    }

    @Test func theTextBeginsWithTheCampaignsDisclosure() async throws {
        let palms = try await palms { $0.disclosure = "Werbung" }
        #expect(try await palms.share("net:adult").text.hasPrefix("Werbung opening-night"))
        for word in ["#spon", " #SP ", "#collab", "Thanks, Palms! #Spon.", "spon", "#ad #partner"] {
            let code = try await refusal { try await palms.makeCampaign("vague") { $0.disclosure = word } }
            #expect(code == .invalidRequest, "\(word)")
        }
        for (number, word) in ["#ad", "Sponsored by Palms", "#Anzeige", "Advertisement: our partner"].enumerated() {
            try await palms.makeCampaign("clear-\(number)") { $0.disclosure = word }
        }
        await palms.close()
    }

    @Test func onlyAdultsWhoHaveNotOptedOutGetOne() async throws {
        let palms = try await palms()
        #expect(try await refusal { try await palms.share("net:teen") } == .minorBlocked)
        #expect(try await refusal { try await palms.share("net:ageless") } == .notQualified)
        #expect(try await refusal { try await palms.share("net:nobody") } == .guestNotFound)
        let share = try await palms.share("net:young")
        try await palms.optOut("net:adult")
        #expect(try await refusal { try await palms.share("net:adult") } == .guestNotFound)
        // An ID that the brand has seen wins over what is stated.
        _ = try await palms.checkIn("net:young", id: date("2010-01-01"))
        #expect(try await refusal { try await palms.share("net:young") } == .minorBlocked)
        #expect(try await palms.follow(share, now: Palms.now.adding(seconds: 60)).click == nil)
        // It was read wrongly: the same link counts again.
        _ = try await palms.checkIn("net:young", id: date("2000-01-01"))
        #expect(try await palms.share("net:young").token == share.token)
        #expect(try await palms.follow(share, now: Palms.now.adding(seconds: 60)).click != nil)
        _ = try await palms.checkIn("net:ageless", id: date("1980-01-01"))
        _ = try await palms.share("net:ageless")
        await palms.close()
    }

    @Test func aRestrictedCampaignDemandsTheAgeOfItsVenues() async throws {
        let palms = try await palms { $0.category = .gambling }
        #expect(try await refusal { try await palms.share("net:young") } == .minorBlocked)
        // Québec lets people gamble at 18.
        try await palms.makeVenue("montreal", zone: "America/Toronto", country: "CA", region: "QC")
        _ = try await palms.share("net:young")
        await palms.close()
    }

    @Test func aCampaignMustRunAndLeadSomewhere() async throws {
        let palms = try await palms()
        try await palms.makeCampaign("nowhere")
        #expect(try await refusal { try await palms.share("net:adult", "nowhere") } == .landingURLMissing)
        #expect(try await refusal { try await palms.share("net:adult", "missing") } == .campaignNotFound)
        try await palms.set("opening-night", .paused)
        #expect(try await refusal { try await palms.share("net:adult") } == .campaignNotRunning)
        await palms.close()
    }

    @Test func itIsOfThePlaceAndPerkThatTheGuestHadLast() async throws {
        let palms = try await palms()
        try await palms.makeVenue("reno", zone: "America/Los_Angeles", region: "NV")
        try await palms.makePerk("coffee")
        #expect(try await palms.share("net:friend").venue == nil)
        _ = try await palms.checkIn("net:adult", at: "reno")
        _ = try await palms.redeem("net:adult", "coffee", key: "1")
        let share = try await palms.share("net:adult")
        #expect(share.venue == "las-vegas")
        let perk: String = try await palms.backend.transaction(as: palms.owner) { connection in
            try connection.query(
                "select p.slug from share s join perk p on p.id = s.perk_id where s.id = \(share.id)")[0]["slug"]
        }
        #expect(perk == "coffee")
        #expect(try await palms.share("net:young", at: "reno").venue == "reno")
        await palms.close()
    }

    @Test func postsAreNotedOnceAndChangeNothingForTheGuest() async throws {
        let palms = try await palms()
        let share = try await palms.share("net:adult")
        let before = try await palms.checkIn("net:adult").perks.map(\.outcome)
        let post = try await palms.post("https://net.example/1", with: share.id, disclosed: false)
        #expect(post.potentialImpressions == 1200)
        #expect(post.reach == nil)
        let again = try await palms.post("https://net.example/1", with: share.id, reach: 300, disclosed: true)
        #expect(again.id == post.id)
        #expect(again.disclosed)
        #expect(again.reach == 300)
        try await palms.post("https://net.example/2", with: share.id, now: Palms.now.adding(seconds: 60))
        let list = try await palms.backend.transaction(as: palms.owner, readOnly: true) { [owner = palms.owner] in
            try SharePost.list(PageRequest(), of: share.id, as: owner, in: $0)
        }
        #expect(list.data.map(\.url) == ["https://net.example/2", "https://net.example/1"])
        #expect(try await palms.checkIn("net:adult").perks.map(\.outcome) == before)
        let future = Palms.now.adding(seconds: 3600)
        #expect(
            try await refusal { try await palms.post("https://net.example/3", with: share.id, at: future) }
                == .invalidRequest)
        #expect(
            try await refusal { try await palms.post("https://net.example/3", with: ID<Share>(at: Palms.now)) }
                == .shareNotFound)
        await palms.close()
    }

    @Test func anotherBrandsShareLooksAbsent() async throws {
        let palms = try await palms()
        let other = try await palms.another(brand: "bellagio")
        let share = try await palms.share("net:adult")
        #expect(try await refusal { try await other.post("https://net.example/1", with: share.id) } == .shareNotFound)
        #expect(try await refusal { try await other.convert(.init(share: share.token)) } == .shareNotFound)
        await palms.close()
    }

    @Test func whoOptsOutIsCountedNoMore() async throws {
        let palms = try await palms()
        let share = try await palms.share("net:adult")
        #expect(try await palms.follow(share, now: Palms.now.adding(seconds: 60)).click != nil)
        try await palms.optOut("net:adult")
        let followed = try await palms.follow(share, now: Palms.now.adding(seconds: 120))
        #expect(followed.click == nil)
        #expect(followed.location == "https://palms.example/opening")
        #expect(try await palms.kinds(of: share) == ["human"])
        #expect(try await refusal { try await palms.convert(.init(share: share.token)) } == .shareNotFound)
        #expect(try await refusal { try await palms.post("https://net.example/1", with: share.id) } == .shareNotFound)
        await palms.close()
    }

    @Test func whoIsForgottenLeavesNoAddressOfAPost() async throws {
        let palms = try await palms()
        let share = try await palms.share("net:adult")
        try await palms.post("https://net.example/adult/1", with: share.id)
        try await palms.convert(.init(share: share.token, guest: "net:friend"))
        let export = try await palms.export("net:adult")
        #expect(export.brands[0].shares.count == 1)
        #expect(export.brands[0].posts[0]["url"] == .string("https://net.example/adult/1"))
        #expect(try await palms.export("net:friend").brands[0].conversions.count == 1)
        try await palms.erase("net:adult")
        let left = try await palms.backend.transaction(as: palms.owner) { connection in
            try connection.query("select url from share_post").map { try $0.decode("url", as: String?.self) }
        }
        #expect(left == [nil])
        #expect(try await palms.follow(share, now: Palms.now.adding(seconds: 60)).click == nil)
        await palms.close()
    }

    @Test func twoLinksOfOnePersonBothGoOnWorking() async throws {
        let palms = try await palms()
        let own = try await palms.share("net:adult")
        let other = try await palms.share("net:friend")
        try await palms.join("net:friend", to: "net:adult")
        for share in [own, other] {
            #expect(try await palms.follow(share, now: Palms.now.adding(seconds: 60)).click != nil)
        }
        #expect(try await palms.share("net:friend").id == own.id)
        await palms.close()
    }
}
