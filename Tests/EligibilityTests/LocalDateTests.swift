import Eligibility
import Foundation
import Testing

@Suite struct LocalDateTests {
    @Test(arguments: [
        ("1970-01-01", 0, Weekday.thursday), ("1969-12-31", -1, .wednesday), ("2000-02-29", 11_016, .tuesday),
        ("2026-11-21", 20_778, .saturday), ("0001-01-01", -719_162, .monday), ("9999-12-31", 2_932_896, .friday),
        ("1900-03-01", -25_508, .thursday),
    ])
    func countsDays(text: String, days: Int, weekday: Weekday) throws {
        let date = try #require(LocalDate(text))
        #expect(date.daysSinceEpoch == days)
        #expect(LocalDate(daysSinceEpoch: days) == date)
        #expect(date.weekday == weekday)
        #expect(date.description == text)
    }

    @Test func everyDayOfNineCenturiesFollowsTheOneBefore() throws {
        var previous = try #require(LocalDate("1600-12-31"))
        for days in (previous.daysSinceEpoch + 1)...(previous.daysSinceEpoch + 900 * 366) {
            let date = LocalDate(daysSinceEpoch: days)
            let isNextDay = (date.year, date.month, date.day) == (previous.year, previous.month, previous.day + 1)
            let isNextMonth = (date.year, date.month, date.day) == (previous.year, previous.month + 1, 1)
            let isNextYear = (date.year, date.month, date.day) == (previous.year + 1, 1, 1)
            #expect(isNextDay || isNextMonth || isNextYear, "\(previous) then \(date)")
            #expect(date.daysSinceEpoch == days)
            #expect(date.weekday.previous == previous.weekday)
            #expect(LocalDate(year: date.year, month: date.month, day: date.day) == date)
            previous = date
        }
    }

    @Test(arguments: [
        "2026-02-29", "1900-02-29", "2026-13-01", "2026-00-10", "2026-04-31", "2026-01-00", "0000-01-01", "2026-1-01",
        "26-01-01", "2026-01-011", " 2026-01-01", "2026/01/01", "+026-01-01", "", "２０２６-01-01",
    ])
    func refusesWhatIsNoDate(text: String) {
        #expect(LocalDate(text) == nil)
    }

    @Test(arguments: [
        ("2005-11-21", "2026-11-20", 20), ("2005-11-21", "2026-11-21", 21), ("2008-02-29", "2026-02-28", 17),
        ("2008-02-29", "2026-03-01", 18), ("2008-02-29", "2028-02-28", 19), ("2008-02-29", "2028-02-29", 20),
        ("2005-12-31", "2026-01-01", 20), ("2026-11-21", "2026-11-21", 0), ("2026-11-22", "2026-11-21", -1),
    ])
    func countsWholeYears(birth: String, today: String, age: Int) throws {
        let birth = try #require(LocalDate(birth))
        #expect(birth.age(on: try #require(LocalDate(today))) == age)
    }

    @Test(arguments: ["2026-11-21", "2024-02-29", "2026-01-01"])
    func findsABirthDateForEveryAge(today: String) throws {
        let today = try #require(LocalDate(today))
        for age in 0...150 {
            let birth = try #require(today.birthDate(ofAge: age))
            #expect(birth.age(on: today) == age)
            #expect(birth.adding(days: 1).age(on: today) <= age)
        }
        #expect(today.birthDate(ofAge: 5000) == nil)
    }

    @Test func staysWithinTheCalendar() throws {
        let last = try #require(LocalDate("9999-12-31"))
        let first = try #require(LocalDate("0001-01-01"))
        #expect(last.adding(days: 1) == last)
        #expect(last.adding(days: .max) == last)
        #expect(first.adding(days: .min) == first)
        #expect(LocalDate(daysSinceEpoch: .max) == last)
        #expect(LocalDate(daysSinceEpoch: .min) == first)
        #expect(first < last)
    }

    @Test func isATextInJSON() throws {
        let date = try #require(LocalDate("2026-11-21"))
        #expect(String(decoding: try JSONEncoder().encode([date]), as: UTF8.self) == #"["2026-11-21"]"#)
        #expect(try JSONDecoder().decode([LocalDate].self, from: Data(#"["2026-11-21"]"#.utf8)) == [date])
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode([LocalDate].self, from: Data(#"["2026-02-30"]"#.utf8))
        }
    }
}
