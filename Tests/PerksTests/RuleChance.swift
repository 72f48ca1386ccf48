import Eligibility
import Foundation
import Perks
import Postgres

/// Makes up rules and guests out of a small world of names and numbers, so that they meet often.
struct RuleChance: RandomNumberGenerator {
    var state: UInt64
    /// The names that a rule may call perks and campaigns by.
    var subjects: [RedeemedLeaf.Subject] = []

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &self) }
    mutating func flip() -> Bool { Bool.random(using: &self) }
    mutating func pick<Element>(_ elements: [Element]) -> Element { elements[number(0...elements.count - 1)] }
    mutating func maybe<Element>(_ make: (inout RuleChance) -> Element) -> Element? { flip() ? make(&self) : nil }
    mutating func some(_ names: [String]) -> [String] { (0...number(0...3)).map { _ in pick(names) } }

    // MARK: Rules

    /// A rule of at most so many groups in one another.
    mutating func rule(depth: Int) -> Rule {
        guard depth > 0 else { return .leaf(leaf()) }
        return switch number(0...6) {
        case 0, 1: .all((0...number(0...2)).map { _ in rule(depth: depth - 1) })
        case 2, 3: .any((0...number(0...2)).map { _ in rule(depth: depth - 1) })
        case 4: .not(rule(depth: depth - 1))
        default: .leaf(leaf())
        }
    }

    private mutating func leaf() -> Leaf {
        switch number(0...9) {
        case 0, 1:
            .score(
                ScoreLeaf(
                    bounds(World.hundredths, 1...10_000), bestDays: maybe { $0.days() }, freshDays: maybe { $0.days() },
                    model: maybe { $0.pick(World.models.filter { !$0.isEmpty } + ["no such"]) }))
        case 2:
            .topic(
                TopicLeaf(
                    some(World.topicNames), wantsAll: flip(), minimum: pick([2000, 1, 4050, 10_000, 10_001]),
                    descendants: flip()))
        case 3: .age(AgeLeaf(bounds([1, 13, 17, 18, 21, 26, 130, 10_000], 1...60)))
        case 4: .attribute(attribute())
        case 5: .segment(SegmentLeaf(some(World.segments)))
        case 6: .network(NetworkLeaf(some(["twitter", "LinkedIn", "EMAIL", "net", "none"]), verified: flip()))
        case 7: .reach(ReachLeaf(bounds([1, 999, 1000, 1_000_000_000_000 - 1], 1...2000)))
        case 8:
            .redeemed(
                RedeemedLeaf(pick(subjects), bounds([1, 2, 3], 1...4), withinDays: maybe { $0.days() }))
        default: .localTime(localTime())
        }
    }

    /// Values as they are in the world or written some other way.
    private mutating func attribute() -> AttributeLeaf {
        // Most of what can differ about letters is in the names of cities.
        let attribute = flip() ? .city : pick(AttributeLeaf.Attribute.allCases)
        let values = some(World.values(of: attribute)).map { value in
            switch number(0...6) {
            case 0: value.uppercased()
            case 1: value.lowercased()
            case 2: value.capitalized
            case 3: value.decomposedStringWithCanonicalMapping
            case 4: value.uppercased().decomposedStringWithCanonicalMapping
            default: value
            }
        }
        return AttributeLeaf(attribute, in: values)
    }

    private mutating func days() -> Int { pick([1, 7, 30, 90, 36_500, number(1...100)]) }

    private mutating func bounds(_ edges: [Int], _ range: ClosedRange<Int>) -> Bounds {
        let minimum = maybe { $0.flip() ? $0.pick(edges) : $0.number(range) }
        let maximum = minimum == nil || flip() ? (flip() ? pick(edges + [0, -1, -7]) : number(range)) : nil
        return Bounds(minimum: minimum, maximum: maximum)
    }

    private mutating func localTime() -> LocalTimeLeaf {
        let days = (0...number(0...4)).map { _ in pick(Weekday.allCases) }
        let hours = LocalTimeLeaf.Hours(from: number(0...1439), to: number(0...1440))
        return switch number(0...2) {
        case 0: LocalTimeLeaf(days: days)
        case 1: LocalTimeLeaf(days: hours == nil ? days : [], hours: hours)
        default: LocalTimeLeaf(days: days, hours: hours)
        }
    }

    // MARK: Guests

    /// A date of birth next to a birthday on one of these dates, or any.
    mutating func birthDate(near dates: [LocalDate]) -> LocalDate {
        let today = pick(dates)
        switch number(0...3) {
        case 0: return LocalDate(year: pick([1996, 2000, 2004, 2008]), month: 2, day: 29) ?? today
        case 1: return LocalDate(year: number(1940...2012), month: pick([2, 3]), day: pick([1, 28])) ?? today
        case 2: return (today.birthDate(ofAge: pick([13, 17, 18, 21, 26])) ?? today).adding(days: number(-1...1))
        default: return today.adding(days: -number(14 * 365...60 * 365))
        }
    }

    /// A moment some whole days before one of these, or a microsecond beside it.
    mutating func moment(before moments: [Timestamp]) -> Timestamp {
        let whole = pick(moments).adding(seconds: -pick([1, 7, 30, 90, number(0...100)]) * 86_400)
        return Timestamp(microseconds: whole.microseconds + Int64(number(-1...1)))
    }
}
