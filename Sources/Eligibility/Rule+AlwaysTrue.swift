extension Rule {
    /// Whether the rule can be shown to be true of every guest.
    ///
    /// Leaves that may be unknown can fail, so they count as unknown; the others are tried both ways, as far as they do not contradict each other. The search is bounded, and
    /// leaves are taken to be independent unless their kind knows better: a few rules that are always true pass, but
    /// none is refused that somebody can fail.
    var isAlwaysTrue: Bool {
        var proof = AlwaysTrueProof(CompiledRule(self))
        return proof.succeeds
    }
}

private struct AlwaysTrueProof {
    private let rule: CompiledRule
    private var budget = 1000

    init(_ rule: CompiledRule) {
        self.rule = rule
    }

    var succeeds: Bool {
        mutating get {
            tryBothWays([Truth](repeating: .unknown, count: rule.leaves.count), from: 0)
        }
    }

    /// Whether the root is true however the leaves from an index on turn out; the values are those without sign.
    private mutating func tryBothWays(_ values: [Truth], from start: Int) -> Bool {
        budget -= 1
        guard budget > 0 else { return false }
        let leaves = rule.leaves
        let root = rule.truths { values[$0] }[0]
        switch root {
        case .true: return true
        case .false: return false
        case .unknown: break
        }
        let next = leaves.indices.dropFirst(start).first { values[$0] == .unknown && leaves[$0].kind.isNeverUnknown }
        guard let next else { return false }
        for value in [true, false] where !leaves[next].kind.contradicts(value, leaves[next].kind, value) {
            var assumed = values
            assumed[next] = Truth(value)
            var possible = true
            for other in leaves.indices where other != next && leaves[other].kind.isNeverUnknown {
                let kind = leaves[other].kind
                let canBeTrue = !leaves[next].kind.contradicts(value, kind, true)
                let canBeFalse = !leaves[next].kind.contradicts(value, kind, false)
                switch (assumed[other], canBeTrue, canBeFalse) {
                case (_, true, true): break
                case (_, false, false), (.true, false, _), (.false, _, false): possible = false
                case (.unknown, true, false): assumed[other] = .true
                case (.unknown, false, true): assumed[other] = .false
                default: break
                }
            }
            if possible, !tryBothWays(assumed, from: next + 1) { return false }
        }
        return true
    }
}
