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
