import Foundation
import Perks
import Postgres
import Testing

/// Guests by the week of their first redemption.
@Suite struct ReportCohortTests {
    private static let question = Report.Question(from: date("2026-10-26"), to: date("2026-11-15"), windowDays: 7)

    @Test func aCohortIsWhatItsGuestsLedToWithinTheWindow() async throws {
        let palms = try await Palms.beforeSharing(guests: 4)
        let monday = moment("2026-11-02T08:00:00Z")
        // g0 and g1 in the week of 2 November, g2 in its last moment; g3 in the next. The week has 7 days of 24 hours.
        for (guest, at) in [
            ("net:g0", monday), ("net:g1", monday.adding(seconds: 86_400)),
            ("net:g2", monday.adding(seconds: 7 * 86_400 - 1)), ("net:g3", monday.adding(seconds: 7 * 86_400)),
        ] { _ = try await palms.redeem(guest, key: guest, now: at) }
        let window = 7 * 86_400
        let share = try await palms.share("net:g0", at: monday)
        let late = try await palms.share("net:g1", at: monday.adding(seconds: 86_400 + window + 1))
        let other = try await palms.share("net:g2", at: monday.adding(seconds: 7 * 86_400 - 1 + window))
        // A whole one after 3 days; half of one at the last moment, outside the range's days; one that is too late.
        try await palms.convert(at: monday.adding(seconds: 3 * 86_400), [(share, monday.adding(seconds: 10))])
        let end = monday.adding(seconds: window)
        try await palms.convert(at: end, [(late, end), (share, end)])
        try await palms.convert(at: end.adding(seconds: 1), [(share, end)])
        var question = Self.question
        question.attribution = .linear
        let cohorts = try await palms.report(question, at: moment("2026-11-16T08:00:00Z")).cohorts
        #expect(cohorts.map(\.week) == [date("2026-11-02")])
        let cohort = try #require(cohorts.first)
        #expect(cohort.guests == 3 && cohort.shares == 2)
        #expect(cohort.conversions == Decimal(string: "1.5"))
        #expect(cohort.invitationsPerGuest == Decimal(string: "0.6667"))
        #expect(cohort.conversionsPerInvitation == Decimal(string: "0.75"))
        #expect(cohort.kFactor == Decimal(string: "0.5"))
        // (3 × 1 + 7 × 0.5) / 1.5 days.
        #expect(cohort.cycleDays == Decimal(string: "4.33"))
        #expect(other != share)
        await palms.close()
    }

    @Test func aCohortIsListedOnceItIsClosed() async throws {
        let palms = try await Palms.beforeSharing(guests: 1)
        _ = try await palms.redeem("net:g0", key: "1", now: moment("2026-11-04T12:00:00Z"))
        // Monday 2 November and 7 + 7 days, in Los Angeles.
        let closing = moment("2026-11-16T08:00:00Z")
        let before = Timestamp(microseconds: closing.microseconds - 1)
        #expect(try await palms.report(Self.question, at: before).cohorts.isEmpty)
        let cohorts = try await palms.report(Self.question, at: closing).cohorts
        #expect(cohorts.map(\.guests) == [1])
        #expect(cohorts.map(\.conversionsPerInvitation) == [nil])
        #expect(cohorts.map(\.cycleDays) == [nil])
        #expect(try JSONValue(of: try #require(cohorts.first))["cycle_days"] == JSONValue.null)

        // A week that the range cuts is none.
        var cut = Self.question
        cut.from = date("2026-11-03")
        #expect(try await palms.report(cut, at: Palms.now).cohorts.isEmpty)
        cut = Self.question
        cut.to = date("2026-11-07")
        #expect(try await palms.report(cut, at: Palms.now).cohorts.isEmpty)
        await palms.close()
    }

    @Test func aGuestBelongsToTheFirstWeekEverWhoseRedemptionStands() async throws {
        let palms = try await Palms.beforeSharing(guests: 2)
        try await palms.makePerk("coffee")
        for (guest, perk, at) in [
            ("net:g0", "coffee", "2026-10-20T12:00:00Z"), ("net:g0", "suite-upgrade", "2026-11-03T12:00:00Z"),
            ("net:g1", "suite-upgrade", "2026-11-03T12:00:00Z"),
        ] { _ = try await palms.redeem(guest, perk, key: guest + perk, now: moment(at)) }
        let taken = try await palms.redeem("net:g1", "coffee", key: "x", now: moment("2026-10-27T12:00:00Z")).answer
        let weeks = { try await palms.report(Self.question, at: Palms.now).cohorts.map(\.week) }
        #expect(try await weeks() == [date("2026-10-26")])
        _ = try await palms.reverse(taken.id, now: moment("2026-10-27T13:00:00Z"))
        #expect(try await weeks() == [date("2026-11-02")])
        await palms.close()
    }
}
