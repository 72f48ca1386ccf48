/// A lower bound, an upper bound or both, each included; hundredths or whole numbers, as the leaf says.
package struct Bounds: Hashable, Sendable {
    package var minimum: Int?
    package var maximum: Int?

    /// Bounds in the leaf's own unit.
    package init(minimum: Int? = nil, maximum: Int? = nil) {
        self.minimum = minimum
        self.maximum = maximum
    }

    /// Whether a number lies within.
    func contains(_ number: Int) -> Bool {
        if let minimum, number < minimum { return false }
        if let maximum, number > maximum { return false }
        return true
    }

    /// Reads `min` and `max`.
    init(_ unit: NumberUnit, members: inout LeafMembers) throws(RuleError) {
        minimum = try members.number("min", unit)
        maximum = try members.number("max", unit)
        if minimum == nil, maximum == nil { throw members.refusal("", "bound_missing", "Give `min`, `max` or both.") }
    }

    /// Writes `min` and `max`.
    func write(_ unit: NumberUnit, to members: inout LeafWriter) throws {
        try members.write(minimum, unit, "min")
        try members.write(maximum, unit, "max")
    }

    /// `>= 60`, `<= 90` or `between 40 and 60`.
    func text(_ unit: NumberUnit) -> String {
        switch (minimum, maximum) {
        case (let minimum?, let maximum?): "between \(unit.text(minimum)) and \(unit.text(maximum))"
        case (nil, let maximum?): "<= \(unit.text(maximum))"
        case (let minimum, nil): ">= \(unit.text(minimum ?? 0))"
        }
    }

    /// What is wrong with the bounds.
    var problems: [RuleError] {
        if minimum == nil, maximum == nil { return [.boundMissing("")] }
        return RuleError.problem(inMinimum: minimum, "/min").map { [$0] } ?? []
    }
}

extension RuleError {
    /// What is wrong with a minimum.
    static func problem(inMinimum minimum: Int?, _ pointer: String) -> RuleError? {
        guard let minimum, minimum <= 0 else { return nil }
        return RuleError(
            code: "minimum_not_positive",
            message: "A minimum must be above 0; everybody reaches \(minimum == 0 ? "0" : "less than 0").",
            pointer: pointer)
    }
}
