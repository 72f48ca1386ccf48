import Foundation
import Perks
import Postgres
import Testing

/// What a report says of people: their scores on average, and the names of a few.
@Suite struct ReportPeopleTests {
    @Test func scoresAreAveragedBeforeDuringAndAfterTheCampaign() async throws {
        let palms = try await Palms.beforeSharing(guests: 3) { draft in
            draft.startsAt = .date(date("2026-11-10"))
            draft.endsAt = .moment(moment("2026-11-20T00:00:00Z"))
        }
        let (begin, end) = (moment("2026-11-10T08:00:00Z"), moment("2026-11-20T00:00:00Z"))
        let inside = moment("2026-11-12T00:00:00Z")
        for guest in 0..<3 { _ = try await palms.checkIn("net:g\(guest)", now: inside) }
        for guest in 0..<2 { _ = try await palms.redeem("net:g\(guest)", key: "\(guest)", now: inside) }
        try await palms.write("delete from guest_score")
        let question = Report.Question(from: date("2026-11-01"))
        try await palms.score("g0", 10, at: begin.adding(seconds: -100))
        try await palms.score("g0", 20, at: Timestamp(microseconds: begin.microseconds - 1))
        try await palms.score("g1", 25, at: begin.adding(seconds: -7))
        try await palms.score("g0", 31, at: begin)
        try await palms.score("g0", 40, at: end)
        try await palms.score("g2", 60, at: Timestamp(microseconds: end.microseconds + 1))
        var scores = try await palms.report(question).scores
        #expect(scores.participants.guests == 2)
        #expect(scores.participants.before.guests == 2)
        #expect(scores.participants.before.average == Decimal(string: "22.5"))
        #expect(scores.participants.during.guests == 1)
        #expect(scores.participants.during.average == 40)
        #expect(scores.participants.after.average == nil)
        #expect(scores.qualifiedOnly.guests == 1)
        #expect(scores.qualifiedOnly.during.guests == 0)
        #expect(scores.qualifiedOnly.after.average == 60)
        #expect(scores.models == ["m1"] && scores.comparable)

        try await palms.score("g1", 30, at: end.adding(seconds: 5), model: "m2")
        scores = try await palms.report(question).scores
        #expect(scores.participants.after.average == 30)
        #expect(scores.models == ["m1", "m2"] && !scores.comparable)
        await palms.close()
    }

    @Test func sharersAreNamedToThoseWhoMayReadThem() async throws {
        let palms = try await Palms.beforeSharing(guests: 4)
        try await palms.importGuests("network,handle,birth_date,display_name\nnet,g1,1980-01-01,Bea")
        // g0 and g1 checked in; g2 never did; g3 will have opted out.
        for guest in ["net:g0", "net:g1", "net:g3"] { _ = try await palms.checkIn(guest) }
        for (guest, clicks) in [("net:g0", 1), ("net:g1", 4), ("net:g2", 3), ("net:g3", 2)] {
            let share = try await palms.share(guest, at: Palms.now)
            for _ in 0..<clicks { try await palms.click(share, at: Palms.now, "human", "bot") }
        }
        let converting = try await palms.share("net:g0", at: Palms.now.adding(seconds: -1), isCurrent: false)
        try await palms.convert(at: Palms.now, [(converting, Palms.now)])
        try await palms.optOut("net:g3")

        let asOwner = try await palms.report().topSharers
        #expect(asOwner.map(\.sharer) == ["net:g0", "Bea", "Sharer 3", "Sharer 4"])
        #expect(asOwner.filter { $0.guest == nil }.map(\.sharer) == ["Sharer 3", "Sharer 4"])
        #expect(asOwner.map(\.shares) == [2, 1, 1, 1])
        #expect(asOwner.map(\.clicksNet) == [1, 4, 3, 2])
        #expect(asOwner.map(\.conversionCredit) == [10_000, 0, 0, 0])
        #expect(try JSONValue(of: asOwner[2])["guest"] == nil)

        let asOperator = try await palms.report(as: palms.knowing).topSharers
        #expect(asOperator.map(\.sharer) == ["net:g0", "Bea", "net:g2", "Sharer 4"])

        let before = try await palms.report()
        try await palms.erase("net:g1")
        let after = try await palms.report()
        #expect(after.topSharers.map(\.sharer) == ["net:g0", "Sharer 2", "Sharer 3", "Sharer 4"])
        #expect(after.totals.clicksNet == before.totals.clicksNet)
        #expect(after.networks.map(\.name) == ["net", nil])
        #expect(after.networks.map(\.clicksNet) == [6, 4])
        await palms.close()
    }

    @Test func whoLedToNothingIsNoTopSharerAndTenAreEnough() async throws {
        let palms = try await Palms.beforeSharing(guests: 12)
        for guest in 0..<12 {
            let share = try await palms.share("net:g\(guest)", at: Palms.now.adding(seconds: -guest))
            try await palms.click(share, at: Palms.now, guest == 11 ? "bot" : "human")
            _ = try await palms.checkIn("net:g\(guest)")
        }
        // All alike: the earliest link comes first.
        let sharers = try await palms.report().topSharers.map(\.sharer)
        #expect(sharers == (1...10).reversed().map { "net:g\($0)" })
        await palms.close()
    }
}
