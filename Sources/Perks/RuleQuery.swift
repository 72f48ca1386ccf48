import Eligibility
import Foundation
import Postgres

/// A rule as SQL over guests: each leaf a column that is true, false or null, and the tree over them.
///
/// SQL's three-valued logic is the rules' own, so that `and`, `or` and `not` carry over as they are.
struct RuleQuery {
    /// The leaves from left to right, with `not` pushed down to them, as text and as an expression over the guests.
    private(set) var leaves: [(text: String, expression: Query)] = []
    /// The rule over the columns `leaf_0`, `leaf_1` and so on.
    private var tree: Node = .all([])
    /// What the leaves join to each guest, never more than one row each.
    private var joins: Query = ""
    private let context: Context

    private indirect enum Node {
        case all([Node])
        case any([Node])
        case leaf(Int)
    }

    /// What the leaves are compared with.
    struct Context {
        let brand: ID<Brand>
        let now: Timestamp
        let local: Facts.Local
    }

    init(_ rule: Rule, _ context: Context) {
        self.context = context
        tree = add(rule, negated: false)
    }

    private mutating func add(_ rule: Rule, negated: Bool) -> Node {
        switch rule {
        case .not(let rule): return add(rule, negated: !negated)
        case .all(let rules):
            let nodes = rules.map { add($0, negated: negated) }
            return negated ? .any(nodes) : .all(nodes)
        case .any(let rules):
            let nodes = rules.map { add($0, negated: negated) }
            return negated ? .all(nodes) : .any(nodes)
        case .leaf(let leaf):
            let condition = context.condition(leaf, joinedAs: "join_\(leaves.count)")
            joins = "\(fragment: joins)\(fragment: condition.join)"
            leaves.append((leaf.text, condition.expression))
            if negated { leaves[leaves.count - 1] = ("not \(leaf.text)", "(not \(fragment: condition.expression))") }
            return .leaf(leaves.count - 1)
        }
    }

    /// The leaves as columns.
    var columns: Query {
        leaves.enumerated().reduce("true as everybody") { columns, leaf in
            "\(fragment: columns), \(fragment: leaf.element.expression) as \(identifier: "leaf_\(leaf.offset)")"
        }
    }

    /// The names of those columns.
    var columnNames: Query {
        leaves.indices.reduce("everybody") { names, index in
            "\(fragment: names), \(identifier: "leaf_\(index)")"
        }
    }

    /// The guests that the columns are taken of: all but those who opted out.
    var guests: Query {
        """
        guest g left join member m on m.brand_id = \(context.brand) and m.guest_id = g.guest_id\(fragment: joins)
        where g.opted_out_at is null
        """
    }

    /// The rule over the columns; a leaf that is named counts as true.
    func condition(assuming assumed: Int? = nil) -> Query {
        condition(tree, assuming: assumed)
    }

    private func condition(_ node: Node, assuming assumed: Int?) -> Query {
        switch node {
        case .leaf(let index):
            return index == assumed ? "true" : "\(identifier: "leaf_\(index)")"
        case .all(let nodes):
            return nodes.reduce("(true") { "\(fragment: $0) and \(fragment: condition($1, assuming: assumed))" } + ")"
        case .any(let nodes):
            return nodes.reduce("(false") { "\(fragment: $0) or \(fragment: condition($1, assuming: assumed))" } + ")"
        }
    }
}

extension Query {
    fileprivate static func + (left: Query, right: Query) -> Query {
        "\(fragment: left)\(fragment: right)"
    }
}
