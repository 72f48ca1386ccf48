/// What a guest gets.
package enum Benefit: Hashable, Sendable {
    case percentOff(percent: Int)
    /// In minor units of the currency, such as cents.
    case amountOff(amount: Int, currency: String)
    case freeItem(item: String)
    case upgrade(item: String)
    case points(points: Int)

    /// Reads the short form of the command line, such as `upgrade:suite` or `amount_off:2500:USD`; nil when it is none.
    package init?(_ text: String) {
        let parts = text.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
        switch (parts.first, parts.count) {
        case ("percent_off", 2):
            guard let percent = Int(parts[1]) else { return nil }
            self = .percentOff(percent: percent)
        case ("amount_off", 3):
            guard let amount = Int(parts[1]) else { return nil }
            self = .amountOff(amount: amount, currency: parts[2].uppercased())
        case ("free_item", 2...) where !parts[1].isEmpty:
            self = .freeItem(item: parts[1...].joined(separator: ":"))
        case ("upgrade", 2...) where !parts[1].isEmpty:
            self = .upgrade(item: parts[1...].joined(separator: ":"))
        case ("points", 2):
            guard let points = Int(parts[1]) else { return nil }
            self = .points(points: points)
        default:
            return nil
        }
        guard let json = try? JSONValue(of: self), Benefit.schema.violations(in: json).isEmpty else { return nil }
    }

    /// What a person at the desk reads.
    package var summary: String {
        switch self {
        case .percentOff(let percent): "\(percent) % off"
        case .amountOff(let amount, let currency): "\(amount) \(currency) off (minor units)"
        case .freeItem(let item): "free \(item)"
        case .upgrade(let item): "upgrade to \(item)"
        case .points(let points): "\(points) points"
        }
    }
}

extension Benefit: Described {
    package static let schemaName = "Benefit"
    package static let schema = JSONSchema.any([
        .object([.required("kind", .word(["percent_off"])), .required("percent", .integer(1...100))]),
        .object([
            .required("kind", .word(["amount_off"])), .required("amount", .integer(1...1_000_000_000_000)),
            .required("currency", .currency),
        ]),
        .object([.required("kind", .word(["free_item"])), .required("item", .string(1...100))]),
        .object([.required("kind", .word(["upgrade"])), .required("item", .string(1...100))]),
        .object([.required("kind", .word(["points"])), .required("points", .integer(1...1_000_000_000))]),
    ])
}

extension Benefit: Codable {
    private enum CodingKeys: CodingKey {
        case kind, percent, amount, currency, item, points
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        switch try container.decode(String.self, forKey: .kind) {
        case "percent_off":
            self = .percentOff(percent: try container.decode(Int.self, forKey: .percent))
        case "amount_off":
            self = .amountOff(
                amount: try container.decode(Int.self, forKey: .amount),
                currency: try container.decode(String.self, forKey: .currency))
        case "free_item":
            self = .freeItem(item: try container.decode(String.self, forKey: .item))
        case "upgrade":
            self = .upgrade(item: try container.decode(String.self, forKey: .item))
        case "points":
            self = .points(points: try container.decode(Int.self, forKey: .points))
        case let kind:
            throw DecodingError.dataCorruptedError(
                forKey: .kind, in: container, debugDescription: "no kind of benefit: \(kind)")
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        case .percentOff(let percent):
            try container.encode("percent_off", forKey: .kind)
            try container.encode(percent, forKey: .percent)
        case .amountOff(let amount, let currency):
            try container.encode("amount_off", forKey: .kind)
            try container.encode(amount, forKey: .amount)
            try container.encode(currency, forKey: .currency)
        case .freeItem(let item):
            try container.encode("free_item", forKey: .kind)
            try container.encode(item, forKey: .item)
        case .upgrade(let item):
            try container.encode("upgrade", forKey: .kind)
            try container.encode(item, forKey: .item)
        case .points(let points):
            try container.encode("points", forKey: .kind)
            try container.encode(points, forKey: .points)
        }
    }
}
