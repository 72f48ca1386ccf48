/// `reach >= 1000`: how many people the guest's posts may reach.
package struct ReachLeaf: LeafKind {
    /// In people.
    package var bounds: Bounds

    static let names = ["reach"]
    static let sentences = [
        "reach_unknown": "The reach is unknown.",
        "reach_below_minimum": "The reach is below {required}.",
        "reach_above_maximum": "The reach is above {required}.",
        "reach_not_below": "The reach is not below {required}.",
        "reach_not_above": "The reach is not above {required}.",
        "reach_not_outside": "The reach is between {minimum} and {maximum}.",
        "reach_at_least": "a reach of {required} or more",
        "reach_at_most": "a reach of {required} or less",
        "reach_below": "a reach below {required}",
        "reach_above": "a reach above {required}",
    ]

    /// A reach within bounds, which are whole numbers.
    package init(_ bounds: Bounds) {
        self.bounds = bounds
    }

    init(_ name: String, members: inout LeafMembers) throws(RuleError) {
        bounds = try Bounds(.whole, members: &members)
    }

    init(_ name: String, parser: inout RuleParser) throws(RuleError) {
        bounds = try parser.bounds(.whole, after: "reach")
    }

    var leaf: Leaf { .reach(self) }
    var name: String { "reach" }
    var text: String { "reach " + bounds.text(.whole) }
    var rigidity: Rigidity { .standing }
    var isNeverUnknown: Bool { false }

    func write(to members: inout LeafWriter) throws {
        try bounds.write(.whole, to: &members)
    }

    func problems(_ known: KnownNames) -> [RuleError] {
        bounds.problems
    }

    func test() -> LeafTest {
        LeafTest { facts in
            guard let reach = facts.reach else { return .unknown }
            return Truth(bounds.contains(reach))
        }
    }

    func finding(_ facts: Facts, negated: Bool) -> Finding {
        guard let reach = facts.reach else { return Finding(code: "reach_unknown") }
        return bounds.finding(measure, actual: reach, negated: negated)
    }

    func changes(_ facts: Facts, negated: Bool) -> [Change] {
        bounds.targets(measure, actual: facts.reach, negated: negated).map { target in
            Change(
                "reach", rigidity, gap: Change.gap(from: facts.reach, to: target.number), key: target.key,
                values: target.values
            ) { $0.reach = target.number }
        }
    }

    private var measure: Measure { Measure(noun: "reach", unit: .whole, range: 0...NumberUnit.limit) }
}
