extension Rule {
    /// Reads the text form; groups are as the text brackets them, `flattened()` merges them.
    package init(parsing text: String) throws(RuleError) {
        var parser = try RuleParser(text)
        self = try parser.rule()
    }

    /// The text form, with no more brackets than reading it back needs.
    package var text: String {
        text(in: .top)
    }

    private enum Position {
        case top
        case all
        case any
        case not
    }

    private func text(in position: Position) -> String {
        switch self {
        case .leaf(let leaf): return leaf.arguments.text
        case .not(let rule): return "not " + rule.text(in: .not)
        case .all(let rules):
            if rules.count == 1 { return rules[0].text(in: position) }
            let text = rules.map { $0.text(in: .all) }.joined(separator: " and ")
            return position == .top || position == .any ? text : "(\(text))"
        case .any(let rules):
            if rules.count == 1 { return rules[0].text(in: position) }
            let text = rules.map { $0.text(in: .any) }.joined(separator: " or ")
            return position == .top ? text : "(\(text))"
        }
    }
}
