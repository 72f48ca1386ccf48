/// What leaves are written with: signs, numbers, values, lists and options.
extension RuleParser {
    /// Passes over a sign or fails.
    mutating func expect(_ sign: String, _ context: String) throws(RuleError) {
        guard token.isSign(sign) else { throw expected("\(sign) \(context)") }
        try advance()
    }

    /// Passes over a sign if it is there.
    mutating func accept(sign: String) throws(RuleError) -> Bool {
        guard token.isSign(sign) else { return false }
        try advance()
        return true
    }

    /// Passes over a word of the language if it is there.
    mutating func accept(word: String) throws(RuleError) -> Bool {
        guard token.isWord(word) else { return false }
        try advance()
        return true
    }

    /// A number in the unit's integers.
    mutating func number(_ unit: NumberUnit, after place: String) throws(RuleError) -> Int {
        guard token.kind == .word else { throw expected("\(noun(unit)) after \(place)", code: "number_expected") }
        switch unit.read(token.text) {
        case .success(let number):
            try advance()
            return number
        case .failure(.notANumber): throw expected("\(noun(unit)) after \(place)", code: "number_expected")
        case .failure(let misread): throw expected("\(misread.expectation) after \(place)", code: misread.code)
        }
    }

    /// `>= 60`, `<= 90` or `between 40 and 60`, after the name of what is measured.
    mutating func bounds(_ unit: NumberUnit, after name: String) throws(RuleError) -> Bounds {
        if try accept(sign: ">=") { return Bounds(minimum: try number(unit, after: ">=")) }
        if try accept(sign: "<=") { return Bounds(maximum: try number(unit, after: "<=")) }
        guard try accept(word: "between") else { throw expected(">=, <= or between after \(name)") }
        let minimum = try number(unit, after: "between")
        guard try accept(word: "and") else { throw expected("and with the upper bound after between") }
        return Bounds(minimum: minimum, maximum: try number(unit, after: "and"))
    }

    /// `90 days`, after the option's name.
    mutating func days(after option: String) throws(RuleError) -> Int {
        let days = try number(.whole, after: option)
        if try accept(word: "day") { return days }
        guard try accept(word: "days") else { throw expected("days after the number") }
        return days
    }

    /// A bare word or a text in quotes.
    mutating func value(_ what: String) throws(RuleError) -> String {
        guard token.kind == .word || token.kind == .quoted else { throw expected(what) }
        let value = token.text
        try advance()
        return value
    }

    /// Values separated by commas; inside a list every word is a value.
    mutating func values() throws(RuleError) -> [String] {
        if token.isSign(")") || token.isSign(";") { throw expected("at least one value", code: "empty_list") }
        var values: [String] = []
        repeat {
            guard values.count < Rule.valueLimit else {
                let what = "at most \(Rule.valueLimit) values; put the guests in a segment"
                throw expected(what, code: "too_many_values")
            }
            values.append(try value("a value"))
        } while try accept(sign: ",")
        if token.kind != .end, !token.isSign(")"), !token.isSign(";") {
            throw expected("a comma or ); a value of several words stands in quotes: \"Las Vegas\"")
        }
        return values
    }

    /// `in (US, CA)` and whatever options its end may have; `option` reads one and says whether it knew it.
    mutating func list(
        after name: String, options: [String] = [], option: (String) -> Void = { _ in }
    ) throws(RuleError) -> [String] {
        guard try accept(word: "in") else { throw expected("in ( after \(name)") }
        try expect("(", "after in")
        let values = try values()
        try flags(options, option)
        try expect(")", "to close the list")
        return values
    }

    /// `; exact, all`: words that are switched on by being there.
    mutating func flags(_ known: [String], _ set: (String) -> Void) throws(RuleError) {
        guard !known.isEmpty, try accept(sign: ";") else { return }
        repeat {
            guard token.kind == .word, known.contains(token.text) else {
                throw expected("\(known.joined(separator: " or ")) after the semicolon")
            }
            set(token.text)
            try advance()
        } while try accept(sign: ",")
    }

    private func noun(_ unit: NumberUnit) -> String {
        unit == .whole ? "a whole number" : "a number"
    }
}
