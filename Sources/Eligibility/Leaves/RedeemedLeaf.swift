/// `redeemed(perk suite-upgrade; within 30 days) >= 1`, `redeemed(campaign opening) <= 2`: how often the guest redeemed
/// a perk, or any perk of a campaign.
package struct RedeemedLeaf: LeafKind {
    package var subject: Subject
    /// In redemptions.
    package var bounds: Bounds
    /// Counts the redemptions of so many days of 86,400 seconds only.
    package var withinDays: Int?

    /// What was redeemed, by slug or identifier.
    package enum Subject: Hashable, Sendable {
        case perk(String)
        case campaign(String)
    }

    static let names = ["redeemed"]
    static let sentences = [
        "redeemed_unknown": "What the guest has redeemed is unknown.",
        "redeemed_below_minimum": "The redemptions of {subject} are fewer than {required}.",
        "redeemed_above_maximum": "The redemptions of {subject} are more than {required}.",
        "redeemed_not_below": "The redemptions of {subject} are not fewer than {required}.",
        "redeemed_not_above": "The redemptions of {subject} are not more than {required}.",
        "redeemed_not_outside": "The redemptions of {subject} are between {minimum} and {maximum}.",
        "redeemed_below_minimum_within":
            "The redemptions of {subject} within {days} days are fewer than {required}.",
        "redeemed_above_maximum_within": "The redemptions of {subject} within {days} days are more than {required}.",
        "redeemed_not_below_within": "The redemptions of {subject} within {days} days are not fewer than {required}.",
        "redeemed_not_above_within": "The redemptions of {subject} within {days} days are not more than {required}.",
        "redeemed_not_outside_within":
            "The redemptions of {subject} within {days} days are between {minimum} and {maximum}.",
        "redeemed_at_least": "{required} or more redemptions of {subject}",
        "redeemed_above": "more than {required} redemptions of {subject}",
        "redeemed_at_least_within": "{required} or more redemptions of {subject} within {days} days",
        "redeemed_above_within": "more than {required} redemptions of {subject} within {days} days",
    ]

    /// Redemptions of a perk or a campaign within bounds, which are whole numbers.
    package init(_ subject: Subject, _ bounds: Bounds, withinDays: Int? = nil) {
        self.subject = subject
        self.bounds = bounds
        self.withinDays = withinDays
    }

    init(_ name: String, members: inout LeafMembers) throws(RuleError) {
        switch (try members.text("perk"), try members.text("campaign")) {
        case (let perk?, nil): subject = .perk(perk)
        case (nil, let campaign?): subject = .campaign(campaign)
        default: throw members.refusal("", "one_subject_expected", "Give either `perk` or `campaign`.")
        }
        bounds = try Bounds(.whole, members: &members)
        withinDays = try members.number("within_days", .whole)
    }

    init(_ name: String, parser: inout RuleParser) throws(RuleError) {
        try parser.expect("(", "after redeemed")
        if try parser.accept(word: "perk") {
            subject = .perk(try parser.value("the slug of a perk"))
        } else if try parser.accept(word: "campaign") {
            subject = .campaign(try parser.value("the slug of a campaign"))
        } else {
            throw parser.expected("perk or campaign, followed by its slug")
        }
        if try parser.accept(sign: ";") {
            guard try parser.accept(word: "within") else { throw parser.expected("within after the semicolon") }
            withinDays = try parser.days(after: "within")
        }
        try parser.expect(")", "to close redeemed")
        bounds = try parser.bounds(.whole, after: "redeemed")
    }

    var leaf: Leaf { .redeemed(self) }
    var name: String { "redeemed" }
    var rigidity: Rigidity { .standing }
    var isNeverUnknown: Bool { true }

    var text: String {
        let (kind, slug) = words
        let window = withinDays.map { "; within \($0) days" } ?? ""
        return "redeemed(\(kind) \(slug.asValue)\(window)) \(bounds.text(.whole))"
    }

    func write(to members: inout LeafWriter) throws {
        let (kind, slug) = words
        try members.encode(slug, forKey: MemberName(kind))
        try bounds.write(.whole, to: &members)
        try members.write(withinDays, .whole, "within_days")
    }

    func problems(_ known: KnownNames) -> [RuleError] {
        let (kind, slug) = words
        var problems = bounds.problems
        if let problem = RuleError.problem(inValue: slug, "/\(kind)") { problems.insert(problem, at: 0) }
        if let problem = RuleError.problem(inDays: withinDays, "/within_days") { problems.append(problem) }
        return problems
    }

    func test() -> LeafTest {
        LeafTest { facts in
            guard let count = count(facts) else { return .unknown }
            return Truth(bounds.contains(count))
        }
    }

    func finding(_ facts: Facts, negated: Bool) -> Finding {
        guard let count = count(facts) else { return Finding(code: "redeemed_unknown") }
        var finding = bounds.finding(measure, actual: count, negated: negated)
        finding.values["subject"] = .text(words.slug)
        if let withinDays {
            finding.key = finding.code + "_within"
            finding.values["days"] = .text(String(withinDays))
        }
        return finding
    }

    func changes(_ facts: Facts, negated: Bool) -> [Change] {
        guard let count = count(facts) else { return [] }
        // What was redeemed stays redeemed, so only more of it can be proposed.
        return bounds.targets(measure, actual: count, negated: negated).filter { $0.number > count }.map { target in
            var values = target.values
            values["subject"] = .text(words.slug)
            return Change(
                "redeemed " + words.slug, rigidity, gap: Change.gap(from: count, to: target.number), key: target.key,
                values: values
            ) { facts in
                let redemption: Facts.Redemption
                switch subject {
                case .perk(let slug): redemption = Facts.Redemption(perk: [slug], campaign: [], at: facts.now)
                case .campaign(let slug): redemption = Facts.Redemption(perk: [], campaign: [slug], at: facts.now)
                }
                facts.redeemed?.append(contentsOf: repeatElement(redemption, count: target.number - count))
            }
        }
    }

    /// More than a hundred redemptions are nothing to propose.
    private var measure: Measure { Measure(noun: "redeemed", unit: .whole, range: 0...100) }

    private var words: (kind: String, slug: String) {
        switch subject {
        case .perk(let slug): ("perk", slug)
        case .campaign(let slug): ("campaign", slug)
        }
    }

    private func count(_ facts: Facts) -> Int? {
        guard let redeemed = facts.redeemed else { return nil }
        let start = withinDays.map { facts.moment(daysAgo: $0) } ?? .min
        return redeemed.count { redemption in
            guard redemption.at >= start else { return false }
            switch subject {
            case .perk(let slug): return redemption.perk.contains(slug)
            case .campaign(let slug): return redemption.campaign.contains(slug)
            }
        }
    }
}
