/// `age >= 21`, `age between 21 and 35`: whole years on the venue's date.
package struct AgeLeaf: LeafKind {
    /// In whole years.
    package var bounds: Bounds

    static let names = ["age"]
    static let sentences = [
        "age_unknown": "The age is unknown; check an ID.",
        "age_below_minimum": "The age is below {required}.",
        "age_above_maximum": "The age is above {required}.",
        "age_not_below": "The age is not below {required}.",
        "age_not_above": "The age is not above {required}.",
        "age_not_outside": "The age is between {minimum} and {maximum}.",
        "age_at_least": "an age of {required} or more",
        "age_at_most": "an age of {required} or less",
        "age_below": "an age below {required}",
        "age_above": "an age above {required}",
        "age_on_id_at_least": "an ID that shows an age of {required} or more",
        "age_on_id_at_most": "an ID that shows an age of {required} or less",
        "age_on_id_below": "an ID that shows an age below {required}",
        "age_on_id_above": "an ID that shows an age above {required}",
    ]

    /// An age within bounds, which are whole years.
    package init(_ bounds: Bounds) {
        self.bounds = bounds
    }

    init(_ name: String, members: inout LeafMembers) throws(RuleError) {
        bounds = try Bounds(.whole, members: &members)
    }

    init(_ name: String, parser: inout RuleParser) throws(RuleError) {
        bounds = try parser.bounds(.whole, after: "age")
    }

    var leaf: Leaf { .age(self) }
    var name: String { "age" }
    var text: String { "age " + bounds.text(.whole) }
    var rigidity: Rigidity { .person }
    var isNeverUnknown: Bool { false }

    func write(to members: inout LeafWriter) throws {
        try bounds.write(.whole, to: &members)
    }

    func problems(_ known: KnownNames) -> [RuleError] {
        bounds.problems
    }

    func test() -> LeafTest {
        LeafTest { facts in
            guard let age = age(facts) else { return .unknown }
            return Truth(bounds.contains(age))
        }
    }

    func finding(_ facts: Facts, negated: Bool) -> Finding {
        guard let age = age(facts) else { return Finding(code: "age_unknown") }
        return bounds.finding(measure("age"), actual: age, negated: negated)
    }

    func changes(_ facts: Facts, negated: Bool) -> [Change] {
        guard let today = facts.local?.date else { return [] }
        let actual = age(facts)
        let measure = measure(actual == nil ? "age_on_id" : "age")
        return bounds.targets(measure, actual: actual, negated: negated).compactMap { target in
            guard let birthDate = today.birthDate(ofAge: target.number) else { return nil }
            return Change(
                "age", rigidity, gap: Change.gap(from: actual, to: target.number), key: target.key,
                values: target.values
            ) { $0.birthDate = birthDate }
        }
    }

    private func measure(_ noun: String) -> Measure { Measure(noun: noun, unit: .whole, range: 0...150) }

    private func age(_ facts: Facts) -> Int? {
        guard let birthDate = facts.birthDate, let local = facts.local else { return nil }
        return birthDate.age(on: local.date)
    }
}
