import Eligibility
import Foundation
import Perks
import Postgres

extension SimulationTruth {
    /// What is counted of one thing.
    struct Line {
        private var counts: [String: Int] = [:]

        var isEmpty: Bool { counts.values.allSatisfy { $0 == 0 } }

        /// A count by its name in the report.
        subscript(_ name: String) -> Int {
            get { counts[name, default: 0] }
            set { counts[name] = newValue }
        }

        mutating func add(_ redemption: Simulation.Redemption) {
            self[redemption.isReversed ? "reversed" : "redeemed"] += 1
            if !redemption.isReversed { self["cost"] += Simulation.perks[redemption.perk].cost }
        }

        mutating func add(_ other: Line) { counts.merge(other.counts, uniquingKeysWith: +) }

        func members(_ names: String...) -> [String: JSONValue] {
            Dictionary(uniqueKeysWithValues: names.map { ($0, .count(self[$0])) })
        }
    }

    // MARK: Days, weeks, months

    /// What happened on each day of the range by the brand's clocks.
    func days() -> [LocalDate: Line] {
        var lines: [LocalDate: Line] = [:]
        var day = date(question.from)
        while day <= date(question.to) {
            lines[day] = Line()
            day = day.adding(days: 1)
        }
        func note(_ moment: Timestamp, _ change: (inout Line) -> Void) {
            if isInRange(moment) { change(&lines[clock.date(at: moment), default: Line()]) }
        }
        for visit in checkIns {
            note(visit.at) {
                $0["check_ins"] += 1
                if isQualified(visit) { $0["qualified"] += 1 }
            }
        }
        for redemption in redemptions { note(redemption.at) { $0.add(redemption) } }
        for refusal in refusals { note(refusal.at) { $0["refused"] += 1 } }
        for share in shares { note(play.shares[share].at) { $0["shares"] += 1 } }
        for click in clicks {
            note(click.at) {
                $0["clicks_gross"] += 1
                if click.kind == .human { $0["clicks_net"] += 1 }
            }
        }
        for conversion in conversions where conversion.counts { note(conversion.at) { $0["conversions"] += 1 } }
        return lines
    }

    /// A line for every period of the range, each the sum of its days.
    func periods(_ days: [LocalDate: Line], _ start: (LocalDate) -> LocalDate) -> JSONValue {
        let lines: [LocalDate: Line] = days.reduce(into: [:]) { $0[start($1.key), default: Line()].add($1.value) }
        return .array(
            lines.sorted { $0.key < $1.key }.map { date, line in
                let members = line.members(
                    "check_ins", "qualified", "redeemed", "reversed", "refused", "cost", "shares", "clicks_gross",
                    "clicks_net", "conversions")
                return .object(members.merging(["date": .string(date.description)]) { $1 })
            })
    }

    // MARK: Dimensions

    var venues: JSONValue {
        dimension(
            by: { Simulation.places[$0].slug }, ofShare: { play.shares[$0].place.map { Simulation.places[$0].slug } })
    }

    var networks: JSONValue { dimension { identity(of: $0)?.network } }

    var topics: JSONValue {
        dimension(atMost: 50) { person in
            play.people[person].strengths.min { ($1.value, $0.key) < ($0.value, $1.key) }?.key
        }
    }

    var scoreBands: JSONValue {
        dimension { person in
            score(of: person) { $0.at < end }.map { score in
                score.value >= 9000 ? "90-100" : "\(score.value / 1000 * 10)-\(score.value / 1000 * 10 + 9)"
            }
        }
    }

    /// The identity that a guest goes by.
    func identity(of person: Int) -> Simulation.Identity? {
        play.people[play.known(person)].identities.min {
            ($0.at, $0.network, $0.handle) < ($1.at, $1.network, $1.handle)
        }
    }

    /// The last of a guest's scores that fulfil a condition.
    func score(of person: Int, where isMeant: (Simulation.Score) -> Bool) -> Simulation.Score? {
        play.people[play.known(person)].scores.filter(isMeant).max { ($0.at, $0.recorded) < ($1.at, $1.recorded) }
    }

    /// The lines of something that all guests have one or none of.
    private func dimension(atMost limit: Int? = nil, _ name: (Int) -> String?) -> JSONValue {
        var names: [Int: String?] = [:]
        func remembered(_ person: Int?) -> String? {
            guard let person = person.map(play.known) else { return nil }
            if let known = names[person] { return known }
            names[person] = .some(name(person))
            return name(person)
        }
        return lines(
            visit: { remembered($0.person) }, redemption: { remembered($0.person) }, refusal: { remembered($0.person) },
            share: { remembered(play.shares[$0].person) }, atMost: limit)
    }

    /// The lines of something that every place has.
    private func dimension(by place: (Int) -> String, ofShare share: (Int) -> String?) -> JSONValue {
        lines(
            visit: { place($0.place) }, redemption: { place($0.place) }, refusal: { place($0.place) }, share: share,
            atMost: nil)
    }

    private func lines(
        visit: (Simulation.CheckIn) -> String?, redemption: (Simulation.Redemption) -> String?,
        refusal: (Simulation.Refusal) -> String?, share: (Int) -> String?, atMost limit: Int?
    ) -> JSONValue {
        var lines: [String?: Line] = [:]
        for item in checkIns where isInRange(item.at) {
            lines[visit(item), default: Line()]["check_ins"] += 1
            if isQualified(item) { lines[visit(item), default: Line()]["qualified"] += 1 }
        }
        for item in redemptions where isInRange(item.at) { lines[redemption(item), default: Line()].add(item) }
        for item in refusals where isInRange(item.at) { lines[refusal(item), default: Line()]["refused"] += 1 }
        for (index, line) in outcomes { lines[share(index), default: Line()].add(line) }
        var named = lines.compactMap { name, line in name.map { ($0, line) } }.filter { !$0.1.isEmpty }
            .sorted { ($1.1["check_ins"], $0.0) < ($0.1["check_ins"], $1.0) }
        if let limit, named.count > limit {
            let rest = named[limit...].reduce(into: Line()) { $0.add($1.1) }
            named = named.prefix(limit) + [("(other)", rest)]
        }
        let unknown = lines[nil].map { $0.isEmpty ? [] : [$0] } ?? []
        return .array(
            named.map { Self.line(.string($0), $1) } + unknown.map { Self.line(.null, $0) })
    }

    private static func line(_ name: JSONValue, _ line: Line) -> JSONValue {
        let members = line.members(
            "check_ins", "qualified", "redeemed", "reversed", "refused", "cost", "shares", "clicks_gross", "clicks_net",
            "conversion_credit")
        return .object(members.merging(["name": name]) { $1 })
    }
}

extension JSONValue {
    /// A whole number.
    static func count(_ number: Int) -> JSONValue { .number(Decimal(number)) }

    /// A quotient of numbers that are not negative, rounded half up; null for a zero denominator.
    static func ratio(_ part: Int, _ whole: Int, digits: Int) -> JSONValue {
        ratio(Int128(part), Int128(whole), digits: digits)
    }

    static func ratio(_ part: Int128, _ whole: Int128, digits: Int) -> JSONValue {
        guard whole != 0 else { return .null }
        let unit = (0..<digits).reduce(Int128(1)) { unit, _ in unit * 10 }
        let rounded = (2 * part * unit + whole) / (2 * whole)
        return .number(Decimal(Int(rounded)) / Decimal(Int(unit)))
    }
}
