import Eligibility
import Foundation
import Perks
import Postgres
import Testing

/// What happened told apart by venue, network, topic and score, and by period.
@Suite struct ReportDimensionTests {
    @Test func everyDimensionIsAPartitionOfTheTotals() async throws {
        let palms = try await Palms.beforeSharing(guests: 1)
        try await palms.makeVenue("reno", zone: "America/Los_Angeles", region: "NV")
        try await palms.importTopics([(1, "beer"), (2, "wine")])
        try await palms.importGuests(
            """
            network,handle,birth_date,score,topics
            net,a,1980-01-01,90,wine:50;beer:50
            web,b,1980-01-01,89.99,wine:60;beer:50
            """, at: Palms.now.adding(seconds: -60))
        try await palms.join("aaa:a", to: "net:a")
        // g0 has no topic; a has two of one strength; nobody knows the stranger.
        for (guest, venue) in [("net:a", "reno"), ("web:b", "las-vegas"), ("net:g0", "reno"), ("net:who", "reno")] {
            _ = try await palms.checkIn(guest, at: venue)
        }
        _ = try await palms.redeem("net:a", at: "reno", key: "1")
        let taken = try await palms.redeem("web:b", key: "2").answer
        _ = try await palms.reverse(taken.id)
        _ = try await refusal { _ = try await palms.redeem("net:a", key: "3") }
        let (placed, placeless) = (
            try await palms.share("web:b", at: Palms.now, venue: "reno"), try await palms.share("net:g0", at: Palms.now)
        )
        try await palms.click(placed, at: Palms.now, "human", "bot")
        try await palms.click(placeless, at: Palms.now, "human")
        try await palms.convert(at: Palms.now, [(placed, Palms.now), (placeless, Palms.now), (placed, Palms.now)])

        let report = try await palms.report(.init(attribution: .linear))
        #expect(report.venues.map(\.name) == ["reno", "las-vegas", nil])
        #expect(report.venues.map(\.checkIns) == [3, 1, 0])
        #expect(report.venues.map(\.redeemed) == [1, 0, 0])
        #expect(report.venues.map(\.reversed) == [0, 1, 0])
        #expect(report.venues.map(\.refused) == [0, 1, 0])
        #expect(report.venues.map(\.clicksGross) == [2, 0, 1])
        #expect(report.venues.map(\.conversionCredit) == [6667, 0, 3333])
        // The handle that came first counts, not the first of the alphabet.
        #expect(report.networks.map(\.name) == ["net", "web", nil])
        #expect(report.networks.map(\.checkIns) == [2, 1, 1])
        #expect(report.topics.map(\.name) == ["beer", "wine", nil])
        #expect(report.topics.map(\.shares) == [0, 1, 1])
        #expect(report.scoreBands.map(\.name) == ["70-79", "80-89", "90-100", nil])
        let totals = report.totals
        for lines in [report.venues, report.networks, report.topics, report.scoreBands] {
            func sum(_ figure: (Report.Line) -> Int) -> Int { lines.map(figure).reduce(0, +) }
            #expect(sum(\.checkIns) == totals.checkIns && sum(\.qualified) == totals.qualified)
            #expect(sum(\.redeemed) == totals.redeemed && sum(\.reversed) == totals.reversed)
            #expect(sum(\.refused) == totals.refused.values.reduce(0, +) && sum(\.cost) == totals.cost)
            #expect(sum(\.shares) == totals.shares && sum(\.clicksGross) == totals.clicksGross)
            #expect(sum(\.clicksNet) == totals.clicksNet)
            #expect(sum(\.conversionCredit) == totals.conversions * 10_000)
        }
        let faults = Report.schema.violations(in: try JSONValue(of: report))
        #expect(faults.isEmpty, "\(faults)")
        #expect(try JSONValue(of: report.venues[2])["name"] == JSONValue.null)
        await palms.close()
    }

    @Test func theScoreInForceAtTheEndOfTheRangeCounts() async throws {
        let palms = try await Palms.beforeSharing(guests: 1)
        let end = moment("2026-11-21T08:00:00Z")
        _ = try await palms.checkIn("net:g0", now: end.adding(seconds: -3600))
        let question = Report.Question(from: date("2026-11-20"), to: date("2026-11-20"))
        func band() async throws -> [String] {
            try await palms.report(question).scoreBands.map { $0.name ?? "not known" }
        }
        let unmeasured = try await band()
        #expect(unmeasured == ["not known"])
        try await palms.score("g0", 10, at: end.adding(seconds: -10))
        #expect(try await band() == ["10-19"])
        try await palms.score("g0", 55, at: end)
        #expect(try await band() == ["10-19"])
        try await palms.score("g0", 100, at: Timestamp(microseconds: end.microseconds - 1))
        #expect(try await band() == ["90-100"])
        // Of two by different models at one moment the one recorded later, then the model in force, then the greater.
        let same = Timestamp(microseconds: end.microseconds - 1)
        try await palms.score("g0", 30, at: same, model: "a2", recordedAt: Palms.now.adding(seconds: -1))
        #expect(try await band() == ["90-100"])
        try await palms.score("g0", 40, at: same, model: "a3", recordedAt: Palms.now.adding(seconds: 1))
        try await palms.score("g0", 45, at: same, model: "a4", recordedAt: Palms.now.adding(seconds: 1))
        #expect(try await band() == ["40-49"])
        try await palms.write("update guest_score set score = 5100 where model = 'a4'")
        #expect(try await band() == ["50-59"])
        try await palms.write("update guest set score_model = 'a3'")
        #expect(try await band() == ["40-49"])
        await palms.close()
    }

    @Test func topicsBeyondFiftyAreSummedAndWhatASpreadsheetWouldRunIsNot() async throws {
        let palms = try await Palms.beforeSharing(guests: 52)
        try await palms.write(
            """
            with made as (
                insert into topic (source_id, slug, name, created_at)
                select n::text, case n when 0 then '=cmd,"x"' else 'topic-' || n + 100 end, 'x', now()
                from generate_series(0, 51) n returning id, source_id
            )
            insert into guest_topic (guest_id, topic_id, strength)
            select k.guest_id, m.id, 100 from made m join identity k on k.handle_key = 'g' || m.source_id
            """)
        for guest in 0..<52 { _ = try await palms.checkIn("net:g\(guest)") }
        _ = try await palms.checkIn("net:who")
        let report = try await palms.report()
        #expect(report.topics.count == 52)
        #expect(report.topics.prefix(2).map(\.name) == ["=cmd,\"x\"", "topic-101"])
        #expect(report.topics.suffix(3).map(\.name) == ["topic-149", "(other)", nil])
        #expect(report.topics.suffix(3).map(\.checkIns) == [1, 2, 1])
        let csv = report.csv(by: .topic).split(separator: "\r\n", omittingEmptySubsequences: false)
        #expect(csv[0].hasPrefix("topic,check_ins,"))
        #expect(csv[1] == "\"'=cmd,\"\"x\"\"\",1,1,0,0,0,0,0,0,0,0")
        #expect(csv[52] == ",1,0,0,0,0,0,0,0,0,0")
        await palms.close()
    }

    @Test func weeksBeginOnMondayAndMonthsOnTheFirst() async throws {
        let palms = try await Palms.beforeSharing(guests: 1)
        // 2026 ends on a Thursday, in the week of Monday 28 December.
        for day in ["2026-12-27", "2026-12-28", "2026-12-31", "2027-01-01", "2027-01-03", "2027-01-04"] {
            _ = try await palms.checkIn("net:g0", now: moment(day + "T20:00:00Z"))
        }
        let report = try await palms.report(.init(from: date("2026-12-23"), to: date("2027-01-05")))
        #expect(report.weeks.map(\.date) == ["2026-12-21", "2026-12-28", "2027-01-04"].map(date))
        #expect(report.weeks.map(\.checkIns) == [1, 4, 1])
        #expect(report.months.map(\.date) == ["2026-12-01", "2027-01-01"].map(date))
        #expect(report.months.map(\.checkIns) == [3, 3])
        for breakdown in Report.Breakdown.allCases {
            let lines = report.csv(by: breakdown).split(separator: "\r\n").map {
                $0.split(separator: ",", omittingEmptySubsequences: false)
            }
            #expect(lines.first?.first.map(String.init) == (breakdown == .day ? "date" : breakdown.rawValue))
            #expect(Set(lines.map(\.count)).count == 1)
        }
        await palms.close()
    }

    @Test func daysOfTwentyThreeAndTwentyFiveHoursHoldTheirClicks() async throws {
        let palms = try await Palms.beforeSharing(guests: 1)
        let share = try await palms.share("net:g0", at: moment("2026-03-01T00:00:00Z"))
        for (start, hours, days) in [("2026-03-08T08:00:00Z", 47, [23, 24]), ("2026-11-01T07:00:00Z", 49, [25, 24])] {
            for hour in 0..<hours {
                try await palms.click(share, at: moment(start).adding(seconds: hour * 3600), "human")
            }
            let first = date(String(start.prefix(10)))
            let report = try await palms.report(.init(from: first, to: first.adding(days: 1)))
            #expect(report.days.map(\.clicksNet) == days)
        }
        await palms.close()
    }
}
