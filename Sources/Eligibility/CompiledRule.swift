/// A rule made ready to be put to many guests: a flat list of nodes, parents before children, with every `not` pushed
/// down to the leaves.
package struct CompiledRule: Sendable {
    let nodes: [Node]
    let leaves: [SignedLeaf]
    /// What each node is before any of its children is known.
    private let beginnings: [Truth]

    /// A group, or the leaf that `leaf` is the index of.
    struct Node: Sendable {
        let parent: Int
        let isAny: Bool
        let leaf: Int?
        /// The index after its last descendant.
        var end: Int
    }

    /// A leaf or its negation.
    struct SignedLeaf: Sendable {
        let kind: any LeafKind
        let negated: Bool
        let text: String
        let test: LeafTest

        /// The value of the signed leaf.
        func truth(_ facts: Facts) -> Truth {
            let truth = test(facts)
            return negated ? truth.negated : truth
        }
    }

    /// A rule; a missing one is true of everybody.
    package init(_ rule: Rule?) {
        self.init(all: [rule])
    }

    /// Several rules, all of which have to be true; a missing one is.
    package init(all rules: [Rule?]) {
        var builder = Builder()
        builder.add(.all(rules.compactMap { $0 }), negated: false, parent: 0)
        nodes = builder.nodes
        leaves = builder.leaves
        beginnings = builder.nodes.map { $0.isAny ? .false : .true }
    }

    /// What the rule says of a guest, without saying why.
    package func result(_ facts: Facts) -> Truth {
        truths(facts)[0]
    }

    /// What every node is for a guest.
    func truths(_ facts: Facts) -> [Truth] {
        truths { leaves[$0].truth(facts) }
    }

    /// What every node is when the leaves are as given by index.
    func truths(_ leaf: (Int) -> Truth) -> [Truth] {
        var truths = beginnings
        // Children stand behind their parents, so backwards every group is complete before it is needed.
        for index in stride(from: nodes.count - 1, to: 0, by: -1) {
            let node = nodes[index]
            if let position = node.leaf { truths[index] = leaf(position) }
            let parent = node.parent
            truths[parent] =
                nodes[parent].isAny ? truths[parent].or(truths[index]) : truths[parent].and(truths[index])
        }
        return truths
    }
}

/// Lays a tree out as nodes.
private struct Builder {
    var nodes: [CompiledRule.Node] = []
    var leaves: [CompiledRule.SignedLeaf] = []

    mutating func add(_ rule: Rule, negated: Bool, parent: Int) {
        switch rule {
        case .not(let inner): add(inner, negated: !negated, parent: parent)
        case .all(let rules): addGroup(rules, isAny: negated, negated: negated, parent: parent)
        case .any(let rules): addGroup(rules, isAny: !negated, negated: negated, parent: parent)
        case .leaf(let leaf):
            let kind = leaf.arguments
            nodes.append(CompiledRule.Node(parent: parent, isAny: false, leaf: leaves.count, end: nodes.count + 1))
            leaves.append(
                CompiledRule.SignedLeaf(
                    kind: kind, negated: negated, text: negated ? "not \(kind.text)" : kind.text, test: kind.test()))
        }
    }

    private mutating func addGroup(_ rules: [Rule], isAny: Bool, negated: Bool, parent: Int) {
        let index = nodes.count
        nodes.append(CompiledRule.Node(parent: parent, isAny: isAny, leaf: nil, end: index + 1))
        for rule in rules { add(rule, negated: negated, parent: index) }
        nodes[index].end = nodes.count
    }
}
