extension Rule: Codable {
    /// Decodes the JSON form; throws a `RuleError` with the place within the rule.
    package init(from decoder: any Decoder) throws {
        self = try Rule.decode(from: decoder)
    }

    /// Decodes the JSON form, refusing unknown members and wrong types; the pointer begins at the rule's root.
    package static func decode(from decoder: any Decoder) throws(RuleError) -> Rule {
        guard let container = try? decoder.container(keyedBy: MemberName.self) else { throw .objectExpected("") }
        var reader = RuleReader()
        return try reader.rule(container, pointer: "", nesting: 0)
    }

    /// Encodes the JSON form.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: MemberName.self)
        switch self {
        case .all(let rules): try container.encode(rules, forKey: MemberName("all"))
        case .any(let rules): try container.encode(rules, forKey: MemberName("any"))
        case .not(let rule): try container.encode(rule, forKey: MemberName("not"))
        case .leaf(let leaf):
            let arguments = leaf.arguments
            var members = container.nestedContainer(keyedBy: MemberName.self, forKey: MemberName(arguments.name))
            try arguments.write(to: &members)
        }
    }
}

/// Reads a tree from nested JSON objects, no deeper and no larger than a rule may be.
private struct RuleReader {
    private var leaves = 0

    mutating func rule(
        _ container: KeyedDecodingContainer<MemberName>, pointer: String, nesting: Int
    ) throws(RuleError) -> Rule {
        guard nesting <= Rule.nestingLimit else { throw .tooDeep(pointer) }
        let names = container.allKeys.map(\.stringValue).sorted()
        guard let name = names.first, names.count == 1 else {
            throw RuleError(
                code: "one_member_expected",
                message: "Give exactly one of all, any, not or a condition such as score; each has its own object.",
                pointer: pointer)
        }
        let key = MemberName(name)
        let inner = pointer.pointer(to: name)
        switch name {
        case "all": return .all(try rules(container, key, inner, nesting))
        case "any": return .any(try rules(container, key, inner, nesting))
        case "not":
            guard let child = try? container.nestedContainer(keyedBy: MemberName.self, forKey: key) else {
                throw .objectExpected(inner)
            }
            return .not(try rule(child, pointer: inner, nesting: nesting + 1))
        default:
            guard let kind = Leaf.kind(named: name) else { throw .unknownLeaf(name, pointer: inner) }
            leaves += 1
            guard leaves <= Rule.leafLimit else { throw .tooManyLeaves("") }
            guard let child = try? container.nestedContainer(keyedBy: MemberName.self, forKey: key) else {
                throw .objectExpected(inner)
            }
            var members = LeafMembers(child, pointer: inner)
            let leaf = try kind.init(name, members: &members)
            try members.finish()
            return .leaf(leaf.leaf)
        }
    }

    private mutating func rules(
        _ container: KeyedDecodingContainer<MemberName>, _ key: MemberName, _ pointer: String, _ nesting: Int
    ) throws(RuleError) -> [Rule] {
        guard var list = try? container.nestedUnkeyedContainer(forKey: key) else {
            throw RuleError(
                code: "list_expected", message: "`\(key.stringValue)` must be a list of rules.", pointer: pointer)
        }
        var rules: [Rule] = []
        while !list.isAtEnd {
            let inner = "\(pointer)/\(rules.count)"
            // A list of empty groups has no leaves to count, so its length is bounded as well.
            guard rules.count < Rule.leafLimit else { throw .tooManyLeaves(inner) }
            guard let child = try? list.nestedContainer(keyedBy: MemberName.self) else { throw .objectExpected(inner) }
            rules.append(try rule(child, pointer: inner, nesting: nesting + 1))
        }
        return rules
    }
}
