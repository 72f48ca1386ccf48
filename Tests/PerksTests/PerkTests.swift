import Eligibility
import Foundation
import Testing

@testable import Perks

@Suite struct HoursTests {
    /// A week that begins on Monday.
    private static let monday = date("2026-11-16")

    private func minute(_ clock: String) -> Int {
        clock.split(separator: ":").compactMap { Int($0) }.reduce(0) { $0 * 60 + $1 }
    }

    @Test(arguments: [
        (Hours(from: "16:00", to: "19:00"), "15:59", false), (Hours(from: "16:00", to: "19:00"), "16:00", true),
        (Hours(from: "16:00", to: "19:00"), "18:59", true), (Hours(from: "16:00", to: "19:00"), "19:00", false),
        (Hours(from: "22:00", to: "02:00"), "23:59", true), (Hours(from: "22:00", to: "02:00"), "00:00", true),
        (Hours(from: "22:00", to: "02:00"), "01:59", true), (Hours(from: "22:00", to: "02:00"), "02:00", false),
        (Hours(from: "22:00", to: "02:00"), "21:59", false),
        (Hours(from: "00:00", to: "24:00"), "00:00", true), (Hours(from: "00:00", to: "24:00"), "23:59", true),
        (Hours(from: "22:00", to: "00:00"), "23:59", true), (Hours(from: "22:00", to: "00:00"), "00:00", false),
        (Hours(from: "22:00", to: "24:00"), "23:59", true), (Hours(from: "22:00", to: "24:00"), "00:00", false),
        (Hours(from: "09:00", to: "09:00"), "08:59", true), (Hours(from: "09:00", to: "09:00"), "09:00", true),
        // On a Wednesday.
        (Hours(days: ["wed"], from: "16:00", to: "19:00"), "16:00", true),
        (Hours(days: ["tue", "thu"], from: "16:00", to: "19:00"), "16:00", false),
        (Hours(days: ["tue"], from: "22:00", to: "02:00"), "01:00", true),
        (Hours(days: ["tue"], from: "22:00", to: "02:00"), "23:00", false),
        (Hours(days: ["wed"], from: "22:00", to: "02:00"), "01:00", false),
        (Hours(days: ["wed"], from: "22:00", to: "02:00"), "23:00", true),
        (Hours(days: ["wed"], from: "09:00", to: "09:00"), "08:59", false),
        (Hours(days: ["tue"], from: "09:00", to: "09:00"), "08:59", true),
    ])
    func aWednesdaysMinuteIsInOrOut(hours: Hours, clock: String, expected: Bool) {
        let local = Facts.Local(date: Self.monday.adding(days: 2), minute: minute(clock))
        #expect(hours.contain(local) == expected)
    }

    /// Against the minutes of a week that runs round.
    @Test(arguments: Weekday.allCases) func everyMinuteOfTheWeekIsInOrOut(day: Weekday) {
        for (from, to) in [
            ("16:00", "19:00"), ("22:00", "02:00"), ("00:00", "24:00"), ("12:30", "12:30"), ("00:00", "00:01"),
        ] {
            let hours = Hours(days: [day.text], from: from, to: to)
            let begin = day.rawValue * 1440 + minute(from)
            let length = minute(to) > minute(from) ? minute(to) - minute(from) : minute(to) - minute(from) + 1440
            let expected = Set((begin..<(begin + length)).map { $0 % 10_080 })
            let found = (0..<10_080).filter { minute in
                hours.contain(.init(date: Self.monday.adding(days: minute / 1440), minute: minute % 1440))
            }
            #expect(Set(found) == expected, "\(from)-\(to)")
        }
    }

    @Test(arguments: [
        (#"{"from":"16:00","to":"19:00"}"#, []), (#"{"days":["fri","sat"],"from":"22:00","to":"24:00"}"#, []),
        (#"{"days":null,"from":"00:00","to":"00:00"}"#, []), (#"{"from":"16:00"}"#, ["/to missing"]),
        (#"{"days":[],"from":"16:00","to":"19:00"}"#, ["/days wrong_length"]),
        (#"{"days":["Fri"],"from":"16:00","to":"19:00"}"#, ["/days/0 unknown_word"]),
        (#"{"from":"16:00","to":"19:00","zone":"UTC"}"#, ["/zone unknown_field"]),
    ])
    func hoursAreHeldAgainstTheirSchema(json: String, faults: [String]) throws {
        let violations = Hours.schema.violations(in: try JSONValue(parsing: Data(json.utf8)))
        #expect(violations.map { "\($0.pointer) \($0.code)" } == faults)
    }

    @Test(arguments: [
        "", "9:00", "09:0", "0900", "24:01", "24:30", "25:00", "12:60", "-1:00", "+1:00", "-0:00", "12:+1", "12:-0",
        "1٢:00",
        "12:00 ", "noon!",
    ])
    func otherClocksAreRefused(clock: String) {
        let value = JSONValue.object(["from": .string("00:00"), "to": .string(clock)])
        #expect(Hours.schema.violations(in: value).map(\.pointer) == ["/to"])
    }
}

@Suite struct PeriodTests {
    @Test(arguments: [
        (Perk.Period.day, "2026-11-21", "2026-11-21"), (.week, "2026-11-21", "2026-11-16"),
        (.week, "2026-11-16", "2026-11-16"), (.week, "2026-11-22", "2026-11-16"), (.week, "2026-11-23", "2026-11-23"),
        (.week, "2027-01-02", "2026-12-28"), (.week, "1969-12-31", "1969-12-29"), (.month, "2026-11-21", "2026-11-01"),
        (.month, "2026-11-01", "2026-11-01"), (.month, "2024-02-29", "2024-02-01"),
        (.campaign, "2026-11-21", "0001-01-01"),
    ])
    func aPeriodBeginsOn(period: Perk.Period, day: String, first: String) {
        #expect(period.start(for: date(day)) == date(first))
    }

    @Test(arguments: Perk.Period.allCases) func aPeriodHasOneBeginning(period: Perk.Period) {
        for day in 0..<800 {
            let date = LocalDate(daysSinceEpoch: 20_000 + day)
            let start = period.start(for: date)
            #expect(start <= date)
            #expect(period.start(for: start) == start)
            #expect(start <= period.start(for: date.adding(days: 1)))
        }
    }
}

@Suite struct BenefitTests {
    @Test(arguments: [
        ("percent_off:15", Benefit.percentOff(percent: 15)), ("percent_off:1", .percentOff(percent: 1)),
        ("percent_off:100", .percentOff(percent: 100)),
        ("amount_off:2500:USD", .amountOff(amount: 2500, currency: "USD")),
        ("amount_off:1:eur", .amountOff(amount: 1, currency: "EUR")),
        ("free_item:espresso", .freeItem(item: "espresso")),
        ("free_item:café crème", .freeItem(item: "café crème")), ("upgrade:suite", .upgrade(item: "suite")),
        ("upgrade:room:suite:top", .upgrade(item: "room:suite:top")), ("points:500", .points(points: 500)),
    ])
    func theShortFormIsRead(text: String, benefit: Benefit) throws {
        #expect(Benefit(text) == benefit)
        let json = try JSONValue(of: benefit)
        #expect(Benefit.schema.violations(in: json).isEmpty)
        #expect(try json.decode(as: Benefit.self) == benefit)
    }

    @Test(arguments: [
        "", ":", "suite", "upgrade", "upgrade:", "free_item", "free_item:", "free_item::x", "percent_off",
        "percent_off:",
        "percent_off:0", "percent_off:101", "percent_off:-5", "percent_off:15.5", "percent_off:15%",
        "percent_off:15:USD",
        "amount_off:2500", "amount_off:2500:", "amount_off:0:USD", "amount_off:-1:USD", "amount_off:25.00:USD",
        "amount_off:2500:DOLLAR", "amount_off:2500:€", "amount_off:2500:U$D", "amount_off:2500:USD:x",
        "amount_off:9223372036854775807:USD", "points:0", "points:many", "points:99999999999999999999",
        "points:1000000001",
        "Upgrade:suite", " upgrade:suite", "cash:5", "upgrade:" + String(repeating: "x", count: 101), "upgrade:a\u{0}b",
    ])
    func otherTextIsNoBenefit(text: String) {
        #expect(Benefit(text) == nil)
    }

    @Test func anUnknownKindIsNotDecoded() throws {
        let json = JSONValue.object(["kind": .string("cash"), "amount": .number(5)])
        #expect(throws: DecodingError.self) { try json.decode(as: Benefit.self) }
    }
}
