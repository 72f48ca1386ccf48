/// A condition on a guest: a tree of leaves under `all`, `any` and `not`.
package indirect enum Rule: Hashable, Sendable {
    case all([Rule])
    case any([Rule])
    case not(Rule)
    case leaf(Leaf)

    /// How many groups may enclose a leaf.
    package static let depthLimit = 8
    package static let leafLimit = 64
    /// How many values one list may have.
    package static let valueLimit = 500

    /// How deep a reader follows brackets and groups at all, so that no input exhausts the stack.
    static let nestingLimit = 64

    /// The same rule with groups of one kind merged into each other and groups of one member replaced by it.
    package func flattened() -> Rule {
        switch self {
        case .leaf: return self
        case .not(let rule): return .not(rule.flattened())
        case .all(let rules):
            let parts = rules.map { $0.flattened() }.flatMap { if case .all(let inner) = $0 { inner } else { [$0] } }
            return parts.count == 1 ? parts[0] : .all(parts)
        case .any(let rules):
            let parts = rules.map { $0.flattened() }.flatMap { if case .any(let inner) = $0 { inner } else { [$0] } }
            return parts.count == 1 ? parts[0] : .any(parts)
        }
    }

    /// The leaves from left to right, each with its place: `/all/1/age`.
    package var leaves: [(pointer: String, leaf: Leaf)] {
        var found: [(pointer: String, leaf: Leaf)] = []
        visit { rule, pointer, _ in
            if case .leaf(let leaf) = rule { found.append((pointer.pointer(to: leaf.arguments.name), leaf)) }
        }
        return found
    }

    /// Calls with every node, its place and the number of groups around it, parents first.
    func visit(pointer: String = "", depth: Int = 0, _ body: (Rule, String, Int) -> Void) {
        body(self, pointer, depth)
        switch self {
        case .leaf: break
        case .not(let rule): rule.visit(pointer: pointer + "/not", depth: depth + 1, body)
        case .all(let rules), .any(let rules):
            let name = if case .all = self { "/all/" } else { "/any/" }
            for (index, rule) in rules.enumerated() {
                rule.visit(pointer: pointer + name + String(index), depth: depth + 1, body)
            }
        }
    }
}
