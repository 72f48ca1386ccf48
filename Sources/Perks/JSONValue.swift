import Foundation
import Postgres

/// Any JSON, as a tree: for what is validated before it is decoded, merged, or stored as it came.
package enum JSONValue: Hashable, Sendable {
    case null
    case bool(Bool)
    case number(Decimal)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])

    /// Reads JSON text; the error says where it breaks off.
    package init(parsing data: Data) throws(PerksError) {
        do {
            self = try JSON.decoder.decode(JSONValue.self, from: data)
        } catch {
            throw .invalid("", "invalid_json", "The body is not valid JSON. \(JSON.fault(in: data))")
        }
    }

    /// The JSON of a value.
    package init(of value: some Encodable) throws {
        self = try JSON.decoder.decode(JSONValue.self, from: JSON.encoder.encode(value))
    }

    /// A value read from this JSON.
    package func decode<Value: Decodable>(as type: Value.Type = Value.self) throws -> Value {
        try JSON.decoder.decode(type, from: JSON.encoder.encode(self))
    }

    /// This value changed by a JSON merge patch (RFC 7396).
    package func merging(_ patch: JSONValue) -> JSONValue {
        guard case .object(let changes) = patch else { return patch }
        var members: [String: JSONValue] = if case .object(let members) = self { members } else { [:] }
        for (name, change) in changes {
            members[name] = change == .null ? nil : (members[name] ?? .null).merging(change)
        }
        return .object(members)
    }

    /// The members of an object; none when this is no object.
    package var members: [String: JSONValue] {
        if case .object(let members) = self { members } else { [:] }
    }

    /// The member of an object; nil when this is no object or has none of that name.
    package subscript(name: String) -> JSONValue? {
        if case .object(let members) = self { members[name] } else { nil }
    }
}

extension JSONValue: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(Decimal.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else if let value = try? container.decode([JSONValue].self) {
            self = .array(value)
        } else {
            self = .object(try container.decode([String: JSONValue].self))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .bool(let value): try container.encode(value)
        case .number(let value): try container.encode(value)
        case .string(let value): try container.encode(value)
        case .array(let values): try container.encode(values)
        case .object(let members): try container.encode(members)
        }
    }
}

extension JSONValue: PostgresValue {
    package static var postgresType: PostgresType { JSONText.postgresType }

    package func encode(into bytes: inout [UInt8]) {
        JSON.text(self).encode(into: &bytes)
    }

    package init(decoding bytes: UnsafeRawBufferPointer, type: PostgresType) throws {
        let text = try JSONText(decoding: bytes, type: type).text
        self = try JSON.decoder.decode(JSONValue.self, from: Data(text.utf8))
    }
}

/// How this project writes and reads JSON: members in alphabetical order, slashes as they are.
package enum JSON {
    package static var encoder: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return encoder
    }

    package static var decoder: JSONDecoder { JSONDecoder() }

    /// The JSON of a value whose encoding cannot fail, for a jsonb column.
    package static func text(_ value: JSONValue) -> JSONText {
        JSONText(text: (try? encoder.encode(value)).map { String(decoding: $0, as: UTF8.self) } ?? "null")
    }

    /// The JSON of a value, for a jsonb column.
    package static func text(of value: some Encodable) throws -> JSONText {
        JSONText(text: String(decoding: try encoder.encode(value), as: UTF8.self))
    }

    /// Says what is wrong with text that is not JSON, and where, in words that name no type of ours.
    fileprivate static func fault(in data: Data) -> String {
        do {
            _ = try JSONSerialization.jsonObject(with: data, options: .fragmentsAllowed)
            return "A number in it is out of range."
        } catch {
            // The decoder keeps the place to itself on Linux; this reader tells.
            let cause = (error as NSError).userInfo["NSDebugDescription"] as? String
            return cause?.replacing(" in Swift", with: "") ?? "Send it as RFC 8259 has it, in UTF-8."
        }
    }
}
