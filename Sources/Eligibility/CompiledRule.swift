/// A rule made ready to be put to many guests: a flat list of nodes, parents before children, with every `not` pushed
/// down to the leaves.
package struct CompiledRule: Sendable {
    let nodes: [Node]
    let leaves: [SignedLeaf]
    /// The tests of the leaves, by themselves so that a guest's way through them touches little else.
    private let tests: [LeafTest]
    /// What each node is before any of its children is known.
    private let beginnings: [Truth]

    /// A group, or the leaf that `leaf` is the index of.
    struct Node: Sendable {
        let parent: Int
        let isAny: Bool
        let leaf: Int?
        let negated: Bool
        /// The index after its last descendant.
        var end: Int
    }

    /// A leaf or its negation.
    struct SignedLeaf: Sendable {
        let kind: any LeafKind
        let negated: Bool
        let text: String
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
        tests = builder.leaves.map { $0.kind.test() }
        beginnings = builder.nodes.map { $0.isAny ? .false : .true }
    }

    /// What the rule says of a guest, without saying why.
    package func result(_ facts: Facts) -> Truth {
        truths(facts)[0]
    }

    /// The signed leaves that are not true under nodes none of which is true.
    func failingLeaves(_ truths: [Truth]) -> [Int] {
        var failing: [Int] = []
        var index = 0
        while index < nodes.count {
            if !truths[index].holds, let leaf = nodes[index].leaf { failing.append(leaf) }
            // What is true explains nothing, nor does anything below it.
            index = truths[index].holds ? nodes[index].end : index + 1
        }
        return failing
    }

    /// The nodes right below a node.
    func children(of index: Int) -> [Int] {
        var children: [Int] = []
        var child = index + 1
        while child < nodes[index].end {
            children.append(child)
            child = nodes[child].end
        }
        return children
    }

    /// What a signed leaf is for a guest.
    func truth(ofLeaf index: Int, _ facts: Facts) -> Truth {
        let truth = tests[index].run(facts)
        return leaves[index].negated ? truth.negated : truth
    }

    /// What every node is for a guest.
    func truths(_ facts: Facts) -> [Truth] {
        truths { tests[$0].run(facts) }
    }

    /// What every node is when the leaves, without their signs, are as given by index.
    @inline(__always)
    func truths(_ leaf: (Int) -> Truth) -> [Truth] {
        var truths = beginnings
        var open = truths.mutableSpan
        // Children stand behind their parents, so backwards every group is complete before it is needed.
        for index in stride(from: nodes.count - 1, to: 0, by: -1) {
            let node = nodes[index]
            var truth = open[index]
            if let position = node.leaf {
                truth = node.negated ? leaf(position).negated : leaf(position)
                open[index] = truth
            }
            let parent = open[node.parent]
            open[node.parent] = nodes[node.parent].isAny ? parent.or(truth) : parent.and(truth)
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
            nodes.append(
                CompiledRule.Node(
                    parent: parent, isAny: false, leaf: leaves.count, negated: negated, end: nodes.count + 1))
            let text = negated ? "not \(kind.text)" : kind.text
            leaves.append(CompiledRule.SignedLeaf(kind: kind, negated: negated, text: text))
        }
    }

    private mutating func addGroup(_ rules: [Rule], isAny: Bool, negated: Bool, parent: Int) {
        let index = nodes.count
        nodes.append(CompiledRule.Node(parent: parent, isAny: isAny, leaf: nil, negated: false, end: index + 1))
        for rule in rules { add(rule, negated: negated, parent: index) }
        nodes[index].end = nodes.count
    }
}
