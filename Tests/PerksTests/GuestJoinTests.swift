import Eligibility
import Foundation
import Postgres
import Testing

@testable import Perks

@Suite struct GuestJoinTests {
    @Test func aHandleThatNobodyHasIsAddedOnce() async throws {
        let palms = try await Palms()
        try await palms.importCrowd(1)
        let (guest, isNew) = try await palms.join("other:@Ana", to: "net:g0", verified: true)
        #expect(isNew)
        #expect(guest.identities.map(\.handle) == ["g0", "Ana"])
        #expect(guest.identities.map(\.verified) == [false, true])
        let (same, isNewAgain) = try await palms.join("other:ana", to: "net:g0", verified: true)
        #expect(!isNewAgain)
        #expect(try JSON.encoder.encode(same) == JSON.encoder.encode(guest))
        #expect(try await palms.checkIn("other:ANA").guest.id == guest.id)
        #expect(try await palms.count("select count(*) from audit_event where action = 'guest.join'") == 1)
        await palms.close()
    }

    @Test func whoMayNotAndWhatDoesNotFit() async throws {
        let palms = try await Palms()
        try await palms.importCrowd(1)
        #expect(
            try await refusal { _ = try await palms.join("net:x", to: "net:g0", as: palms.owner) } == .forbidden)
        #expect(try await refusal { _ = try await palms.join("net:x", to: "net:nobody") } == .guestNotFound)
        #expect(try await refusal { _ = try await palms.join("member:7", to: "net:g0") } == .invalidRequest)
        try await palms.optOut("net:stranger")
        #expect(try await refusal { _ = try await palms.join("net:stranger", to: "net:g0") } == .optedOut)
        #expect(try await palms.guest("net:g0").identities.count == 1)
        await palms.close()
    }

    @Test func factsFillGapsAndHistoriesBecomeOne() async throws {
        let palms = try await Palms()
        try await palms.importTopics([(1, "wine"), (2, "beer")])
        try await palms.importGuests(
            """
            network,handle,display_name,birth_date,country,region,city,score,score_model,score_measured_at,topics
            net,ana,Ana,,US,,,50,a,2026-06-01T00:00:00Z,wine:40;beer:10
            web,ana,Another,1980-02-03,CA,ON,Ottawa,70,b,2026-07-01T00:00:00Z,wine:30;beer:20
            """)
        try await palms.importGuests(
            "network,handle,score,score_model,score_measured_at\nnet,ana,51,b,2026-07-01T00:00:00Z",
            at: Palms.now.adding(seconds: -60))
        let (ana, _) = try await palms.join("web:ana", to: "net:ana")
        #expect(ana.displayName == "Ana")
        #expect(ana.birthDate == date("1980-02-03"))
        #expect(ana.country == "US")
        // Ottawa is in another country than the one that counts.
        #expect(ana.region == nil && ana.city == nil)
        // One model has one score at one moment: the one recorded later.
        #expect(ana.score?.value == 70 && ana.score?.model == "b")
        #expect(ana.topics.map(\.topic) == ["wine", "beer"])
        #expect(ana.topics.map(\.strength) == [40, 20])
        #expect(try await palms.count("select count(*) from guest_score") == 2)
        #expect(try await palms.count("select count(*) from guest") == 1)
        await palms.close()
    }

    @Test func whatBrandsKeepBecomesOne() async throws {
        let palms = try await Palms()
        let other = try await palms.another(brand: "bellagio")
        try await palms.importCrowd(2)
        try await palms.put("net:g0", .init(memberNumber: "7"))
        for (brand, number) in [(palms, "8"), (other, "9")] {
            try await brand.putSegment("vip")
            try await brand.put(
                "net:g1", .init(memberNumber: number, birthDateOnID: date("1970-05-01"), segments: ["vip"]))
        }
        _ = try await palms.checkIn("net:g1")
        _ = try await palms.join("net:g1", to: "net:g0")
        let (own, foreign) = (try await palms.member("net:g1"), try await other.member("net:g0"))
        #expect(own.memberNumber == "7" && own.segments == ["vip"])
        #expect(own.birthDateOnID == date("1970-05-01"))
        #expect(foreign.memberNumber == "9" && foreign.segments == ["vip"])
        for table in ["check_in", "member", "segment_member"] {
            #expect(try await palms.count("select count(distinct guest_id) from \(identifier: table)") == 1, "\(table)")
        }
        #expect(try await palms.checkIn("member:8").guest.known == false)
        await palms.close()
    }

    @Test func underThirteenStays() async throws {
        let palms = try await Palms()
        try await palms.importCrowd(2)
        _ = try await palms.checkIn("net:g0", id: date("1980-01-01"))
        _ = try await palms.checkIn("net:g1", id: date("2020-01-01"))
        _ = try await palms.join("net:g1", to: "net:g0")
        let member = try await palms.member("net:g0")
        #expect(member.blocked && member.birthDateOnID == nil)
        await palms.close()
    }

    @Test func unitsOfBothCountTogether() async throws {
        let palms = try await Palms()
        try await palms.makeCampaign()
        try await palms.makePerk { $0.perGuest = .init(limit: 3, period: .campaign) }
        for perk in ["gold", "silver"] {
            try await palms.makePerk(perk) {
                $0.group = "welcome"
                $0.rank = perk == "gold" ? 1 : 2
                $0.stock = perk == "gold" ? 1 : nil
            }
        }
        try await palms.importCrowd(2)
        let first = try await palms.redeem("net:g0", key: "1").answer
        _ = try await palms.redeem("net:g0", key: "2")
        _ = try await palms.reverse(first.id)
        _ = try await palms.redeem("net:g1", key: "3")
        let second = try await palms.redeem("net:g1", key: "4").answer
        _ = try await palms.redeem("net:g1", "gold", key: "6")
        _ = try await palms.redeem("net:g0", "silver", key: "5")
        _ = try await palms.join("net:g1", to: "net:g0")
        #expect(try await refusal { _ = try await palms.redeem("net:g1", key: "7") } == .limitReached)
        #expect(try await refusal { _ = try await palms.redeem("net:g1", "silver", key: "8") } == .limitReached)
        #expect(
            try await palms.count(
                "select count(*) from claim where perk_group is not null and status = 'redeemed'") == 1)
        // What was answered once is answered again.
        let replay = try await palms.redeem("net:g1", key: "4")
        #expect(replay.isReplay && replay.answer.id == second.id)
        _ = try await palms.reverse(second.id)
        _ = try await palms.redeem("net:g0", key: "9")
        #expect(try await refusal { _ = try await palms.redeem("net:g0", key: "10") } == .limitReached)
        #expect(try await palms.count("select count(distinct guest_id) from claim") == 1)
        await palms.close()
    }

    @Test(arguments: [("net:g0", "net:g1"), ("net:g1", "net:g0")])
    func oneOptOutIsThePersons(survivor: String, absorbed: String) async throws {
        let palms = try await Palms()
        try await palms.importCrowd(2)
        try await palms.optOut("net:g1")
        let (guest, _) = try await palms.join(absorbed, to: survivor)
        #expect(guest.optedOutAt == Palms.now)
        #expect(try await palms.checkIn("net:g0").guest.known == false)
        let outcome = try await palms.importGuests("network,handle\nnet,g0\nnet,g1")
        #expect(outcome.refusedCount == 2)
        // A handle that joins later is left out as well.
        _ = try await palms.join("net:late", to: survivor)
        #expect(try await palms.importGuests("network,handle\nnet,late").refusedCount == 1)
        await palms.close()
    }

    @Test func aRedemptionWaitsForAJoinAndFindsOnePerson() async throws {
        let palms = try await Palms()
        try await palms.makeCampaign()
        try await palms.makePerk()
        try await palms.importCrowd(2)
        _ = try await palms.redeem("net:g0", key: "1")
        async let code = refusal { _ = try await palms.redeem("net:g1", key: "2") }
        let platform = Principal(role: .operator, actor: "test:operator", brand: palms.owner.brand)
        try await palms.backend.transaction(as: platform) { connection in
            _ = try Guest.join(
                .init(network: "net", handle: "g1"), to: GuestReference("net:g0"), as: platform, at: Palms.now,
                in: connection)
            try connection.spin { try $0.isWaitedFor() || $0.query("select from claim offset 1").count > 0 }
        }
        // It may have come before the join, too; then it is one of two units that count together.
        let outcome = try await code
        let claims = try await palms.count("select count(*) from claim")
        #expect(outcome == .limitReached && claims == 1 || outcome == nil && claims == 2)
        #expect(try await palms.count("select count(distinct guest_id) from claim") == 1)
        await palms.close()
    }

    @Test func redemptionsDuringAJoinNeitherSlipThroughNorGetLost() async throws {
        let palms = try await Palms()
        try await palms.makeCampaign()
        try await palms.makePerk {
            $0.perGuest = .init(limit: 2, period: .day)
            $0.stock = 100
        }
        try await palms.importCrowd(20)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for person in 0..<10 {
                for attempt in 0..<8 {
                    let handle = "net:g\(person * 2 + attempt % 2)"
                    group.addTask {
                        let code = try await refusal {
                            _ = try await palms.redeem(handle, key: "\(person)-\(attempt)")
                        }
                        #expect(code == nil || code == .limitReached)
                    }
                    if attempt == 3 {
                        group.addTask { _ = try await palms.join("net:g\(person * 2 + 1)", to: "net:g\(person * 2)") }
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try await palms.count("select count(*) from guest") == 10)
        #expect(
            try await palms.count("select count(*) from claim where guest_id not in (select guest_id from guest)") == 0)
        #expect(
            try await palms.count(
                "select count(*) from (select from claim group by guest_id having count(*) not between 2 and 4) g") == 0
        )
        #expect(
            try await palms.count("select 100 - remaining as count from perk_stock")
                == palms.count("select count(*) from claim"))
        for person in 0..<10 {
            #expect(
                try await refusal { _ = try await palms.redeem("net:g\(person * 2 + 1)", key: "last-\(person)") }
                    == .limitReached)
        }
        await palms.close()
    }
}
