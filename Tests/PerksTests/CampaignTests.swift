import Eligibility
import Foundation
import Postgres
import Testing

@testable import Perks

@Suite struct CampaignTests {
    private func campaign(from start: String?, to end: String?) -> Campaign {
        Campaign(
            id: ID(at: Palms.now), slug: "opening-night", name: "Opening night", category: .general, status: .active,
            startsAt: start.flatMap(Boundary.init), endsAt: end.flatMap(Boundary.init), venues: [], requireID: false,
            disclosure: "#ad", revision: 1)
    }

    @Test(
        arguments: [
            // Without a schedule it always runs.
            (nil, nil, "UTC", "2026-11-21T12:00:00Z", true),
            // A moment is the same everywhere; both ends belong to it.
            ("2026-11-01T08:00:00Z", nil, "UTC", "2026-11-01T07:59:59.999999Z", false),
            ("2026-11-01T08:00:00Z", nil, "Pacific/Kiritimati", "2026-11-01T07:59:59.999999Z", false),
            ("2026-11-01T08:00:00Z", nil, "Pacific/Pago_Pago", "2026-11-01T08:00:00Z", true),
            (nil, "2026-11-01T08:00:00Z", "Pacific/Kiritimati", "2026-11-01T08:00:00Z", true),
            (nil, "2026-11-01T08:00:00Z", "Pacific/Pago_Pago", "2026-11-01T08:00:00.000001Z", false),
            // A date is that of the venue: the first begins at its first moment …
            ("2026-11-21", nil, "America/Los_Angeles", "2026-11-21T07:59:59.999999Z", false),
            ("2026-11-21", nil, "America/Los_Angeles", "2026-11-21T08:00:00Z", true),
            ("2026-11-21", nil, "Pacific/Kiritimati", "2026-11-20T10:00:00Z", true),
            ("2026-11-21", nil, "UTC", "2026-11-20T10:00:00Z", false),
            // … and the last ends with its last.
            (nil, "2026-11-21", "America/Los_Angeles", "2026-11-22T07:59:59.999999Z", true),
            (nil, "2026-11-21", "America/Los_Angeles", "2026-11-22T08:00:00Z", false),
            // At this moment it ended yesterday on Kiritimati, today in London, and goes on in Pago Pago.
            (nil, "2026-11-20", "Pacific/Kiritimati", "2026-11-21T10:30:00Z", false),
            (nil, "2026-11-20", "Europe/London", "2026-11-21T10:30:00Z", false),
            (nil, "2026-11-20", "Pacific/Pago_Pago", "2026-11-21T10:30:00Z", true),
            (nil, "2026-11-21", "Pacific/Kiritimati", "2026-11-21T10:30:00Z", false),
            (nil, "2026-11-21", "Europe/London", "2026-11-21T10:30:00Z", true),
            // A single day, and the days on which clocks change.
            ("2026-11-21", "2026-11-21", "Asia/Tokyo", "2026-11-20T15:00:00Z", true),
            ("2026-11-21", "2026-11-21", "Asia/Tokyo", "2026-11-21T15:00:00Z", false),
            ("2026-03-08", "2026-03-08", "America/Los_Angeles", "2026-03-09T06:59:59Z", true),
            ("2026-03-08", "2026-03-08", "America/Los_Angeles", "2026-03-09T07:00:00Z", false),
            ("2026-11-01", "2026-11-01", "America/Los_Angeles", "2026-11-02T07:59:59Z", true),
            ("2026-11-01", "2026-11-01", "America/Los_Angeles", "2026-11-02T08:00:00Z", false),
            ("2018-11-04", "2018-11-04", "America/Sao_Paulo", "2018-11-04T02:59:59Z", false),
            ("2018-11-04", "2018-11-04", "America/Sao_Paulo", "2018-11-04T03:00:00Z", true),
            // A moment and a date together.
            ("2026-11-21T12:00:00Z", "2026-11-21", "UTC", "2026-11-21T11:59:59Z", false),
            ("2026-11-21T12:00:00Z", "2026-11-21", "UTC", "2026-11-21T23:59:59Z", true),
        ] as [(String?, String?, String, String, Bool)])
    func theScheduleCovers(start: String?, end: String?, zone: String, time: String, expected: Bool) throws {
        let day = try #require(Zone(zone)).local(moment(time)).date
        #expect(campaign(from: start, to: end).isScheduled(at: moment(time), on: day) == expected)
    }

    @Test func theStatusGoesForwardsOnly() {
        let allowed: [Campaign.Status: Set<Campaign.Status>] = [
            .draft: [.active, .ended], .active: [.paused, .ended], .paused: [.active, .ended], .ended: [],
        ]
        for status in Campaign.Status.allCases {
            #expect(Set(Campaign.Status.allCases.filter(status.canBecome)) == allowed[status], "\(status)")
        }
    }

    @Test(arguments: [
        ("2026-11-21", "2026-11-21"), ("2026-11-21T19:02:11Z", "2026-11-21T19:02:11Z"),
        ("2026-11-21T19:02:11+01:00", "2026-11-21T18:02:11Z"),
    ])
    func aBoundaryKeepsItsKind(text: String, written: String) throws {
        let boundary = try #require(Boundary(text))
        let json = try JSONValue(of: [boundary])
        #expect(json == .array([.string(written)]))
        #expect(try json.decode(as: [Boundary].self) == [boundary])
    }

    @Test(arguments: ["", "2026-02-30", "2026-11-21T25:00:00Z", "2026-11", "tomorrow", "2026-11-21T19:02:11"])
    func otherTextIsNoBoundary(text: String) {
        #expect(Boundary(text) == nil)
    }
}
