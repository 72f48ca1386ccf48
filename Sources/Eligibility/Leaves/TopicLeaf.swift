/// `topic(coffee, wine) >= 40`, `topic(beer, wine; all) >= 30`, `topic(beer; exact)`: the strength of one of the topics,
/// or of each of them, counting what lies below a topic unless it is to be exact.
package struct TopicLeaf: LeafKind {
    /// Slugs.
    package var topics: [String]
    /// Asks for each of the topics rather than for one of them.
    package var wantsAll: Bool
    /// In hundredths.
    package var minimum: Int
    /// Counts what lies below a topic as the topic.
    package var descendants: Bool

    /// The strength that counts as having a topic, in hundredths.
    package static let usualMinimum = 2000

    static let names = ["topic"]
    static let sentences = [
        "topic_unknown": "The topics are unknown.",
        "topic_missing": "The guest does not have the topic {topics}.",
        "topic_below_minimum": "The strength in {topics} is below {required}.",
        "topic_not_below": "The strength in {topics} is not below {required}.",
        "topic_at_least": "a strength of {required} or more in {topics}",
        "topic_below": "a strength below {required} in {topics}",
    ]

    /// One of the topics, or each, with a minimum in hundredths.
    package init(
        _ topics: [String], wantsAll: Bool = false, minimum: Int = TopicLeaf.usualMinimum, descendants: Bool = true
    ) {
        self.topics = topics
        self.wantsAll = wantsAll
        self.minimum = minimum
        self.descendants = descendants
    }

    init(_ name: String, members: inout LeafMembers) throws(RuleError) {
        let anyOf = try members.texts("any_of")
        let allOf = try members.texts("all_of")
        guard let topics = anyOf ?? allOf, anyOf == nil || allOf == nil else {
            throw members.refusal("", "one_list_expected", "Give either `any_of` or `all_of`.")
        }
        self.topics = topics
        wantsAll = allOf != nil
        minimum = try members.number("min", .hundredths) ?? TopicLeaf.usualMinimum
        descendants = try members.flag("descendants") ?? true
    }

    init(_ name: String, parser: inout RuleParser) throws(RuleError) {
        try parser.expect("(", "with topics after topic")
        topics = try parser.values()
        var options: Set<String> = []
        try parser.flags(["exact", "all"]) { options.insert($0) }
        try parser.expect(")", "to close the topics")
        wantsAll = options.contains("all")
        descendants = !options.contains("exact")
        minimum = TopicLeaf.usualMinimum
        if try parser.accept(sign: ">=") { minimum = try parser.number(.hundredths, after: ">=") }
    }

    var leaf: Leaf { .topic(self) }
    var name: String { "topic" }
    var rigidity: Rigidity { .standing }
    var isNeverUnknown: Bool { true }

    var text: String {
        let options = (descendants ? [] : ["exact"]) + (wantsAll ? ["all"] : [])
        let list = topics.asValues + (options.isEmpty ? "" : "; " + options.joined(separator: ", "))
        let bound = minimum == TopicLeaf.usualMinimum ? "" : " >= " + NumberUnit.hundredths.text(minimum)
        return "topic(\(list))\(bound)"
    }

    func write(to members: inout LeafWriter) throws {
        try members.encode(topics, forKey: MemberName(wantsAll ? "all_of" : "any_of"))
        if minimum != TopicLeaf.usualMinimum { try members.write(minimum, .hundredths, "min") }
        if !descendants { try members.encode(false, forKey: MemberName("descendants")) }
    }

    func problems(_ known: KnownNames) -> [RuleError] {
        let pointer = wantsAll ? "/all_of" : "/any_of"
        var problems = RuleError.problems(inList: topics, pointer)
        if problems.isEmpty {
            problems = topics.enumerated().compactMap { index, topic in
                known.topics(topic).map { .unknownName("topic", topic, near: $0, pointer: "\(pointer)/\(index)") }
            }
        }
        if let problem = RuleError.problem(inMinimum: minimum, "/min") { problems.append(problem) }
        return problems
    }

    func test() -> LeafTest {
        LeafTest { facts in
            guard let strengths = strengths(facts) else { return .unknown }
            for topic in topics where reaches(strengths[topic]) != wantsAll { return Truth(!wantsAll) }
            return Truth(wantsAll)
        }
    }

    func finding(_ facts: Facts, negated: Bool) -> Finding {
        guard let strengths = strengths(facts) else { return Finding(code: "topic_unknown") }
        // Of topics that are all wanted, only those that are wrong are named.
        let wrong = topics.filter { reaches(strengths[$0]) == negated }
        let best = wrong.map { strengths[$0] ?? 0 }.max() ?? 0
        let names: SentenceValue = negated ? .each(wrong) : .either(wrong)
        if best <= 0 {
            return Finding(
                code: "topic_missing", values: ["topics": names], required: .list(wrong), actual: .number(0))
        }
        return Finding(
            code: negated ? "topic_not_below" : "topic_below_minimum",
            values: ["topics": names, "required": .text(NumberUnit.hundredths.text(minimum))],
            required: .number(minimum),
            actual: .number(best))
    }

    func changes(_ facts: Facts, negated: Bool) -> [Change] {
        guard let strengths = strengths(facts) else { return [] }
        let target = negated ? minimum - 1 : minimum
        guard (0...10_000).contains(target) else { return [] }
        let wrong = topics.filter { reaches(strengths[$0]) == negated }
        // One topic is enough where one is wanted, and where all are wanted and none may be.
        let choices = wantsAll == negated ? wrong.map { [$0] } : [wrong]
        let steps = choices.map { topics in
            (topics: topics, gap: topics.map { Change.gap(from: strengths[$0] ?? 0, to: target) }.max() ?? 0)
        }
        return steps.sorted { $0.gap < $1.gap }.prefix(Change.choiceLimit).map { step in
            Change(
                "topic " + step.topics.joined(separator: " "), rigidity, gap: step.gap,
                key: negated ? "topic_below" : "topic_at_least",
                values: [
                    "topics": .each(step.topics), "required": .text(NumberUnit.hundredths.text(minimum)),
                ]
            ) { facts in
                for topic in step.topics { set(topic, to: target, lower: negated, in: &facts) }
            }
        }
    }

    private func strengths(_ facts: Facts) -> [String: Int]? {
        descendants ? facts.topicsBelow ?? facts.topics : facts.topics
    }

    private func reaches(_ strength: Int?) -> Bool {
        (strength ?? 0) >= minimum
    }

    /// Raises the topic itself, and so what counts for those above it, or lowers it with all that is below it.
    private func set(_ topic: String, to target: Int, lower: Bool, in facts: inout Facts) {
        func bound(_ strength: inout Int) { strength = lower ? min(strength, target) : max(strength, target) }
        if var topics = facts.topics {
            bound(&topics[topic, default: 0])
            facts.topics = topics
        }
        if var topics = facts.topicsBelow, descendants || !lower {
            bound(&topics[topic, default: 0])
            facts.topicsBelow = topics
        }
    }
}
