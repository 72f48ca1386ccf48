/// Reads the text form of a rule.
///
/// `or` binds weakest, then `and`, then `not`.
struct RuleParser {
    private var scanner: RuleScanner
    private(set) var token: RuleToken
    /// Where each leaf begins, from left to right.
    private(set) var leafOffsets: [Int] = []

    init(_ text: String) throws(RuleError) {
        scanner = RuleScanner(text)
        token = try scanner.next()
    }

    /// The whole text as one rule.
    mutating func rule() throws(RuleError) -> Rule {
        let rule = try alternatives(nesting: 0)
        guard token.kind == .end else {
            if token.isSign(")") { throw expected("no ), for no bracket is open") }
            throw expected("and, or, or the end of the rule")
        }
        return rule
    }

    /// Line and column of a leaf, counted from the left.
    func place(ofLeaf index: Int) -> (line: Int, column: Int)? {
        leafOffsets.indices.contains(index) ? scanner.place(of: leafOffsets[index]) : nil
    }

    private mutating func alternatives(nesting: Int) throws(RuleError) -> Rule {
        var rules = [try conjunction(nesting: nesting)]
        while token.isWord("or") {
            try advance()
            rules.append(try conjunction(nesting: nesting))
        }
        return rules.count == 1 ? rules[0] : .any(rules)
    }

    private mutating func conjunction(nesting: Int) throws(RuleError) -> Rule {
        var rules = [try negation(nesting: nesting)]
        while token.isWord("and") {
            try advance()
            rules.append(try negation(nesting: nesting))
        }
        return rules.count == 1 ? rules[0] : .all(rules)
    }

    private mutating func negation(nesting: Int) throws(RuleError) -> Rule {
        guard nesting <= Rule.nestingLimit else {
            let error = RuleError.tooDeep("")
            throw scanner.error(error.code, error.message, at: token.offset)
        }
        if token.isWord("not") {
            try advance()
            return .not(try negation(nesting: nesting + 1))
        }
        guard token.isSign("(") else { return .leaf(try leaf()) }
        let opened = scanner.place(of: token.offset)
        try advance()
        let rule = try alternatives(nesting: nesting + 1)
        guard token.isSign(")") else {
            throw expected("and, or, or a ) for the bracket of line \(opened.line), column \(opened.column)")
        }
        try advance()
        return rule
    }

    private mutating func leaf() throws(RuleError) -> Leaf {
        guard token.kind == .word else { throw expected("a condition such as score >= 60") }
        let name = token.text
        guard let kind = Leaf.kind(named: name) else {
            if ["and", "or"].contains(name) { throw expected("a condition such as score >= 60") }
            let lower = name.lowercased()
            guard lower == name || (Leaf.kind(named: lower) == nil && !["and", "or", "not"].contains(lower)) else {
                throw expected("\(lower) in lower case")
            }
            let error = RuleError.unknownLeaf(name)
            throw scanner.error(error.code, error.message, at: token.offset)
        }
        guard leafOffsets.count < Rule.leafLimit else {
            let error = RuleError.tooManyLeaves("")
            throw scanner.error(error.code, error.message, at: token.offset)
        }
        leafOffsets.append(token.offset)
        try advance()
        return try kind.init(name, parser: &self).leaf
    }

    /// Moves to the next token.
    mutating func advance() throws(RuleError) {
        token = try scanner.next()
    }

    /// The error that something else should stand where the current token is.
    func expected(_ what: String, code: String = "syntax") -> RuleError {
        var hint = ""
        if token.kind == .word, token.text != token.text.lowercased(),
            ["and", "or", "not", "in", "between"].contains(token.text.lowercased())
        {
            hint = "; words of the language are lower case: \(token.text.lowercased())"
        }
        return scanner.error(code, "expected \(what)\(hint)", at: token.offset)
    }
}
