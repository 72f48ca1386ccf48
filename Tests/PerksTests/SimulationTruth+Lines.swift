import Eligibility
import Foundation
import Perks
import Postgres

extension SimulationTruth {
    /// What is counted of one thing.
    struct Line {
        var checkIns = 0
        var qualified = 0
        var redeemed = 0
        var reversed = 0
        var refused = 0
        var cost = 0
        var shares = 0
        var gross = 0
        var net = 0
        var credit = 0
        var conversions = 0

        mutating func add(_ redemption: Simulation.Redemption) {
            if redemption.isReversed {
                reversed += 1
            } else {
                redeemed += 1
                cost += Simulation.perks[redemption.perk].cost
            }
        }

        mutating func add(_ other: Line) {
            checkIns += other.checkIns
            qualified += other.qualified
            redeemed += other.redeemed
            reversed += other.reversed
            refused += other.refused
            cost += other.cost
            shares += other.shares
            gross += other.gross
            net += other.net
            credit += other.credit
            conversions += other.conversions
        }

        private var all: [String: Int] {
            [
                "check_ins": checkIns, "qualified": qualified, "redeemed": redeemed, "reversed": reversed,
                "refused": refused, "cost": cost, "shares": shares, "clicks_gross": gross, "clicks_net": net,
                "conversion_credit": credit, "conversions": conversions,
            ]
        }

        var isEmpty: Bool { all.values.allSatisfy { $0 == 0 } }

        func members(_ names: String...) -> [String: JSONValue] { members(names) }

        func members(_ names: [String]) -> [String: JSONValue] {
            Dictionary(uniqueKeysWithValues: names.map { ($0, .count(all[$0] ?? -1)) })
        }
    }

    // MARK: Days, weeks, months

    /// A line for every period of the range, each summed from what happened on its days by the brand's clocks.
    func periods(_ start: (LocalDate) -> LocalDate) -> JSONValue {
        var lines: [LocalDate: Line] = [:]
        var day = date(question.from)
        while day <= date(question.to) {
            lines[start(day)] = Line()
            day = day.adding(days: 1)
        }
        func note(_ moment: Timestamp, _ change: (inout Line) -> Void) {
            if isInRange(moment) { change(&lines[start(clock.date(at: moment)), default: Line()]) }
        }
        for visit in checkIns {
            note(visit.at) {
                $0.checkIns += 1
                $0.qualified += isQualified(visit) ? 1 : 0
            }
        }
        for redemption in redemptions { note(redemption.at) { $0.add(redemption) } }
        for refusal in refusals { note(refusal.at) { $0.refused += 1 } }
        for share in shares { note(play.shares[share].at) { $0.shares += 1 } }
        for click in clicks {
            note(click.at) {
                $0.gross += 1
                $0.net += click.kind == .human ? 1 : 0
            }
        }
        for conversion in conversions where conversion.counts { note(conversion.at) { $0.conversions += 1 } }
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
            lines[visit(item), default: Line()].checkIns += 1
            if isQualified(item) { lines[visit(item), default: Line()].qualified += 1 }
        }
        for item in redemptions where isInRange(item.at) { lines[redemption(item), default: Line()].add(item) }
        for item in refusals where isInRange(item.at) { lines[refusal(item), default: Line()].refused += 1 }
        for (index, line) in outcomes { lines[share(index), default: Line()].add(line) }
        var named = lines.compactMap { name, line in name.map { ($0, line) } }.filter { !$0.1.isEmpty }
            .sorted { ($1.1.checkIns, $0.0) < ($0.1.checkIns, $1.0) }
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
