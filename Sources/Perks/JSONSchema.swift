import Foundation

/// What a JSON value must look like: validates requests, and is printed into the OpenAPI document.
package indirect enum JSONSchema: Sendable {
    /// Text of so many characters that matches a pattern.
    case string(ClosedRange<Int> = 0...1000, Pattern? = nil)
    /// One of these words.
    case word([String])
    case integer(ClosedRange<Int>)
    case number(ClosedRange<Double>)
    case boolean
    /// Whatever JSON.
    case anything
    case array(of: JSONSchema, ClosedRange<Int> = 0...200)
    case object([Property])
    /// An object whose member names are free.
    case map(of: JSONSchema)
    /// The value, or null.
    case nullable(JSONSchema)
    /// The first of these that fits.
    case any([JSONSchema])
    /// An eligibility rule; validated where the brand's topics and segments are known.
    case rule
    /// The schema of another type, printed once and referred to by its name.
    case named(String, @Sendable () -> JSONSchema)

    /// A member of an object.
    package struct Property: Sendable {
        package let name: String
        package let schema: JSONSchema
        package let isRequired: Bool
        package let summary: String?
    }

    /// A regular shape of text, with the words that an error uses for it.
    package struct Pattern: Sendable {
        /// An ECMA 262 regular expression, for the document.
        package let expression: String
        /// A format name that JSON Schema defines, such as `date`.
        package let format: String?
        /// Completes "must be …".
        package let meaning: String
        let matches: @Sendable (String) -> Bool
    }

}

extension JSONSchema.Property {
    /// A member that must be there.
    package static func required(_ name: String, _ schema: JSONSchema, _ summary: String? = nil) -> Self {
        Self(name: name, schema: schema, isRequired: true, summary: summary)
    }

    /// A member that may be left out; null counts as left out.
    package static func optional(_ name: String, _ schema: JSONSchema, _ summary: String? = nil) -> Self {
        Self(name: name, schema: .nullable(schema), isRequired: false, summary: summary)
    }
}

/// A request or answer that carries its own schema.
package protocol Described: Sendable {
    /// The name in the OpenAPI document, unique among all described types.
    static var schemaName: String { get }
    static var schema: JSONSchema { get }
}

extension Described {
    /// A reference to the schema of this type, by name.
    package static var reference: JSONSchema {
        .named(schemaName) { schema }
    }
}

extension JSONSchema {
    /// Every fault of a value, each at its place; empty when it fits.
    ///
    /// At most 20 are listed.
    package func violations(in value: JSONValue, at pointer: String = "") -> [PerksError.Violation] {
        var found: [PerksError.Violation] = []
        check(value, at: pointer, into: &found)
        return Array(found.prefix(20))
    }

    private func check(_ value: JSONValue, at pointer: String, into found: inout [PerksError.Violation]) {
        func fault(_ code: String, _ detail: String) {
            found.append(.init(pointer, code, detail))
        }
        switch (self, value) {
        case (.anything, _), (.nullable, .null):
            break
        case (.nullable(let schema), _):
            schema.check(value, at: pointer, into: &found)
        case (.named(_, let schema), _):
            schema().check(value, at: pointer, into: &found)
        case (.any(let schemas), _):
            checkAny(schemas, value, at: pointer, into: &found)
        case (.rule, .object):
            break
        case (.string(let length, let pattern), .string(let text)):
            // JSON Schema counts code points, and so does the document that callers read.
            if !length.contains(text.unicodeScalars.count) {
                fault("wrong_length", "Must have \(length.words) characters.")
            } else if let pattern, !pattern.matches(text) {
                fault("wrong_format", "Must be \(pattern.meaning).")
            } else if text.unicodeScalars.contains("\u{0}") {
                fault("wrong_format", "Must not contain the NUL character.")
            }
        case (.word(let words), .string(let text)):
            if !words.contains(text) {
                fault("unknown_word", "Must be one of \(words.joined(separator: ", ")).")
            }
        case (.integer(let range), .number(let number)):
            if !number.isWhole {
                fault("wrong_type", "Must be a whole number.")
            } else if !(Decimal(range.lowerBound)...Decimal(range.upperBound)).contains(number) {
                fault("out_of_range", "Must be from \(range.lowerBound) to \(range.upperBound).")
            }
        case (.number(let range), .number(let number)):
            if !range.contains(NSDecimalNumber(decimal: number).doubleValue) {
                fault("out_of_range", "Must be from \(range.lowerBound) to \(range.upperBound).")
            }
        case (.boolean, .bool):
            break
        case (.array(let element, let count), .array(let values)):
            if !count.contains(values.count) {
                fault("wrong_length", "Must have \(count.words) entries.")
            } else {
                for (index, value) in values.enumerated() {
                    element.check(value, at: "\(pointer)/\(index)", into: &found)
                }
            }
        case (.object(let properties), .object(let members)):
            check(members, against: properties, at: pointer, into: &found)
        case (.map(let schema), .object(let members)):
            for (name, value) in members.sorted(by: { $0.key < $1.key }) {
                schema.check(value, at: pointer.appending(member: name), into: &found)
            }
        default:
            fault("wrong_type", "Must be \(expectation).")
        }
    }

    private func check(
        _ members: [String: JSONValue], against properties: [Property], at pointer: String,
        into found: inout [PerksError.Violation]
    ) {
        for property in properties {
            let place = pointer.appending(member: property.name)
            if let value = members[property.name] {
                property.schema.check(value, at: place, into: &found)
            } else if property.isRequired {
                found.append(.init(place, "missing", "\(property.name) is required."))
            }
        }
        let known = properties.map(\.name)
        for name in members.keys.sorted() where !known.contains(name) {
            found.append(
                .init(
                    pointer.appending(member: name), "unknown_field",
                    "There is no field \(name) here; there are \(known.joined(separator: ", "))."))
        }
    }

    /// Of several alternatives, reports the faults of the one that came closest.
    private func checkAny(
        _ schemas: [JSONSchema], _ value: JSONValue, at pointer: String, into found: inout [PerksError.Violation]
    ) {
        let attempts = schemas.map { $0.violations(in: value, at: pointer) }
        if attempts.allSatisfy({ $0.first?.code == "wrong_type" && $0.first?.pointer == pointer }) {
            found.append(.init(pointer, "wrong_type", "Must be \(expectation)."))
        } else if let closest = attempts.min(by: { $0.rank < $1.rank }) {
            found.append(contentsOf: closest)
        }
    }

    /// Completes "must be …".
    private var expectation: String {
        switch self {
        case .string, .word: "a string"
        case .integer: "a whole number"
        case .number: "a number"
        case .boolean: "true or false"
        case .anything: "JSON"
        case .array: "a list"
        case .object, .map: "an object"
        case .rule: "a rule, such as {\"score\": {\"min\": 60}}"
        case .nullable(let schema): schema.expectation
        case .any(let schemas):
            schemas.map(\.expectation).reduce(into: [String]()) { words, word in
                if !words.contains(word) { words.append(word) }
            }.joined(separator: " or ")
        case .named(_, let schema): schema().expectation
        }
    }
}

extension [PerksError.Violation] {
    /// How far a value is from an alternative: a wrong kind of member weighs more than a wrong member.
    fileprivate var rank: Int {
        reduce(0) { sum, violation in
            switch violation.code {
            case "wrong_type", "unknown_word", "unknown_field": sum + 10
            case "wrong_length": sum + 2
            default: sum + 1
            }
        }
    }
}

extension ClosedRange<Int> {
    fileprivate var words: String {
        lowerBound == upperBound ? "\(lowerBound)" : "\(lowerBound) to \(upperBound)"
    }
}

extension Decimal {
    fileprivate var isWhole: Bool {
        var (number, rounded) = (self, Decimal())
        NSDecimalRound(&rounded, &number, 0, .plain)
        return rounded == self
    }
}

extension String {
    /// This JSON pointer with a member's name at its end.
    func appending(member name: String) -> String {
        self + "/" + name.replacing("~", with: "~0").replacing("/", with: "~1")
    }
}
