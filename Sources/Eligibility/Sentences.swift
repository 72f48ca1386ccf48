/// The words for reasons and changes in one language, by key.
package struct Sentences: Sendable {
    /// Templates with `{names}` to fill in.
    package let templates: [String: String]

    /// A language; keys that it lacks are said in English.
    package init(_ templates: [String: String]) {
        self.templates = templates
    }

    /// English: every leaf's own sentences, and what joins them.
    package static let english = Sentences(
        Leaf.kinds.reduce(into: joints) { all, kind in
            all.merge(kind.sentences) { first, _ in first }
        })

    private static let joints = [
        "rule_admits_nobody": "The rule admits nobody.",
        "nearest": "{changes} would qualify.",
        "either": "{first} or {last}",
        "each": "{first} and {last}",
        "others": "{count} others",
        "mon": "Monday", "tue": "Tuesday", "wed": "Wednesday", "thu": "Thursday", "fri": "Friday",
        "sat": "Saturday", "sun": "Sunday",
    ]

    /// A reason in words.
    func reason(_ finding: Finding) -> Reason {
        Reason(
            code: finding.code,
            text: text(finding.key ?? finding.code, finding.values),
            required: finding.required,
            actual: finding.actual)
    }

    /// The sentence that these changes together would qualify.
    func nearest(_ changes: [Change]) -> String {
        let phrases = changes.map { text($0.key, $0.values) }
        let sentence = text("nearest", ["changes": .each(phrases)])
        return sentence.prefix(1).uppercased() + sentence.dropFirst()
    }

    private func template(_ key: String) -> String {
        templates[key] ?? Sentences.english.templates[key] ?? key
    }

    private func text(_ key: String, _ values: [String: SentenceValue]) -> String {
        var text = ""
        var rest = Substring(template(key))
        // Byte by byte, for what is looked for is ASCII and whole characters take ten times as long.
        while let open = rest.utf8.firstIndex(of: UInt8(ascii: "{")),
            let close = rest[open...].utf8.firstIndex(of: UInt8(ascii: "}"))
        {
            text += rest[..<open]
            text += values[String(rest[rest.utf8.index(after: open)..<close])].map(words) ?? ""
            rest = rest[rest.utf8.index(after: close)...]
        }
        return text + rest
    }

    private func words(_ value: SentenceValue) -> String {
        switch value {
        case .text(let text): text
        case .term(let key): template(key)
        case .either(let texts): joined(texts, "either")
        case .each(let texts): joined(texts, "each")
        }
    }

    private func joined(_ texts: [String], _ key: String) -> String {
        var seen: Set<String> = []
        var texts = texts.filter { seen.insert($0).inserted }
        if texts.count > 6 {
            let others = text("others", ["count": .text(String(texts.count - 5))])
            texts = texts.prefix(5) + [others]
        }
        guard let last = texts.last, texts.count > 1 else { return texts.first ?? "" }
        let first = texts.dropLast().joined(separator: ", ")
        return text(key, ["first": .text(first), "last": .text(last)])
    }
}

/// What fills a gap in a sentence.
enum SentenceValue: Hashable, Sendable {
    case text(String)
    /// A word with a key of its own.
    case term(String)
    /// One of these.
    case either([String])
    /// All of these.
    case each([String])
}
