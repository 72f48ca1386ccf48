/// Looks for the smallest change to a guest that would make a rule true.
///
/// It tries sets of changes, those first that promise to cost least in the end, applies each to the facts and asks the
/// rule again, so that whatever it returns really is enough.
struct Nearest {
    private let rule: CompiledRule
    /// How many sets of changes are tried before it gives up.
    private let limit: Int

    init(_ rule: CompiledRule, limit: Int = 500) {
        self.rule = rule
        self.limit = limit
    }

    /// The changes, or nil when none were found; the guest does not qualify.
    func search(_ facts: Facts) -> [Change]? {
        let start = outlook(facts)
        var waiting = single(facts)
        if start.cost != nil { waiting.append(Attempt(changes: [], cost: 0, outlook: start)) }
        var tried = 0
        while let next = waiting.indices.min(by: { waiting[$0].promise < waiting[$1].promise }) {
            let attempt = waiting.remove(at: next)
            if attempt.outlook.steps.isEmpty { return withoutNeedless(attempt.changes, facts) }
            for step in attempt.outlook.steps {
                tried += 1
                guard tried <= limit else { return nil }
                // What is changed back and forth never ends.
                guard attempt.changes.count(where: { $0.slot == step.change.slot }) < 3 else { continue }
                let outlook = outlook(step.facts)
                guard outlook.cost != nil else { continue }
                waiting.append(
                    Attempt(
                        changes: attempt.changes + [step.change], cost: attempt.cost + step.change.cost,
                        outlook: outlook))
            }
        }
        return nil
    }

    /// The single changes that are enough, wherever in the rule they come from.
    private func single(_ facts: Facts) -> [Attempt] {
        rule.failingLeaves(rule.truths(facts)).flatMap { outlook(ofLeaf: $0, facts).steps }
            .filter { rule.result($0.facts).holds }
            .map { Attempt(changes: [$0.change], cost: $0.change.cost, outlook: .done) }
    }

    /// What can be done next, and what all that is still to be done may cost; nothing to do when the rule is true.
    private func outlook(_ facts: Facts) -> Outlook {
        outlook(at: 0, facts, rule.truths(facts))
    }

    private func outlook(at index: Int, _ facts: Facts, _ truths: [Truth]) -> Outlook {
        if truths[index].holds { return .done }
        let node = rule.nodes[index]
        if let leaf = node.leaf { return outlook(ofLeaf: leaf, facts) }
        let children = rule.children(of: index).filter { !truths[$0].holds }
        let outlooks = children.map { outlook(at: $0, facts, truths) }
        if node.isAny { return Outlook(steps: outlooks.flatMap(\.steps), cost: outlooks.compactMap(\.cost).min()) }
        // All have to become true: so first the first, by its own steps or by others' that settle it as well.
        let costs = outlooks.compactMap(\.cost)
        guard costs.count == children.count, let first = children.first else { return .hopeless }
        let others = outlooks.dropFirst().flatMap(\.steps).filter { truth(at: first, $0.facts).holds }
        return Outlook(steps: outlooks[0].steps + others, cost: costs.reduce(0, +))
    }

    private func outlook(ofLeaf index: Int, _ facts: Facts) -> Outlook {
        let leaf = rule.leaves[index]
        let steps = leaf.kind.changes(facts, negated: leaf.negated).compactMap { change -> Step? in
            var changed = facts
            change.apply(&changed)
            // A proposal that does not even help its own leaf leads nowhere.
            return rule.truth(ofLeaf: index, changed).holds ? Step(change: change, facts: changed) : nil
        }
        return Outlook(steps: steps, cost: steps.map(\.change.cost).min())
    }

    /// What a node is for a guest.
    private func truth(at index: Int, _ facts: Facts) -> Truth {
        let node = rule.nodes[index]
        if let leaf = node.leaf { return rule.truth(ofLeaf: leaf, facts) }
        let children = rule.children(of: index).map { truth(at: $0, facts) }
        return node.isAny ? children.reduce(.false) { $0.or($1) } : children.reduce(.true) { $0.and($1) }
    }

    /// Leaves out what a later change has made needless.
    private func withoutNeedless(_ changes: [Change], _ facts: Facts) -> [Change] {
        guard changes.count > 1 else { return changes }
        var needed = changes
        for index in changes.indices.reversed() {
            var fewer = needed
            fewer.remove(at: index)
            var changed = facts
            for change in fewer { change.apply(&changed) }
            if rule.result(changed).holds { needed = fewer }
        }
        return needed
    }

    private struct Step {
        let change: Change
        /// The guest after it.
        let facts: Facts
    }

    private struct Outlook {
        let steps: [Step]
        /// Nil when nothing helps.
        let cost: Int?

        static let done = Outlook(steps: [], cost: 0)
        static let hopeless = Outlook(steps: [], cost: nil)
    }

    private struct Attempt {
        let changes: [Change]
        let cost: Int
        let outlook: Outlook

        /// What it will have cost in the end, as far as can be seen.
        var promise: Int { cost + (outlook.cost ?? 0) }
    }
}
