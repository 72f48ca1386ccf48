/// A day of the week, counted from Monday.
package enum Weekday: Int, CaseIterable, Hashable, Comparable, Sendable {
    case monday = 0
    case tuesday, wednesday, thursday, friday, saturday, sunday

    /// The three letters it is written with: `mon` … `sun`.
    package var text: String {
        switch self {
        case .monday: "mon"
        case .tuesday: "tue"
        case .wednesday: "wed"
        case .thursday: "thu"
        case .friday: "fri"
        case .saturday: "sat"
        case .sunday: "sun"
        }
    }

    /// The day before this one.
    package var previous: Weekday {
        Weekday(rawValue: (rawValue + 6) % 7) ?? .monday
    }

    /// Reads `mon` … `sun`; anything else is no day.
    package init?(_ text: String) {
        guard let day = Weekday.allCases.first(where: { $0.text == text }) else { return nil }
        self = day
    }

    /// Earlier in a week that begins on Monday.
    package static func < (left: Weekday, right: Weekday) -> Bool {
        left.rawValue < right.rawValue
    }
}

extension Weekday: Codable {
    /// Decodes `"mon"` … `"sun"`.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let day = Weekday(text) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "Write a weekday as mon, tue, wed, thu, fri, sat or sun.")
        }
        self = day
    }

    /// Encodes `"mon"` … `"sun"`.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}
