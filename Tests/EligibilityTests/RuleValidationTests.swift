import Eligibility
import Testing

@Suite struct RuleValidationTests {
    private static let leaf = #"{"score": {"min": 1}}"#

    private static func nested(_ depth: Int) -> String {
        String(repeating: #"{"not":"#, count: depth) + leaf + String(repeating: "}", count: depth)
    }

    private static func list(_ count: Int, _ element: (Int) -> String) -> String {
        (0..<count).map(element).joined(separator: ", ")
    }

    @Test func allowsEightGroupsAroundALeaf() throws {
        #expect(try refusal(ofJSON: Self.nested(8)) == nil)
        let error = try #require(try refusal(ofJSON: Self.nested(9)))
        #expect(error.code == "too_deep")
        #expect(error.pointer == String(repeating: "/not", count: 9))
    }

    @Test func allowsSixtyFourLeaves() throws {
        let json = { #"{"any": [\#(Self.list($0) { _ in Self.leaf })]}"# }
        let text = { (0..<$0).map { "score >= \($0 + 1)" }.joined(separator: " and ") }
        #expect(try refusal(ofJSON: json(64)) == nil)
        #expect(try refusal(ofJSON: json(65))?.code == "too_many_conditions")
        #expect(refusal(ofText: text(64)) == nil)
        let error = try #require(refusal(ofText: text(65)))
        #expect(error.code == "too_many_conditions")
        #expect(error.column == text(64).count + " and ".count + 1)
        let rule = Rule.all(Array(repeating: .leaf(.score(ScoreLeaf(Bounds(minimum: 1)))), count: 65))
        #expect(rule.validate().map(\.code) == ["too_many_conditions"])
    }

    @Test func allowsFiveHundredValues() throws {
        let json = { #"{"country": {"in": [\#(Self.list($0) { "\"c\($0)\"" })]}}"# }
        let text = { "country in (\(Self.list($0) { "c\($0)" }))" }
        #expect(try refusal(ofJSON: json(500)) == nil)
        #expect(try refusal(ofJSON: json(501))?.code == "too_many_values")
        #expect(try refusal(ofJSON: json(501))?.pointer == "/country/in")
        #expect(refusal(ofText: text(500)) == nil)
        #expect(refusal(ofText: text(501))?.code == "too_many_values")
        let values = (0...500).map(String.init)
        let leaves: [Leaf] = [
            .topic(TopicLeaf(values)), .segment(SegmentLeaf(values)), .network(NetworkLeaf(values)),
            .attribute(AttributeLeaf(.city, in: values)),
        ]
        for leaf in leaves { #expect(Rule.leaf(leaf).validate().map(\.code) == ["too_many_values"]) }
    }

    @Test func namesEveryUnknownTopicAndSegment() throws {
        let rule = try Rule(parsing: "topic(coffee, cofee) and not segment in (vpi)")
        let errors = rule.validate(
            topics: { ["coffee"].contains($0) ? nil : Spelling.nearest(to: $0, among: ["coffee", "wine"]) },
            segments: { Spelling.nearest(to: $0, among: ["vip", "staff"]) })
        #expect(errors.map(\.code) == ["unknown_topic", "unknown_segment"])
        #expect(errors.map(\.pointer) == ["/all/0/topic/any_of/1", "/all/1/not/segment/in/0"])
        #expect(
            errors.map(\.message) == [
                "There is no topic `cofee`. Did you mean coffee?", "There is no segment `vpi`. Did you mean vip?",
            ])
    }

    @Test(arguments: [
        "segment in (a) or not segment in (a)",
        "not (segment in (a) and not segment in (a))",
        "score >= 60 or topic(b) or not topic(b)",
        "segment in (a) and segment in (b) or not segment in (a) or not segment in (b)",
        "local_time(mon-sun)", "local_time(00:00-24:00)", "local_time(mon-sun, 00:00-24:00)",
        "local_time(mon-fri) or local_time(sat-sun)",
        "not local_time(fri, 22:00-02:00) or local_time(fri-sat)",
        "local_time(10:00-12:00) or local_time(12:00-10:00)",
    ])
    func refusesWhatIsTrueOfEverybody(text: String) throws {
        #expect(refusal(ofText: text)?.code == "always_true")
    }

    @Test(arguments: [
        "country in (US) or not country in (US)",  // not of a guest of unknown country
        "segment in (a) or not segment in (b)", "topic(a) >= 30 or not topic(a) >= 40",
        "local_time(mon-fri) or local_time(sun)", "local_time(00:00-23:59)",
        "segment in (a) and not segment in (a)",  // never true
        "score between 60 and 40", "redeemed(perk a) <= 0",
        (0..<32).map { "(segment in (a\($0)) or not segment in (b\($0)))" }.joined(separator: " and "),
    ])
    func acceptsWhatSomebodyFails(text: String) {
        #expect(refusal(ofText: text)?.code != "always_true")
        #expect(refusal(ofText: text) == nil)
    }

    @Test func flattensGroupsOfOneKindAndOfOneMember() throws {
        let rule = try decoded(
            """
            {"all": [{"all": [{"score": {"min": 1}}, {"all": [{"age": {"min": 2}}]}]},
                     {"any": [{"reach": {"min": 3}}]}, {"not": {"any": [{"score": {"max": 4}}]}}]}
            """)
        #expect(rule.flattened().text == "score >= 1 and age >= 2 and reach >= 3 and not score <= 4")
        #expect(rule.flattened() == (try Rule(parsing: rule.flattened().text)))
        #expect(rule.flattened().flattened() == rule.flattened())
    }

    @Test(arguments: [
        ("cofee", ["coffee"]), ("coffe", ["coffee"]), ("Coffee", ["coffee"]), ("wnie", ["wine"]), ("xyz", []),
        ("beer", ["beer", "beet"]), ("", []),
    ])
    func suggestsNames(name: String, expected: [String]) {
        #expect(Spelling.nearest(to: name, among: ["wine", "coffee", "beet", "beer"]) == expected)
    }
}
