import Eligibility
import Foundation
import Postgres
import Testing

@testable import Perks

@Suite struct TimestampTests {
    @Test(arguments: [
        ("1970-01-01T00:00:00Z", 0), ("2026-11-21T19:02:11Z", 1_795_287_731_000_000),
        ("2026-11-21T19:02:11.5+01:00", 1_795_284_131_500_000), ("2026-11-21t19:02:11z", 1_795_287_731_000_000),
        ("2026-11-21 19:02:11Z", 1_795_287_731_000_000), ("2026-11-21T19:02:11-00:00", 1_795_287_731_000_000),
        ("2026-11-21T19:02:11.123456Z", 1_795_287_731_123_456), ("2026-11-21T19:02:11.000001Z", 1_795_287_731_000_001),
        ("2026-11-21T19:02:11.120Z", 1_795_287_731_120_000),
        // What is finer than a microsecond is cut off.
        ("2026-11-21T19:02:11.1234569999999999999999Z", 1_795_287_731_123_456),
        ("2024-02-29T00:00:00Z", 1_709_164_800_000_000),
        // The examples of RFC 3339, section 5.8; a leap second is the second before it.
        ("1985-04-12T23:20:50.52Z", 482_196_050_520_000), ("1996-12-19T16:39:57-08:00", 851_042_397_000_000),
        ("1990-12-31T23:59:60Z", 662_687_999_000_000), ("1990-12-31T15:59:60-08:00", 662_687_999_000_000),
        ("1937-01-01T12:00:27.87+00:20", -1_041_337_172_130_000),
        ("1969-12-31T23:59:59.999999Z", -1), ("1969-12-31T23:59:58.5Z", -1_500_000),
        ("0001-01-01T00:00:00Z", -62_135_596_800_000_000), ("9999-12-31T23:59:59.999999Z", 253_402_300_799_999_999),
    ])
    func timesAreRead(text: String, microseconds: Int64) {
        #expect(Timestamp(rfc3339: text)?.microseconds == microseconds)
    }

    @Test(arguments: [
        "", "Z", "now", "2026-11-21", "2026-11-21T19:02:11", "2026-11-21T19:02Z", "2026-11-21T19Z",
        "2026-11-21T19:02:11.Z",
        "2026-11-21T19:02:11,5Z", "2026-11-21T24:00:00Z", "2026-11-21T19:60:00Z", "2026-11-21T19:02:61Z",
        "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "0000-01-01T00:00:00Z",
        "2026-11-21T19:02:11+0100", "2026-11-21T19:02:11+01", "2026-11-21T19:02:11+1:00", "2026-11-21T19:02:11+24:00",
        "2026-11-21T19:02:11+01:60", "2026-11-21T19:02:11\u{2212}01:00", "2026-11-21T19:02:11ZZ",
        "2026-11-21T19:02:11Z ", " 2026-11-21T19:02:11Z", "2026-11-21T19:02:11Z\n", "2026-11-21T19:02:11Z\u{0}",
        "2026-11-21T19:02:11Z\u{301}", "2026-11-21X19:02:11Z", "2026-11-21  19:02:11Z", "26-11-21T19:02:11Z",
        "12026-11-21T19:02:11Z", "-026-11-21T19:02:11Z", "2026-11-21T+9:02:11Z", "2026-11-21T19:02:-1Z",
        "2026-1-21T19:02:11Z", "20261121T190211Z", "２０２６-11-21T19:02:11Z", "2026-11-21T１９:02:11Z",
        "2026-11-21T19:02:11.٣Z", "2026-11-21T19.02.11Z",
        // A leap second is the last of a day in UTC.
        "2026-11-21T12:00:60Z", "1990-12-31T23:59:60-08:00",
        // In UTC these lie in years that cannot be written.
        "0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01",
    ])
    func whatIsNoTimeIsRefused(text: String) {
        #expect(Timestamp(rfc3339: text) == nil)
    }

    @Test(arguments: [
        (0, "1970-01-01T00:00:00Z"), (-1, "1969-12-31T23:59:59.999999Z"), (1, "1970-01-01T00:00:00.000001Z"),
        (-1_500_000, "1969-12-31T23:59:58.5Z"), (1_795_287_731_120_000, "2026-11-21T19:02:11.12Z"),
        (-62_135_596_800_000_000, "0001-01-01T00:00:00Z"), (253_402_300_799_999_999, "9999-12-31T23:59:59.999999Z"),
        (86_399_999_999, "1970-01-01T23:59:59.999999Z"), (86_400_000_000, "1970-01-02T00:00:00Z"),
    ])
    func timesAreWritten(microseconds: Int64, text: String) {
        #expect(Timestamp(microseconds: microseconds).rfc3339 == text)
    }

    @Test func everyTimeComesBack() {
        var luck = Luck()
        for _ in 0..<5000 {
            let microseconds = Int64.random(in: -62_135_596_800_000_000...253_402_300_799_999_999, using: &luck)
            let time = Timestamp(microseconds: microseconds)
            #expect(Timestamp(rfc3339: time.rfc3339) == time, luck.comment)
        }
        // The same moment by clocks that show another time, within the years that can be written.
        for _ in 0..<5000 {
            let microseconds = Int64.random(in: -62_135_510_400_000_000...253_402_214_399_999_999, using: &luck)
            let time = Timestamp(microseconds: microseconds)
            let minutes = luck.below(1440)
            let clock = "\(pad(minutes / 60)):\(pad(minutes % 60))"
            let east = time.adding(seconds: minutes * 60).rfc3339.dropLast() + "+" + clock
            let west = time.adding(seconds: minutes * -60).rfc3339.dropLast() + "-" + clock
            #expect(Timestamp(rfc3339: String(east)) == time, luck.comment)
            #expect(Timestamp(rfc3339: String(west)) == time, luck.comment)
        }
    }

    private func pad(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }

    @Test func jsonIsItsText() throws {
        let json = try JSON.encoder.encode([Palms.now])
        #expect(String(decoding: json, as: UTF8.self) == "[\"2026-11-22T03:00:00Z\"]")
        #expect(try JSON.decoder.decode([Timestamp].self, from: json) == [Palms.now])
        for text in ["[\"2026-11-22\"]", "[0]", "[null]"] {
            #expect(throws: DecodingError.self) { try JSON.decoder.decode([Timestamp].self, from: Data(text.utf8)) }
        }
    }

    @Test func secondsAreAdded() {
        #expect(moment("2026-12-31T23:59:59.5Z").adding(seconds: 1) == moment("2027-01-01T00:00:00.5Z"))
        #expect(moment("1970-01-01T00:00:00.5Z").adding(seconds: -1) == moment("1969-12-31T23:59:59.5Z"))
    }
}

/// Random numbers that come again with their seed, which is printed; `PERKS_SEED` sets it.
struct Luck: RandomNumberGenerator {
    let seed: UInt64
    private var state: UInt64

    init() {
        seed = ProcessInfo.processInfo.environment["PERKS_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 0 ... .max)
        state = seed
        print("PERKS_SEED=\(seed)")
    }

    /// What a failure says, so that it can be repeated.
    var comment: Comment { "PERKS_SEED=\(seed)" }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func below(_ limit: Int) -> Int { Int.random(in: 0..<limit, using: &self) }
    mutating func pick<Element>(_ elements: [Element]) -> Element { elements[below(elements.count)] }
}
