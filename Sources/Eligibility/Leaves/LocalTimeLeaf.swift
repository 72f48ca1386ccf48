/// `local_time(mon-fri, 22:00-02:00)`, days and hours of the venue.
///
/// Hours that pass midnight belong to the day on which they begin.
package struct LocalTimeLeaf: LeafKind {
    /// In the order of the week, each once; empty means every day.
    package let days: [Weekday]
    /// The minutes of the day from the first to before the last; nil means the whole day.
    package let hours: Hours?

    /// From one minute of a day, included, to another, excluded.
    package struct Hours: Hashable, Sendable {
        /// 0 to 1439.
        package let from: Int
        /// 0 to 1440; not after `from` means that they pass midnight.
        package let to: Int

        /// Hours between two different minutes of the day.
        package init?(from: Int, to: Int) {
            guard (0..<1440).contains(from), (0...1440).contains(to), from != to else { return nil }
            self.from = from
            self.to = to
        }
    }

    static let names = ["local_time"]
    static let sentences = [
        "local_time_unknown": "The local time is unknown.",
        "local_time_outside": "The local time is outside {required}.",
        "local_time_excluded": "The local time is within {required}.",
        "local_time_at": "a visit on {day} at {time}",
    ]

    /// Days, every one if there are none, and hours, all of them if there are none.
    package init(days: [Weekday] = [], hours: Hours? = nil) {
        self.days = Set(days).sorted()
        self.hours = hours
    }

    init(_ name: String, members: inout LeafMembers) throws(RuleError) {
        let names = try members.texts("days")
        var days: [Weekday] = []
        for (index, name) in (names ?? []).enumerated() {
            guard let day = Weekday(name) else {
                throw members.refusal("days/\(index)", "weekday_expected", "Write mon, tue, wed, thu, fri, sat or sun.")
            }
            days.append(day)
        }
        if let names, names.isEmpty { throw members.refusal("days", "empty_list", "Give at least one day.") }
        let from = try LocalTimeLeaf.minute(members.text("from"), "from", members)
        let to = try LocalTimeLeaf.minute(members.text("to"), "to", members)
        guard let from, let to else {
            if from != nil || to != nil {
                throw members.refusal("", "hours_incomplete", "Give both `from` and `to`, or neither.")
            }
            if names == nil { throw members.refusal("", "time_missing", "Give `days`, `from` and `to`, or all three.") }
            self.init(days: days)
            return
        }
        guard let hours = Hours(from: from, to: to) else {
            throw members.refusal(
                "to", "hours_empty", "`from` and `to` are the same; for the whole day leave both out.")
        }
        self.init(days: days, hours: hours)
    }

    init(_ name: String, parser: inout RuleParser) throws(RuleError) {
        try parser.expect("(", "with days or hours after local_time")
        var days: [Weekday] = []
        var hours: Hours?
        repeat {
            let text = parser.token.kind == .word ? parser.token.text : ""
            if hours == nil, let read = LocalTimeLeaf.hours(text) {
                hours = read
            } else if let read = LocalTimeLeaf.days(text) {
                days += read
            } else {
                throw parser.expected("days such as mon-fri or hours such as 22:00-02:00, the hours once")
            }
            try parser.advance()
        } while try parser.accept(sign: ",")
        try parser.expect(")", "to close local_time")
        self.init(days: days, hours: hours)
    }

    var leaf: Leaf { .localTime(self) }
    var name: String { "local_time" }
    var text: String { "local_time(\(window))" }
    var rigidity: Rigidity { .moment }
    var isNeverUnknown: Bool { true }

    func write(to members: inout LeafWriter) throws {
        if !days.isEmpty { try members.encode(days, forKey: MemberName("days")) }
        if let hours {
            try members.encode(LocalTimeLeaf.clock(hours.from), forKey: MemberName("from"))
            try members.encode(LocalTimeLeaf.clock(hours.to), forKey: MemberName("to"))
        }
    }

    func problems(_ known: KnownNames) -> [RuleError] {
        days.isEmpty && hours == nil
            ? [RuleError(code: "time_missing", message: "Give days, hours or both.")] : []
    }

    func test() -> LeafTest {
        LeafTest { facts in
            guard let local = facts.local else { return .unknown }
            return Truth(contains(local.weekday, local.minute))
        }
    }

    func finding(_ facts: Facts, negated: Bool) -> Finding {
        guard let local = facts.local else { return Finding(code: "local_time_unknown") }
        return Finding(
            code: negated ? "local_time_excluded" : "local_time_outside",
            values: ["required": .text(window)],
            required: .text(window),
            actual: .text("\(local.weekday.text), \(LocalTimeLeaf.clock(local.minute))"))
    }

    func changes(_ facts: Facts, negated: Bool) -> [Change] {
        guard let local = facts.local else { return [] }
        let steps = (0...7).flatMap { day in edges.map { day * 1440 + $0 - local.minute } }
        let waits = steps.filter { step in
            let (days, minute) = (local.minute + step).quotientAndRemainder(dividingBy: 1440)
            let day = Weekday(rawValue: (local.weekday.rawValue + days) % 7) ?? .monday
            return step > 0 && contains(day, minute) != negated
        }
        guard let wait = waits.min() else { return [] }
        let (days, minute) = (local.minute + wait).quotientAndRemainder(dividingBy: 1440)
        let later = Facts.Local(date: local.date.adding(days: days), minute: minute)
        return [
            Change(
                "time", rigidity, gap: wait / 11, key: "local_time_at",
                values: ["day": .term(later.weekday.text), "time": .text(LocalTimeLeaf.clock(minute))]
            ) { facts in
                facts.local = later
                // An hour more or less at a change of clocks is of no account to what is counted in days.
                facts.now = facts.now.addingReportingOverflow(Int64(wait) * 60_000_000).partialValue
            }
        ]
    }

    func contradicts(_ value: Bool, _ other: any LeafKind, _ otherValue: Bool) -> Bool {
        guard let other = other as? LocalTimeLeaf else { return false }
        return !Weekday.allCases.contains { day in
            (edges + other.edges).contains { contains(day, $0) == value && other.contains(day, $0) == otherValue }
        }
    }
}

extension LocalTimeLeaf {
    /// Whether a minute of a day of the week lies within.
    package func contains(_ day: Weekday, _ minute: Int) -> Bool {
        guard let hours else { return isOn(day) }
        if hours.from < hours.to { return minute >= hours.from && minute < hours.to && isOn(day) }
        return minute >= hours.from ? isOn(day) : minute < hours.to && isOn(day.previous)
    }

    private func isOn(_ day: Weekday) -> Bool {
        days.isEmpty || days.contains(day)
    }

    /// The minutes of a day at which something may begin or end.
    private var edges: [Int] {
        guard let hours else { return [0] }
        return [0, hours.from] + (hours.to < 1440 ? [hours.to] : [])
    }

    /// `mon-fri, 22:00-02:00`.
    private var window: String {
        var parts: [String] = []
        var rest = days[...]
        while let first = rest.first {
            var last = first
            rest = rest.dropFirst()
            while let next = rest.first, next.rawValue == last.rawValue + 1 {
                last = next
                rest = rest.dropFirst()
            }
            parts.append(first == last ? first.text : "\(first.text)-\(last.text)")
        }
        if let hours { parts.append("\(LocalTimeLeaf.clock(hours.from))-\(LocalTimeLeaf.clock(hours.to))") }
        return parts.joined(separator: ", ")
    }

    /// `mon` or `fri-mon`, which passes Sunday.
    private static func days(_ text: String) -> [Weekday]? {
        let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { Weekday(String($0)) }
        guard let first = ends.first ?? nil, let last = ends.last ?? nil, ends.count <= 2 else { return nil }
        let length = (last.rawValue - first.rawValue + 7) % 7
        return (0...length).compactMap { Weekday(rawValue: (first.rawValue + $0) % 7) }
    }

    /// `22:00-02:00`.
    private static func hours(_ text: String) -> Hours? {
        let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { minute(String($0)) }
        guard ends.count == 2, let from = ends[0], let to = ends[1] else { return nil }
        return Hours(from: from, to: to)
    }

    private static func minute(
        _ text: String?, _ name: String, _ members: LeafMembers
    ) throws(RuleError) -> Int? {
        guard let text else { return nil }
        guard let minute = minute(text), minute < 1440 || name == "to" else {
            throw members.refusal(name, "time_expected", "Write `\(name)` as 22:00.")
        }
        return minute
    }

    /// The minute of the day that `22:00` stands for; 24:00 is the end of it.
    private static func minute(_ text: String) -> Int? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        let digits = { (part: Substring) in part.utf8.count == 2 && part.utf8.allSatisfy { (48...57).contains($0) } }
        guard parts.count == 2, parts.allSatisfy(digits), let hour = Int(parts[0]), let minute = Int(parts[1]),
            minute < 60, hour < 24 || (hour == 24 && minute == 0)
        else { return nil }
        return hour * 60 + minute
    }

    private static func clock(_ minute: Int) -> String {
        let pair = { (number: Int) in number < 10 ? "0\(number)" : String(number) }
        return pair(minute / 60) + ":" + pair(minute % 60)
    }
}
