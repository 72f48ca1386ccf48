extension CompiledRule {
    /// What the rule says of a guest, why, and what would change it, in the words of a language.
    package func verdict(_ facts: Facts, in sentences: Sentences = .english) -> Verdict {
        let truths = truths(facts)
        var conditions: [Verdict.Condition] = []
        conditions.reserveCapacity(leaves.count)
        for (index, node) in nodes.enumerated() {
            guard let leaf = node.leaf else { continue }
            conditions.append(Verdict.Condition(text: leaves[leaf].text, result: truths[index]))
        }
        guard !truths[0].holds else {
            return Verdict(result: truths[0], conditions: conditions, reasons: [], nearest: nil)
        }
        let changes = Nearest(self).search(facts)
        return Verdict(
            result: truths[0],
            conditions: conditions,
            reasons: reasons(facts, truths, sentences),
            nearest: changes.map(sentences.nearest))
    }

    /// Why the guest does not qualify, the easiest to change first.
    private func reasons(_ facts: Facts, _ truths: [Truth], _ sentences: Sentences) -> [Reason] {
        let reasons = failingLeaves(truths).map { index in
            let (kind, negated) = (leaves[index].kind, leaves[index].negated)
            return (rigidity: kind.rigidity, reason: sentences.reason(kind.finding(facts, negated: negated)))
        }
        // Only an empty group, which validation refuses, fails without a leaf.
        if reasons.isEmpty { return [sentences.reason(Finding(code: "rule_admits_nobody"))] }
        var seen: Set<Reason> = []
        return Rigidity.allCases.flatMap { rigidity in
            reasons.filter { $0.rigidity == rigidity && seen.insert($0.reason).inserted }.map(\.reason)
        }
    }
}
