import Foundation
import Perks
import Postgres
import Testing

/// Which conversions count, and who is credited for them.
@Suite struct ReportAttributionTests {
    @Test func aTouchCountsUpToBothEndsOfTheWindowToTheMicrosecond() async throws {
        let palms = try await Palms.beforeSharing(guests: 1)
        let share = try await palms.share("net:g0", at: moment("2026-11-01T00:00:00Z"))
        let now = moment("2026-11-21T12:00:00Z")
        let week: Int64 = 7 * 86_400_000_000
        for age in [-1, 0, week, week + 1] {
            try await palms.convert(at: now, [(share, Timestamp(microseconds: now.microseconds - age))])
        }
        let report = try await palms.report(.init(windowDays: 7))
        #expect(report.totals.conversions == 2)
        #expect(report.totals.conversionsUnattributed == 2)
        #expect(report.days.last?.conversions == 2)
        #expect(try await palms.report(.init(windowDays: 8)).totals.conversions == 3)
        #expect(report.attribution.window.contains("up to 7 days of 86,400 s"))
        await palms.close()
    }

    @Test(
        arguments: [
            (.last, 1, [10000]), (.first, 1, [10000]), (.linear, 1, [10000]), (.position, 1, [10000]),
            (.last, 2, [0, 10000]), (.first, 2, [10000, 0]), (.linear, 2, [5000, 5000]), (.position, 2, [5000, 5000]),
            (.last, 3, [0, 0, 10000]), (.first, 3, [10000, 0, 0]), (.linear, 3, [3334, 3333, 3333]),
            (.position, 3, [4000, 2000, 4000]),
            (.linear, 4, [2500, 2500, 2500, 2500]), (.position, 4, [4000, 1000, 1000, 4000]),
            (.last, 7, [0, 0, 0, 0, 0, 0, 10000]), (.first, 7, [10000, 0, 0, 0, 0, 0, 0]),
            (.linear, 7, [1429, 1429, 1429, 1429, 1428, 1428, 1428]),
            (.position, 7, [4000, 400, 400, 400, 400, 400, 4000]),
        ] as [(Attribution, Int, [Int])])
    func eachModelSharesTheCreditAmongTheTouches(model: Attribution, touches: Int, credits: [Int]) async throws {
        let palms = try await Palms.beforeSharing(guests: touches)
        let now = moment("2026-11-21T12:00:00Z")
        var made: [(share: UUID, at: Timestamp)] = []
        for guest in 0..<touches {
            let id = try await palms.share("net:g\(guest)", at: now.adding(seconds: -100 * 86_400))
            made.append((id, now.adding(seconds: guest - 1000)))
        }
        // One that is too old comes first, and takes nothing from the others.
        try await palms.convert(at: now, [(made[0].share, now.adding(seconds: -31 * 86_400))] + made)
        let report = try await palms.report(.init(attribution: model), as: palms.knowing)
        let given = report.topSharers.reduce(into: [String: Int]()) { $0[$1.sharer] = $1.conversionCredit }
        #expect(report.attribution.model == model)
        for guest in 0..<touches { #expect(given["net:g\(guest)", default: 0] == credits[guest]) }
        #expect(report.totals.conversions == 1)
        await palms.close()
    }

    @Test func theCreditsOfOneConversionAddUp() async throws {
        let palms = try await Palms()
        let wrong = try await palms.count(
            """
            select count(*) from (
                select model, touches, sum(touch_credit(model, nth, touches)) as credit,
                       min(touch_credit(model, nth, touches)) as least
                from unnest(array['last', 'first', 'linear', 'position']) model, generate_series(1, 100) touches,
                     generate_series(1, touches) nth
                group by model, touches
            ) s where credit <> 10000 or least < 0
            """)
        #expect(wrong == 0)
        await palms.close()
    }

    @Test func whatIsTakenBackLeavesAndWhatComesLateLandsInItsDay() async throws {
        let palms = try await Palms.beforeSharing(guests: 1)
        let share = try await palms.share("net:g0", at: moment("2026-11-19T12:00:00Z"), perk: "suite-upgrade")
        // 23:59:59.999999 on the 19th and midnight on the 20th, in Los Angeles.
        let (last, first) = (moment("2026-11-20T07:59:59.999999Z"), moment("2026-11-20T08:00:00Z"))
        try await palms.click(share, at: last, "human", "bot", "self", "too_fast", "duplicate", "human")
        try await palms.click(share, at: first, "human")
        try await palms.convert(at: last, [(share, last)])
        try await palms.convert(at: last, [(share, last)], isReversed: true)
        try await palms.convert(at: first, [(share, last)])
        try await palms.post(share, at: last, reach: 10, impressions: nil, isDisclosed: true)
        try await palms.post(share, at: last, reach: nil, impressions: 500, isDisclosed: false)
        try await palms.post(share, at: first, reach: 7, impressions: 70, isDisclosed: true)
        let report = try await palms.report(.init(from: date("2026-11-19"), to: date("2026-11-20")))
        #expect(report.days.map(\.clicksGross) == [6, 1])
        #expect(report.days.map(\.clicksNet) == [2, 1])
        #expect(report.days.map(\.conversions) == [1, 1])
        #expect(report.days.map(\.shares) == [1, 0])
        #expect(report.totals.conversionsReversed == 1)
        #expect(report.perks.map(\.conversionCredit) == [20_000])
        #expect(report.perks.map(\.clicksNet) == [3])
        #expect(report.rates["net_clicks"] == Decimal(string: "0.4286"))
        #expect(report.rates["conversion"] == Decimal(string: "0.6667"))

        // What lies just outside is not there, and the link itself still stands for what happened inside.
        let day = try await palms.report(.init(from: date("2026-11-20"), to: date("2026-11-20")))
        #expect(day.totals.clicksGross == 1 && day.totals.conversions == 1)
        #expect(day.totals.shares == 0 && day.totals.posts == 1)
        let earlier = try await palms.report(.init(from: date("2026-11-19"), to: date("2026-11-19")))
        let kinds = earlier.totals.clicksBy
        #expect(kinds.human == 2 && kinds.bot == 1 && kinds.own == 1)
        #expect(kinds.tooFast == 1 && kinds.duplicate == 1)
        #expect(earlier.totals.posts == 2 && earlier.totals.postsDisclosed == 1)
        #expect(earlier.totals.reach == 10 && earlier.totals.potentialImpressions == 500)
        #expect(earlier.rates["disclosure"] == Decimal(string: "0.5"))
        await palms.close()
    }

    @Test func aWindowThatCannotBeIsRefused() async throws {
        let palms = try await Palms.beforeSharing(guests: 0)
        for days in [0, 366] {
            #expect(try await refusal { _ = try await palms.report(.init(windowDays: days)) } == .invalidRequest)
        }
        await palms.close()
    }
}
