/// A rule read from its text form, which still knows where in the text its leaves stand.
package struct ParsedRule: Sendable {
    package let rule: Rule
    private let parser: RuleParser

    /// Reads the text form.
    package init(_ text: String) throws(RuleError) {
        var parser = try RuleParser(text)
        rule = try parser.rule()
        self.parser = parser
    }

    /// What is wrong with the rule, each problem with line and column of the leaf it is about.
    package func validate(
        topics: @escaping NameLookup = { _ in nil }, segments: @escaping NameLookup = { _ in nil }
    ) -> [RuleError] {
        let leaves = rule.leaves
        return rule.validate(topics: topics, segments: segments).map { error in
            let index = leaves.firstIndex { error.pointer == $0.pointer || error.pointer.hasPrefix($0.pointer + "/") }
            guard let index, let place = parser.place(ofLeaf: index) else { return error }
            var placed = error
            (placed.line, placed.column) = place
            return placed
        }
    }
}
