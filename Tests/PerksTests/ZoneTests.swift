import Eligibility
import Foundation
import Postgres
import Testing

@testable import Perks

@Suite struct ZoneTests {
    @Test(arguments: [
        "UTC", "Etc/UTC", "America/Los_Angeles", "America/Argentina/Buenos_Aires", "Asia/Calcutta", "Europe/Kyiv",
        "Pacific/Apia",
    ])
    func zonesAreFoundByTheirName(name: String) throws {
        let zone = try #require(Zone(name))
        #expect(zone.name == name)
        #expect(Zone.stored(name) == zone)
    }

    @Test(arguments: [
        "", "/", "PST", "EST5EDT", "GMT+2", "GMT", "+02:00", "UTC+2", "utc", "America", "America/", "America/Atlantis",
        "America/Los Angeles", " America/Los_Angeles", "America/Los_Angeles\n", "../UTC", "/etc/localtime",
    ])
    func otherNamesAreRefused(name: String) {
        #expect(Zone(name) == nil)
        #expect(Zone.stored(name) == .utc)
    }

    @Test(arguments: [
        // Three dates at one moment, around the date line.
        ("Pacific/Kiritimati", "2026-11-21T10:30:00Z", "2026-11-22", "00:30"),
        ("UTC", "2026-11-21T10:30:00Z", "2026-11-21", "10:30"),
        ("Pacific/Pago_Pago", "2026-11-21T10:30:00Z", "2026-11-20", "23:30"),
        ("Asia/Kathmandu", "2026-11-20T18:14:59.999999Z", "2026-11-20", "23:59"),
        ("Asia/Kathmandu", "2026-11-20T18:15:00Z", "2026-11-21", "00:00"),
        // Before 1970 a time of day still runs forwards.
        ("UTC", "1969-12-31T23:59:59.999999Z", "1969-12-31", "23:59"),
        ("America/New_York", "1969-12-31T04:59:59.999999Z", "1969-12-30", "23:59"),
        // Clocks go forward: 02:00 is 03:00.
        ("America/Los_Angeles", "2026-03-08T09:59:59.999999Z", "2026-03-08", "01:59"),
        ("America/Los_Angeles", "2026-03-08T10:00:00Z", "2026-03-08", "03:00"),
        // Clocks go back: 01:00 comes twice.
        ("America/Los_Angeles", "2026-11-01T08:00:00Z", "2026-11-01", "01:00"),
        ("America/Los_Angeles", "2026-11-01T08:59:59.999999Z", "2026-11-01", "01:59"),
        ("America/Los_Angeles", "2026-11-01T09:00:00Z", "2026-11-01", "01:00"),
        ("Australia/Lord_Howe", "2026-04-04T15:00:00Z", "2026-04-05", "01:30"),
        ("Pacific/Apia", "2011-12-30T09:59:59.999999Z", "2011-12-29", "23:59"),
        ("Pacific/Apia", "2011-12-30T10:00:00Z", "2011-12-31", "00:00"),
    ])
    func aClockOnTheWallShows(zone: String, time: String, day: String, clock: String) throws {
        let local = try #require(Zone(zone)).local(moment(time))
        #expect(local.date == date(day))
        #expect(local.minute == minute(clock))
        #expect(local.weekday == date(day).weekday)
    }

    private func minute(_ clock: String) -> Int {
        clock.split(separator: ":").compactMap { Int($0) }.reduce(0) { $0 * 60 + $1 }
    }

    @Test(arguments: [
        ("UTC", "2026-11-21", "2026-11-21T00:00:00Z"), ("UTC", "1969-12-31", "1969-12-31T00:00:00Z"),
        ("Pacific/Kiritimati", "2026-11-21", "2026-11-20T10:00:00Z"),
        ("Pacific/Pago_Pago", "2026-11-21", "2026-11-21T11:00:00Z"),
        ("Asia/Kathmandu", "2026-11-21", "2026-11-20T18:15:00Z"),
        // Both changes of the clocks, on the day and on the one after.
        ("America/Los_Angeles", "2026-03-08", "2026-03-08T08:00:00Z"),
        ("America/Los_Angeles", "2026-03-09", "2026-03-09T07:00:00Z"),
        ("America/Los_Angeles", "2026-11-01", "2026-11-01T07:00:00Z"),
        ("America/Los_Angeles", "2026-11-02", "2026-11-02T08:00:00Z"),
        ("Australia/Lord_Howe", "2026-04-05", "2026-04-04T13:00:00Z"),
        // Midnight was skipped.
        ("America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00:00Z"),
        ("Asia/Beirut", "2022-03-27", "2022-03-26T22:00:00Z"),
        ("Africa/Cairo", "2023-04-28", "2023-04-27T22:00:00Z"),
        ("America/Havana", "2018-03-11", "2018-03-11T05:00:00Z"),
        ("America/Asuncion", "2023-10-01", "2023-10-01T04:00:00Z"),
        // Midnight came twice, and the first counts.
        ("America/Havana", "2018-11-04", "2018-11-04T04:00:00Z"),
        // The hour before midnight came twice.
        ("America/Sao_Paulo", "2018-02-18", "2018-02-18T03:00:00Z"),
        ("Asia/Beirut", "2022-10-30", "2022-10-29T22:00:00Z"),
        ("Africa/Cairo", "2023-10-27", "2023-10-26T22:00:00Z"),
        // The clocks changed at one minute past midnight.
        ("America/St_Johns", "2010-11-07", "2010-11-07T02:30:00Z"),
        ("America/St_Johns", "2010-03-14", "2010-03-14T03:30:00Z"),
        // Days that never were begin with the next.
        ("Pacific/Apia", "2011-12-29", "2011-12-29T10:00:00Z"), ("Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00Z"),
        ("Pacific/Apia", "2011-12-31", "2011-12-30T10:00:00Z"),
        ("Pacific/Kwajalein", "1993-08-21", "1993-08-21T12:00:00Z"),
    ])
    func aDayBeginsWithItsFirstMoment(zone: String, day: String, start: String) throws {
        #expect(try #require(Zone(zone)).start(of: date(day)).rfc3339 == start)
    }

    /// Around every change of the clocks, everywhere, and on random days.
    @Test func theStartIsTheFirstMomentOfItsDate() throws {
        var luck = Luck()
        let zones = TimeZone.knownTimeZoneIdentifiers.filter { Zone($0) != nil }
        #expect(zones.count > 300)
        var changes = 0
        for name in zones {
            let zone = try #require(Zone(name))
            var days = (0..<10).map { _ in LocalDate(daysSinceEpoch: luck.below(40_000)) }
            var time = Date(timeIntervalSince1970: 0)
            while let change = TimeZone(identifier: name)?.nextDaylightSavingTimeTransition(after: time),
                change.timeIntervalSince1970 < 2_000_000_000, change > time
            {
                time = change
                changes += 1
                let day = zone.local(Timestamp(microseconds: Int64(change.timeIntervalSince1970) * 1_000_000)).date
                days += [-1, 0, 1].map { day.adding(days: $0) }
            }
            for day in days {
                let start = zone.start(of: day)
                let before = Timestamp(microseconds: start.microseconds - 1)
                #expect(zone.local(before).date < day, "\(name) \(day) \(luck.comment)")
                if !Self.neverWere.contains("\(name) \(day)") {
                    #expect(zone.local(start).date == day, "\(name) \(day) \(luck.comment)")
                }
            }
        }
        #expect(changes > 1000)
    }

    /// Days that the date line took away.
    private static let neverWere = [
        "Pacific/Apia 2011-12-30", "Pacific/Fakaofo 2011-12-30", "Pacific/Kwajalein 1993-08-21",
        "Kwajalein 1993-08-21", "Pacific/Enderbury 1994-12-31", "Pacific/Kanton 1994-12-31",
        "Pacific/Kiritimati 1994-12-31",
    ]

    @Test func datesAreStoredAsDaysSince2000() throws {
        for (text, bytes) in [
            ("2000-01-01", [0, 0, 0, 0]), ("2000-01-02", [0, 0, 0, 1]), ("1999-12-31", [255, 255, 255, 255]),
            ("1970-01-01", [255, 255, 213, 51]),
        ] as [(String, [UInt8])] {
            var encoded: [UInt8] = []
            date(text).encode(into: &encoded)
            #expect(encoded == bytes, "\(text)")
            #expect(try bytes.withUnsafeBytes { try LocalDate(decoding: $0, type: .date) } == date(text))
        }
    }
}
