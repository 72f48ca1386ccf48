import Eligibility

/// Makes up rules and guests out of a small world, so that they meet often.
struct Chance: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func below(_ limit: Int) -> Int { limit > 0 ? Int.random(in: 0..<limit, using: &self) : 0 }
    mutating func flip() -> Bool { Bool.random(using: &self) }
    mutating func pick<Element>(_ elements: [Element]) -> Element { elements[below(elements.count)] }
    mutating func maybe<Element>(_ make: (inout Chance) -> Element) -> Element? { flip() ? make(&self) : nil }

    mutating func some(_ names: [String]) -> [String] {
        (0...below(3)).map { _ in pick(names) }
    }

    mutating func rule(depth: Int) -> Rule {
        switch depth == 0 ? 5 : below(8) {
        case 0, 1: .all((0...below(3)).map { _ in rule(depth: depth - 1) })
        case 2, 3: .any((0...below(3)).map { _ in rule(depth: depth - 1) })
        case 4: .not(rule(depth: depth - 1))
        default: .leaf(leaf())
        }
    }

    mutating func leaf() -> Leaf {
        switch below(9) {
        case 0:
            .score(
                ScoreLeaf(
                    bounds(upTo: 10_000), bestDays: maybe { $0.below(40) + 1 }, freshDays: maybe { $0.below(40) + 1 },
                    model: maybe { $0.pick(["a", "b \"quoted\"", ""]) }))
        case 1:
            .topic(
                TopicLeaf(
                    some(Chance.topics), wantsAll: flip(), minimum: pick([2000, 1, 4050, 10_000]), descendants: flip()))
        case 2: .age(AgeLeaf(bounds(upTo: 60)))
        case 3: .attribute(AttributeLeaf(pick(AttributeLeaf.Attribute.allCases), in: some(Chance.values)))
        case 4: .segment(SegmentLeaf(some(Chance.segments)))
        case 5: .network(NetworkLeaf(some(Chance.networks), verified: flip()))
        case 6: .reach(ReachLeaf(bounds(upTo: 2000)))
        case 7:
            .redeemed(
                RedeemedLeaf(
                    flip() ? .perk(pick(Chance.perks)) : .campaign(pick(Chance.perks)), bounds(upTo: 4),
                    withinDays: maybe { $0.below(40) + 1 }))
        default: .localTime(localTime())
        }
    }

    mutating func guest() -> Facts {
        var facts = Facts(now: now + Int64(below(1000)) * day)
        facts.local = below(10) == 0 ? nil : Facts.Local(date: noon.date.adding(days: below(1000)), minute: below(1440))
        facts.birthDate = maybe { noon.date.adding(days: -$0.below(60 * 365)) }
        facts.country = maybe { $0.pick(Chance.values).uppercased() }
        facts.region = maybe { $0.pick(Chance.values) }
        facts.city = maybe { $0.pick(Chance.values) }
        facts.gender = maybe { $0.pick(Chance.values) }
        facts.language = maybe { $0.pick(Chance.values) }
        facts.reach = maybe { $0.below(3000) }
        let current = facts.now
        facts.scores = (0..<below(4)).map { age in
            Facts.Score(
                hundredths: 100 + below(9901), model: pick(["a", "b \"quoted\"", ""]),
                measuredAt: current - Int64(age * 15 + below(15)) * day)
        }
        facts.topics = maybe { chance in
            Dictionary(chance.some(Chance.topics).map { ($0, chance.below(10_001)) }) { first, _ in first }
        }
        facts.topicsBelow = facts.topics.map { topics in
            Facts.rollUp(
                topics: topics, ancestors: ["espresso": ["coffee"], "coffee": ["drinks"], "réunion": ["places"]])
        }
        facts.networks = maybe { chance in
            chance.some(Chance.networks).map { Facts.Network(name: $0, verified: chance.flip()) }
        }
        facts.segments = maybe { Set($0.some(Chance.segments)) }
        facts.redeemed = maybe { chance in
            (0..<chance.below(5)).map { _ in
                Facts.Redemption(
                    perk: [chance.pick(Chance.perks)], campaign: [chance.pick(Chance.perks)],
                    at: current - Int64(chance.below(50)) * day)
            }
        }
        return facts
    }

    private mutating func bounds(upTo limit: Int) -> Bounds {
        let minimum = maybe { $0.below(limit) + 1 }
        return Bounds(minimum: minimum, maximum: minimum == nil ? below(limit) : maybe { $0.below(limit) })
    }

    private mutating func localTime() -> LocalTimeLeaf {
        let days = (0...below(4)).map { _ in pick(Weekday.allCases) }
        let hours = LocalTimeLeaf.Hours(from: below(1440), to: below(1441))
        switch below(3) {
        case 0: return LocalTimeLeaf(days: days)
        case 1: return LocalTimeLeaf(days: hours == nil ? days : [], hours: hours)
        default: return LocalTimeLeaf(days: days, hours: hours)
        }
    }

    private static let topics = ["coffee", "espresso", "drinks", "french-overseas-(dom-tom)", "réunion", "LSU"]
    private static let values = ["us", "CA", "Las Vegas", "in", "or", "13", "say \"hi\"", "back\\slash", "Élée"]
    private static let segments = ["vip", "staff", "a", "b"]
    private static let networks = ["twitter", "LinkedIn", "email"]
    private static let perks = ["spa", "suite-upgrade", "perk_01k", "and"]
}
