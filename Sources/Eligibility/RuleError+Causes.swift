extension RuleError {
    static func objectExpected(_ pointer: String) -> RuleError {
        RuleError(
            code: "object_expected", message: "Write an object such as {\"score\": {\"min\": 60}}.", pointer: pointer)
    }

    static func unknownLeaf(_ name: String, pointer: String = "") -> RuleError {
        let names = Leaf.kinds.flatMap { $0.names } + ["all", "any", "not"]
        let near = Spelling.nearest(to: name, among: names)
        let hint = near.isEmpty ? " Use one of \(names.joined(separator: ", "))." : Spelling.question(near)
        return RuleError(
            code: "unknown_condition", message: "There is no condition `\(name.shortened)`.\(hint)", pointer: pointer)
    }

    static func tooDeep(_ pointer: String) -> RuleError {
        RuleError(
            code: "too_deep",
            message: "Groups may stand in one another at most \(Rule.depthLimit) deep; flatten the rule.",
            pointer: pointer)
    }

    static func tooManyLeaves(_ pointer: String) -> RuleError {
        RuleError(
            code: "too_many_conditions",
            message: "A rule has at most \(Rule.leafLimit) conditions; merge some of them into lists.",
            pointer: pointer)
    }

    static func tooManyValues(_ pointer: String) -> RuleError {
        RuleError(
            code: "too_many_values",
            message: "A list has at most \(Rule.valueLimit) values; put the guests in a segment instead.",
            pointer: pointer)
    }

    static func emptyGroup(_ pointer: String) -> RuleError {
        RuleError(
            code: "empty_group", message: "A group needs at least one condition; add one or leave the group out.",
            pointer: pointer)
    }

    static func emptyList(_ pointer: String) -> RuleError {
        RuleError(
            code: "empty_list", message: "The list is empty; give at least one value.", pointer: pointer)
    }

    static func unknownName(_ noun: String, _ name: String, near: [String], pointer: String) -> RuleError {
        RuleError(
            code: "unknown_\(noun)",
            message: "There is no \(noun) `\(name.shortened)`.\(Spelling.question(near))",
            pointer: pointer)
    }

    static func boundMissing(_ pointer: String) -> RuleError {
        RuleError(code: "bound_missing", message: "Give `min`, `max` or both.", pointer: pointer)
    }

    static let alwaysTrue = RuleError(
        code: "always_true",
        message: "The rule is true for every guest; leave it out, or add a condition that somebody can fail.")

    /// What is wrong with a list of values.
    static func problems(inList values: [String], _ pointer: String) -> [RuleError] {
        if values.isEmpty { return [.emptyList(pointer)] }
        if values.count > Rule.valueLimit { return [.tooManyValues(pointer)] }
        return values.enumerated().compactMap { index, value in
            RuleError.problem(inValue: value, "\(pointer)/\(index)")
        }
    }

    /// What is wrong with one value.
    static func problem(inValue value: String, _ pointer: String) -> RuleError? {
        let length = value.unicodeScalars.count
        if length == 0 {
            return RuleError(
                code: "empty_value", message: "The value is empty; write one or drop it.", pointer: pointer)
        }
        if length > 255 {
            return RuleError(
                code: "value_too_long", message: "A value has at most 255 characters; shorten it.", pointer: pointer)
        }
        return nil
    }

    /// What is wrong with a number of days.
    static func problem(inDays days: Int?, _ pointer: String) -> RuleError? {
        guard let days, !(1...36_500).contains(days) else { return nil }
        return RuleError(
            code: "days_out_of_range", message: "Give a number of days from 1 to 36500.", pointer: pointer)
    }
}
