/// What a rule says of a guest, and why.
package struct Verdict: Hashable, Sendable {
    package let result: Truth
    /// Every leaf from left to right, with `not` pushed down to it.
    package let conditions: [Condition]
    /// Empty exactly when the guest qualifies; first what the guest could change most easily.
    package let reasons: [Reason]
    /// The smallest change that was found to be enough, as a sentence.
    package let nearest: String?

    /// Whether the result is true; unknown is not enough.
    package var qualifies: Bool { result.holds }

    /// A leaf and what became of it.
    package struct Condition: Hashable, Sendable {
        package let text: String
        package let result: Truth
    }
}

/// One thing that keeps a guest from qualifying.
package struct Reason: Hashable, Sendable {
    /// Stable, in snake_case.
    package let code: String
    /// A sentence that never contains the guest's own numbers.
    package let text: String
    package let required: ReasonValue?
    /// What the guest has, for managers only.
    package let actual: ReasonValue?
}

/// What a rule asks for or a guest has.
package enum ReasonValue: Hashable, Sendable, Encodable {
    /// In hundredths; encoded as 60 or 58.24.
    case number(Int)
    case text(String)
    case list([String])

    /// Encodes a number, a text or a list of texts.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .number(let hundredths) where hundredths % 100 == 0: try container.encode(hundredths / 100)
        case .number(let hundredths): try container.encode(Double(hundredths) / 100)
        case .text(let text): try container.encode(text)
        case .list(let texts): try container.encode(texts)
        }
    }

    /// A number in a unit's integers; what does not fit is held at the largest that does.
    static func number(_ number: Int, _ unit: NumberUnit) -> ReasonValue {
        guard unit == .whole else { return .number(number) }
        let (hundredths, overflow) = number.multipliedReportingOverflow(by: 100)
        return .number(overflow ? (number < 0 ? .min : .max) : hundredths)
    }
}

/// A reason before it is put into words.
struct Finding {
    let code: String
    /// The sentence to use where a code has several.
    var key: String?
    var values: [String: SentenceValue] = [:]
    var required: ReasonValue?
    var actual: ReasonValue?
}
