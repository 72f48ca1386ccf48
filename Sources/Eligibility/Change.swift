/// One thing that could be different about a guest.
struct Change: Sendable {
    /// What is changed.
    let slot: String
    let rigidity: Rigidity
    /// The size of the step in thousandths of itself, below 1000.
    let gap: Int
    /// The words for it: something that would qualify.
    let key: String
    let values: [String: SentenceValue]
    let apply: @Sendable (inout Facts) -> Void

    init(
        _ slot: String, _ rigidity: Rigidity, gap: Int = 0, key: String, values: [String: SentenceValue] = [:],
        apply: @escaping @Sendable (inout Facts) -> Void
    ) {
        self.slot = slot
        self.rigidity = rigidity
        self.gap = gap
        self.key = key
        self.values = values
        self.apply = apply
    }

    /// How far it is from what the guest is, in thousandths of the smallest kind of change.
    var cost: Int { rigidity.cost + gap }

    /// How many values of a list are tried.
    static let choiceLimit = 8

    /// The step between two numbers, relative to the larger; from the unknown it is half of all.
    static func gap(from actual: Int?, to target: Int) -> Int {
        guard let actual else { return 500 }
        let (first, second) = (Double(actual), Double(target))
        return Int((first - second).magnitude / max(first.magnitude, second.magnitude, 1) / 2 * 999)
    }
}
