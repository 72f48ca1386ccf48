import Foundation

/// A moment as PostgreSQL's `timestamptz` keeps it: whole microseconds, no zone.
package struct Timestamp: Hashable, Comparable, Sendable {
    /// Microseconds since 1970-01-01 00:00 UTC; the largest and the smallest `Int64` are PostgreSQL's infinities.
    package var microseconds: Int64

    /// The moment that many microseconds after 1970-01-01 00:00 UTC.
    package init(microseconds: Int64) {
        self.microseconds = microseconds
    }

    /// The present moment of the system's clock.
    package static func now() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
    }

    package static func < (one: Timestamp, other: Timestamp) -> Bool { one.microseconds < other.microseconds }
}

extension Timestamp: PostgresValue {
    package static var postgresType: PostgresType { .timestamptz }

    /// Microseconds from 1970 to 2000, where PostgreSQL begins to count.
    private static let epoch: Int64 = 946_684_800_000_000

    package func encode(into bytes: inout [UInt8]) {
        let (shifted, overflow) = microseconds.subtractingReportingOverflow(Self.epoch)
        let isForever = microseconds == .max
        (isForever ? .max : overflow ? .min : shifted).appendNetworkBytes(to: &bytes)
    }

    package init(decoding bytes: UnsafeRawBufferPointer, type: PostgresType) throws {
        guard type == .timestamptz else { throw PostgresError.mismatch(type, Self.self) }
        let received = try Int64(networkBytes: bytes)
        guard received != .max, received != .min else {
            self.init(microseconds: received)
            return
        }
        let (microseconds, overflow) = received.addingReportingOverflow(Self.epoch)
        guard !overflow else { throw PostgresError.decoding("the moment is later than the year 294246") }
        self.init(microseconds: microseconds)
    }
}
