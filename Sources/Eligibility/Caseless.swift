/// A text that is compared without case; its folded form is worked out once, when it is set.
@propertyWrapper
package struct Caseless: Hashable, Sendable {
    package var wrappedValue: String? {
        didSet { projectedValue = wrappedValue?.lowercased() }
    }
    package private(set) var projectedValue: String?

    /// Keeps the text and its folded form.
    package init(wrappedValue: String?) {
        self.wrappedValue = wrappedValue
        projectedValue = wrappedValue?.lowercased()
    }
}

/// Values that folded texts are looked for in.
struct FoldedValues: Sendable {
    private let list: [String]
    private let set: Set<String>

    init(_ values: [String]) {
        let folded = values.map { $0.lowercased() }
        // To compare a few short words takes less than to hash one.
        list = folded.count <= 8 ? folded : []
        set = folded.count <= 8 ? [] : Set(folded)
    }

    /// Whether a folded text is among them.
    func contains(_ text: String) -> Bool {
        list.isEmpty ? set.contains(text) : list.contains(text)
    }
}
