import Eligibility
import Foundation
import Postgres

/// A time zone: the one place where moments become local dates and times, and the other way round.
package struct Zone: Hashable, Sendable {
    /// The IANA name, such as America/Los_Angeles.
    package let name: String
    private let zone: TimeZone

    /// Finds a zone by its IANA name; nil when there is none.
    package init?(_ name: String) {
        // Foundation also takes abbreviations and offsets, which PostgreSQL reads with the opposite sign.
        guard name == "UTC" || name.contains("/"), let zone = TimeZone(identifier: name) else { return nil }
        self.name = name
        self.zone = zone
    }

    /// Coordinated universal time.
    package static let utc = Zone(name: "UTC", zone: .gmt)

    private init(name: String, zone: TimeZone) {
        self.name = name
        self.zone = zone
    }

    /// A zone that was checked when it was stored; should the system have lost it since, UTC.
    package static func stored(_ name: String) -> Zone {
        Zone(name) ?? .utc
    }

    /// The date, weekday and minute of the day that a clock on the wall shows.
    package func local(_ moment: Timestamp) -> Facts.Local {
        let seconds = moment.microseconds.quotientAndRemainder(flooring: 1_000_000).quotient + offset(at: moment)
        let (days, time) = seconds.quotientAndRemainder(flooring: 86_400)
        return Facts.Local(date: LocalDate(daysSinceEpoch: Int(days)), minute: Int(time / 60))
    }

    /// The first moment of a local date; where the clocks skip midnight, the first that exists.
    package func start(of date: LocalDate) -> Timestamp {
        let midnight = Int64(date.daysSinceEpoch) * 86_400_000_000
        // The offsets in force a day before and after bracket any change of the clocks near midnight.
        let candidates = [-1, 1].map { day in
            let offset = offset(at: Timestamp(microseconds: midnight + Int64(day) * 86_400_000_000))
            return Timestamp(microseconds: midnight - offset * 1_000_000)
        }
        let exact = candidates.filter { local($0).date == date && local($0).minute == 0 }.min()
        if let exact { return exact }
        // Midnight was skipped: the day begins where the clocks jump to.
        var (before, after) = (candidates.min() ?? candidates[0], candidates.max() ?? candidates[0])
        if local(before).date >= date { before = before.adding(seconds: -86_400) }
        if local(after).date < date { after = after.adding(seconds: 86_400) }
        while after.microseconds - before.microseconds > 1 {
            let middle = Timestamp(microseconds: (before.microseconds + after.microseconds) / 2)
            if local(middle).date < date { before = middle } else { after = middle }
        }
        return after
    }

    /// How many seconds local time is ahead of UTC.
    private func offset(at moment: Timestamp) -> Int64 {
        Int64(zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(moment.microseconds) / 1_000_000)))
    }
}

extension LocalDate: PostgresValue {
    /// The days from 1970-01-01 to 2000-01-01, PostgreSQL's first.
    private static let postgresEpoch = 10_957

    package static var postgresType: PostgresType { .date }

    package func encode(into bytes: inout [UInt8]) {
        Int32(daysSinceEpoch - Self.postgresEpoch).appendNetworkBytes(to: &bytes)
    }

    package init(decoding bytes: UnsafeRawBufferPointer, type: PostgresType) throws {
        guard type == .date else { throw PostgresError.mismatch(type, Self.self) }
        self.init(daysSinceEpoch: Int(try Int32(networkBytes: bytes)) + Self.postgresEpoch)
    }
}
