/// What a leaf with bounds measures: the first word of its codes and keys, its unit, and what values there can be.
struct Measure {
    let noun: String
    let unit: NumberUnit
    let range: ClosedRange<Int>
}

/// A number that would satisfy bounds, and the words for it.
struct Target {
    let number: Int
    let key: String
    let values: [String: SentenceValue]
}

extension Bounds {
    /// Why a number is not within the bounds or, negated, not outside of them.
    func finding(_ measure: Measure, actual: Int, negated: Bool) -> Finding {
        let bound: (end: String, number: Int)
        switch (negated, minimum, maximum) {
        case (false, let minimum?, _) where actual < minimum: bound = ("below_minimum", minimum)
        case (false, _, let maximum): bound = ("above_maximum", maximum ?? 0)
        case (true, let minimum?, let maximum?):
            let ends = [minimum, maximum].map(measure.unit.text)
            return Finding(
                code: "\(measure.noun)_not_outside",
                values: ["minimum": .text(ends[0]), "maximum": .text(ends[1])],
                required: .list(ends),
                actual: .number(actual, measure.unit))
        case (true, let minimum?, nil): bound = ("not_below", minimum)
        case (true, nil, let maximum): bound = ("not_above", maximum ?? 0)
        }
        return Finding(
            code: "\(measure.noun)_\(bound.end)",
            values: ["required": .text(measure.unit.text(bound.number))],
            required: .number(bound.number, measure.unit),
            actual: .number(actual, measure.unit))
    }

    /// The numbers nearest to the actual one that are within the bounds or, negated, outside of them.
    func targets(_ measure: Measure, actual: Int?, negated: Bool) -> [Target] {
        var targets: [(number: Int, end: String, bound: Int)] = []
        if negated {
            if let minimum, minimum > measure.range.lowerBound { targets.append((minimum - 1, "below", minimum)) }
            if let maximum, maximum < measure.range.upperBound { targets.append((maximum + 1, "above", maximum)) }
        } else if let minimum, (actual ?? .min) < minimum {
            targets.append((minimum, "at_least", minimum))
        } else if let maximum {
            targets.append((maximum, "at_most", maximum))
        }
        return targets.filter { measure.range.contains($0.number) && contains($0.number) != negated }.map {
            Target(
                number: $0.number,
                key: "\(measure.noun)_\($0.end)",
                values: ["required": .text(measure.unit.text($0.bound))])
        }
    }
}
