/// Looks for the smallest change to a guest that would make a rule true.
///
/// It tries sets of changes from the cheapest on, applies each to the facts and asks the rule again, so that whatever it returns really is enough.
struct Nearest {
    private let rule: CompiledRule
    /// How many sets of changes are tried before it gives up.
    private let limit: Int

    init(_ rule: CompiledRule, limit: Int = 200) {
        self.rule = rule
        self.limit = limit
    }

    /// The changes, or nil when none were found; the guest does not qualify.
    func search(_ facts: Facts) -> [Change]? {
        var waiting = [Attempt(facts: facts, changes: [], cost: 0)]
        for _ in 0..<limit {
            guard let cheapest = waiting.indices.min(by: { waiting[$0].cost < waiting[$1].cost }) else { return nil }
            let attempt = waiting.remove(at: cheapest)
            let truths = rule.truths(attempt.facts)
            if truths[0].holds { return withoutNeedless(attempt.changes, facts) }
            for step in steps(at: 0, attempt.facts, truths) {
                var next = attempt
                step.change.apply(&next.facts)
                // A proposal that does not even help its own leaf leads nowhere.
                guard rule.leaves[step.leaf].truth(next.facts).holds else { continue }
                next.add(step.change)
                waiting.append(next)
            }
        }
        return nil
    }

    /// The proposals that bring a node nearer to being true: those of any failing child, or of the first that has to
    /// be true.
    private func steps(at index: Int, _ facts: Facts, _ truths: [Truth]) -> [Step] {
        let node = rule.nodes[index]
        if let position = node.leaf {
            let leaf = rule.leaves[position]
            return leaf.kind.changes(facts, negated: leaf.negated).map { Step(leaf: position, change: $0) }
        }
        var found: [Step] = []
        var child = index + 1
        while child < node.end {
            if !truths[child].holds {
                found += steps(at: child, facts, truths)
                if !node.isAny { return found }
            }
            child = rule.nodes[child].end
        }
        return found
    }

    /// Leaves out what a later change has made needless.
    private func withoutNeedless(_ changes: [Change], _ facts: Facts) -> [Change] {
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
        let leaf: Int
        let change: Change
    }

    private struct Attempt {
        var facts: Facts
        var changes: [Change]
        var cost: Int

        /// Adds a change; a second one of the same thing costs its further step only.
        mutating func add(_ change: Change) {
            let isNew = !changes.contains { $0.slot == change.slot }
            cost += change.gap + (isNew ? change.rigidity.cost : 0)
            changes.append(change)
        }
    }
}
