/// Tests a guest; made once per rule, so that nothing is prepared per guest.
struct LeafTest: Sendable {
    // A bare closure would be stored as a generic one, and copy the facts whenever it is called.
    let run: @Sendable (Facts) -> Truth
}

/// Everything that one kind of leaf knows of itself: its two forms, its meaning and its sentences.
protocol LeafKind: Hashable, Sendable {
    /// The names it goes by, in JSON and in text.
    static var names: [String] { get }
    /// Its sentences in English: reasons by code, changes by key.
    static var sentences: [String: String] { get }

    /// Reads the JSON form; members that nobody asks for are refused afterwards.
    init(_ name: String, members: inout LeafMembers) throws(RuleError)
    /// Reads the text form, from the token after the name.
    init(_ name: String, parser: inout RuleParser) throws(RuleError)

    var leaf: Leaf { get }
    var name: String { get }
    var text: String { get }
    /// How hard it is for a guest to change what is tested.
    var rigidity: Rigidity { get }
    /// Whether it is true or false of every guest all of whose lists are known.
    var isNeverUnknown: Bool { get }

    /// Writes the JSON form.
    func write(to members: inout LeafWriter) throws
    /// What is wrong with the arguments; pointers begin at the leaf.
    func problems(_ known: KnownNames) -> [RuleError]
    /// The test of a guest.
    func test() -> LeafTest
    /// Why the leaf, or its negation, is not true of a guest of whom it is not.
    func finding(_ facts: Facts, negated: Bool) -> Finding
    /// Small changes, each of which may make the leaf, or its negation, true; the caller tries them.
    func changes(_ facts: Facts, negated: Bool) -> [Change]
    /// Whether no guest at all has this leaf of this value and another one of that value.
    func contradicts(_ value: Bool, _ other: any LeafKind, _ otherValue: Bool) -> Bool
}

extension LeafKind {
    /// Equal leaves have equal values; of others nothing is claimed.
    func contradicts(_ value: Bool, _ other: any LeafKind, _ otherValue: Bool) -> Bool {
        value != otherValue && (other as? Self) == self
    }
}

/// How hard it is for a guest to change something, the easiest first; reasons are given in this order.
enum Rigidity: Int, CaseIterable {
    /// When the guest comes.
    case moment
    /// What the guest belongs to.
    case membership
    /// What the guest has earned.
    case standing
    /// Where the guest lives and speaks.
    case place
    /// Who the guest is.
    case person

    /// What a change of this kind costs, in thousandths, before its size is counted.
    var cost: Int {
        switch self {
        case .moment: 1000
        case .membership: 2000
        case .standing: 4000
        case .place: 16_000
        case .person: 64_000
        }
    }
}
