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

    /// Every signed leaf that is not true under nodes that are not true, the easiest to change first.
    private func reasons(_ facts: Facts, _ truths: [Truth], _ sentences: Sentences) -> [Reason] {
        var reasons: [(rigidity: Rigidity, reason: Reason)] = []
        var index = 0
        while index < nodes.count {
            // What is true explains nothing, nor does anything below it.
            if truths[index].holds {
                index = nodes[index].end
                continue
            }
            if let leaf = nodes[index].leaf.map({ leaves[$0] }) {
                let finding = leaf.kind.finding(facts, negated: leaf.negated)
                reasons.append((leaf.kind.rigidity, sentences.reason(finding)))
            }
            index += 1
        }
        // Only an empty group, which validation refuses, fails without a leaf.
        if reasons.isEmpty { return [sentences.reason(Finding(code: "rule_admits_nobody"))] }
        var seen: Set<Reason> = []
        return Rigidity.allCases.flatMap { rigidity in
            reasons.filter { $0.rigidity == rigidity && seen.insert($0.reason).inserted }.map(\.reason)
        }
    }
}
