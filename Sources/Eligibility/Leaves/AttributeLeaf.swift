/// `country in (US, CA)`, and so for region, city, gender and language: compared without case.
package struct AttributeLeaf: LeafKind {
    package var attribute: Attribute
    package var values: [String]

    /// What is compared.
    package enum Attribute: String, CaseIterable, Hashable, Sendable {
        case country
        case region
        case city
        case gender
        case language
    }

    static let names = Attribute.allCases.map(\.rawValue)
    static let sentences = Attribute.allCases.reduce(into: [String: String]()) { sentences, attribute in
        let noun = attribute.rawValue
        sentences["\(noun)_unknown"] = "The \(noun) is unknown."
        sentences["\(noun)_not_listed"] = "The \(noun) is not {values}."
        sentences["\(noun)_excluded"] = "The \(noun) is among the excluded: {values}."
        sentences["\(noun)_among"] = "the \(noun) {values}"
        sentences["\(noun)_other"] = "a \(noun) other than {values}"
    }

    /// One of the values.
    package init(_ attribute: Attribute, in values: [String]) {
        self.attribute = attribute
        self.values = values
    }

    init(_ name: String, members: inout LeafMembers) throws(RuleError) {
        attribute = Attribute(rawValue: name) ?? .country
        values = try members.list()
    }

    init(_ name: String, parser: inout RuleParser) throws(RuleError) {
        attribute = Attribute(rawValue: name) ?? .country
        values = try parser.list(after: name)
    }

    var leaf: Leaf { .attribute(self) }
    var name: String { attribute.rawValue }
    var text: String { "\(name) in (\(values.asValues))" }
    var rigidity: Rigidity { attribute == .gender ? .person : .place }
    var isNeverUnknown: Bool { false }

    func write(to members: inout LeafWriter) throws {
        try members.encode(values, forKey: MemberName("in"))
    }

    func problems(_ known: KnownNames) -> [RuleError] {
        RuleError.problems(inList: values, "/in")
    }

    func test() -> LeafTest {
        let wanted = FoldedValues(values)
        return LeafTest { facts in
            guard let actual = folded(facts) else { return .unknown }
            return Truth(wanted.contains(actual))
        }
    }

    func finding(_ facts: Facts, negated: Bool) -> Finding {
        guard folded(facts) != nil else { return Finding(code: "\(name)_unknown") }
        return Finding(
            code: negated ? "\(name)_excluded" : "\(name)_not_listed",
            values: ["values": .either(values)],
            required: .list(values),
            actual: stated(facts).map { .text($0) })
    }

    func changes(_ facts: Facts, negated: Bool) -> [Change] {
        // Nobody is told to be of another gender.
        guard attribute != .gender || folded(facts) == nil else { return [] }
        if negated {
            return [
                Change(name, rigidity, gap: 500, key: "\(name)_other", values: ["values": .either(values)]) {
                    set("", in: &$0)
                }
            ]
        }
        return values.prefix(Change.choiceLimit).map { value in
            Change(name, rigidity, gap: 500, key: "\(name)_among", values: ["values": .text(value)]) {
                set(value, in: &$0)
            }
        }
    }

    private func folded(_ facts: Facts) -> String? {
        switch attribute {
        case .country: facts.$country
        case .region: facts.$region
        case .city: facts.$city
        case .gender: facts.$gender
        case .language: facts.$language
        }
    }

    private func stated(_ facts: Facts) -> String? {
        switch attribute {
        case .country: facts.country
        case .region: facts.region
        case .city: facts.city
        case .gender: facts.gender
        case .language: facts.language
        }
    }

    private func set(_ value: String, in facts: inout Facts) {
        switch attribute {
        case .country: facts.country = value
        case .region: facts.region = value
        case .city: facts.city = value
        case .gender: facts.gender = value
        case .language: facts.language = value
        }
    }
}
