/// A text that is compared without case; its folded form is worked out once, when it is set.
@propertyWrapper
package struct Caseless: Hashable, Sendable {
    package var wrappedValue: String? {
        didSet { projectedValue = wrappedValue?.withoutCase }
    }
    package private(set) var projectedValue: String?

    /// Keeps the text and its folded form.
    package init(wrappedValue: String?) {
        self.wrappedValue = wrappedValue
        projectedValue = wrappedValue?.withoutCase
    }
}

extension String {
    /// The text as it is compared without case: in lower case, with the two lower-case forms of Σ alike.
    package var withoutCase: String {
        let lower = lowercased()
        guard lower.unicodeScalars.contains("ς") else { return lower }
        var folded = UnicodeScalarView()
        for scalar in lower.unicodeScalars { folded.append(scalar == "ς" ? "σ" : scalar) }
        return String(folded)
    }
}

/// Values that folded texts are looked for in.
struct FoldedValues: Sendable {
    private let list: [String]
    private let set: Set<String>

    init(_ values: [String]) {
        let folded = values.map(\.withoutCase)
        // To compare a few short words takes less than to hash one.
        list = folded.count <= 8 ? folded : []
        set = folded.count <= 8 ? [] : Set(folded)
    }

    /// Whether a folded text is among them.
    func contains(_ text: String) -> Bool {
        list.isEmpty ? set.contains(text) : list.contains(text)
    }
}
