import Eligibility
import Foundation
import Perks
import Postgres
import Testing

@Suite struct ReportTests {
    @Test func everyFigureIsWhatHappened() async throws {
        let palms = try await Palms()
        try await palms.makeCampaign { $0.ruleText = "score >= 60" }
        try await palms.makePerk("suite") {
            $0.stock = 2
            $0.cost = 500
            $0.rank = 1
        }
        try await palms.makePerk("coffee") { $0.cost = 30 }
        try await palms.importGuests(
            """
            network,handle,birth_date,score
            net,a,1980-01-01,70
            net,b,1980-01-01,80
            net,c,1980-01-01,90
            net,low,1980-01-01,10
            net,teen,2010-01-01,70
            """)
        // Two days by the brand's clocks: 19:00 on the 21st, and just past midnight on the 22nd.
        let (first, second) = (Palms.now, moment("2026-11-22T08:00:01Z"))
        for guest in ["a", "a", "b", "c", "low", "teen", "stranger"] {
            _ = try await palms.checkIn("net:\(guest)", now: first)
        }
        _ = try await palms.checkIn("net:a", now: second)
        _ = try await palms.redeem("net:a", "suite", key: "1", now: first)
        let taken = try await palms.redeem("net:b", "suite", key: "2", now: first).answer
        _ = try await refusal { _ = try await palms.redeem("net:c", "suite", key: "3", now: first) }
        _ = try await refusal { _ = try await palms.redeem("net:low", "coffee", key: "4", now: second) }
        _ = try await palms.reverse(taken.id, now: second)
        _ = try await palms.redeem("net:c", "suite", key: "3", now: second)
        _ = try await palms.redeem("net:c", "coffee", key: "5", now: second)

        let report = try await compute(palms, .init(from: date("2026-11-21"), to: date("2026-11-22")))
        #expect(report.timeZone == "America/Los_Angeles")
        #expect(report.totals.checkIns == 8)
        #expect(report.totals.guestsCheckedIn == 5)
        #expect(report.totals.qualified == 5)
        #expect(report.totals.guestsQualified == 3)
        #expect(report.totals.redeemed == 3)
        #expect(report.totals.guestsRedeemed == 2)
        #expect(report.totals.reversed == 1)
        #expect(report.totals.refused == ["sold_out": 1, "not_qualified": 1])
        #expect(report.totals.cost == 1030)
        #expect(report.days.map(\.date) == [date("2026-11-21"), date("2026-11-22")])
        #expect(report.days.map(\.checkIns) == [7, 1])
        #expect(report.days.map(\.redeemed) == [1, 2])
        #expect(report.days.map(\.reversed) == [1, 0])
        #expect(report.days.map(\.refused) == [1, 1])
        #expect(report.perks.map(\.perk.slug) == ["suite", "coffee"])
        #expect(report.perks.map(\.redeemed) == [2, 1])
        #expect(report.perks.map(\.remaining) == [0, nil])
        #expect(report.rates["qualification"] == Decimal(string: "0.625"))
        #expect(report.rates["redemption"] == Decimal(string: "0.6"))
        #expect(Set(report.rates.keys).isSubset(of: report.formulas.keys))
        #expect(report.csv().split(separator: "\r\n").count == 3)
        await palms.close()
    }

    @Test func aRateWithNothingToDivideByIsNull() async throws {
        let palms = try await Palms()
        try await palms.makeCampaign()
        let report = try await compute(palms, .init())
        #expect(report.rates.count == 11)
        #expect(report.rates.values.allSatisfy { $0 == nil })
        let json = try JSONValue(of: report)
        #expect(json["rates"]?["qualification"] == .null)
        await palms.close()
    }

    @Test func everyDayOfAChangeOfTheClocksIsCountedOnce() async throws {
        let palms = try await Palms()
        try await palms.makeCampaign()
        try await palms.makePerk()
        try await palms.importCrowd(1)
        // Every hour from 31 October to 3 November; the clocks go back on 1 November, a day of 25 hours.
        let start = moment("2026-10-31T07:00:00Z")
        for hour in 0..<73 { _ = try await palms.checkIn("net:g0", now: start.adding(seconds: hour * 3600)) }
        let report = try await compute(palms, .init(from: date("2026-10-31"), to: date("2026-11-02")))
        #expect(report.days.map(\.checkIns) == [24, 25, 24])
        await palms.close()
    }

    @Test func anImpossibleRangeIsRefused() async throws {
        let palms = try await Palms()
        try await palms.makeCampaign()
        for range in [
            Report.Question(from: date("2026-11-22"), to: date("2026-11-21")),
            Report.Question(from: date("2000-01-01"), to: date("2026-11-21")),
        ] {
            #expect(try await refusal { _ = try await compute(palms, range) } == .invalidRequest)
        }
        await palms.close()
    }

    private func compute(_ palms: Palms, _ range: Report.Question) async throws -> Report {
        try await palms.backend.transaction(as: palms.owner, readOnly: true) { connection in
            try Report.compute(for: .slug("opening-night"), range, as: palms.owner, at: Palms.now, in: connection)
        }
    }
}
