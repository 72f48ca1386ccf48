/// `segment in (vip)`: one of the brand's own lists.
package struct SegmentLeaf: LeafKind {
    /// Slugs.
    package var segments: [String]

    static let names = ["segment"]
    static let sentences = [
        "segment_unknown": "The segments of the guest are unknown.",
        "segment_missing": "The guest is not in the segment {segments}.",
        "segment_excluded": "The guest is in an excluded segment: {segments}.",
        "segment_joined": "membership of the segment {segments}",
        "segment_left": "leaving the segment {segments}",
    ]

    /// One of the segments.
    package init(_ segments: [String]) {
        self.segments = segments
    }

    init(_ name: String, members: inout LeafMembers) throws(RuleError) {
        segments = try members.list()
    }

    init(_ name: String, parser: inout RuleParser) throws(RuleError) {
        segments = try parser.list(after: name)
    }

    var leaf: Leaf { .segment(self) }
    var name: String { "segment" }
    var text: String { "segment in (\(segments.asValues))" }
    var rigidity: Rigidity { .membership }
    var isNeverUnknown: Bool { true }

    func write(to members: inout LeafWriter) throws {
        try members.encode(segments, forKey: MemberName("in"))
    }

    func problems(_ known: KnownNames) -> [RuleError] {
        let problems = RuleError.problems(inList: segments, "/in")
        guard problems.isEmpty else { return problems }
        return segments.enumerated().compactMap { index, segment in
            known.segments(segment).map { .unknownName("segment", segment, near: $0, pointer: "/in/\(index)") }
        }
    }

    func test() -> LeafTest {
        LeafTest { facts in
            guard let actual = facts.segments else { return .unknown }
            for segment in segments where actual.contains(segment) { return .true }
            return .false
        }
    }

    func finding(_ facts: Facts, negated: Bool) -> Finding {
        guard let actual = facts.segments else { return Finding(code: "segment_unknown") }
        return Finding(
            code: negated ? "segment_excluded" : "segment_missing",
            values: ["segments": .either(segments)],
            required: .list(segments),
            actual: .list(actual.sorted()))
    }

    func changes(_ facts: Facts, negated: Bool) -> [Change] {
        guard let actual = facts.segments else { return [] }
        if negated {
            let left = segments.filter(actual.contains)
            return [
                Change(
                    "segment " + left.joined(separator: " "), rigidity, key: "segment_left",
                    values: ["segments": .each(left)]
                ) { $0.segments?.subtract(left) }
            ]
        }
        return segments.prefix(Change.choiceLimit).map { segment in
            Change("segment " + segment, rigidity, key: "segment_joined", values: ["segments": .text(segment)]) {
                $0.segments?.insert(segment)
            }
        }
    }
}
