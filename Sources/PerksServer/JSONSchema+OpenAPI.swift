import Foundation
import Perks

extension JSONSchema {
    /// This schema in JSON Schema 2020-12, as OpenAPI 3.1 has it.
    ///
    /// Objects that are closed have no members but those named: requests are, answers may grow. Named schemas are
    /// taken up into `components` on the way.
    func document(isClosed: Bool, _ components: inout [String: JSONValue]) -> JSONValue {
        switch self {
        case .string(let length, let pattern):
            var text: JSONValue = ["type": "string"]
            if length.lowerBound > 0 { text = text.with("minLength", .integer(length.lowerBound)) }
            return text.with("maxLength", .integer(length.upperBound))
                .with("pattern", pattern.map { .string($0.expression) })
                .with("format", pattern?.format.map { .string($0) })
        case .word(let words):
            return ["type": "string", "enum": .array(words.map { .string($0) })]
        case .integer(let range):
            return [
                "type": "integer", "minimum": .integer(range.lowerBound), "maximum": .integer(range.upperBound),
            ]
        case .number(let range):
            return [
                "type": "number", "minimum": .number(Decimal(range.lowerBound)),
                "maximum": .number(Decimal(range.upperBound)),
            ]
        case .boolean:
            return ["type": "boolean"]
        case .anything:
            return [:]
        case .array(let element, let count):
            return [
                "type": "array", "items": element.document(isClosed: isClosed, &components),
                "minItems": .integer(count.lowerBound), "maxItems": .integer(count.upperBound),
            ]
        case .object(let properties):
            return document(of: properties, isClosed: isClosed, &components)
        case .map(let schema):
            return ["type": "object", "additionalProperties": schema.document(isClosed: isClosed, &components)]
        case .nullable(.nullable(let schema)):
            return JSONSchema.nullable(schema).document(isClosed: isClosed, &components)
        case .nullable(let schema):
            return ["anyOf": [schema.document(isClosed: isClosed, &components), ["type": "null"]]]
        case .any(let schemas):
            return ["anyOf": .array(schemas.map { $0.document(isClosed: isClosed, &components) })]
        case .rule:
            return ["type": "object", "description": "An eligibility rule as a tree of conditions."]
        case .named(let name, let schema):
            if components[name] == nil {
                // Taken before it is written, so that a schema may refer to itself.
                components[name] = [:]
                components[name] = schema().document(isClosed: isClosed, &components)
            }
            return .reference(to: name)
        }
    }

    private func document(
        of properties: [Property], isClosed: Bool, _ components: inout [String: JSONValue]
    ) -> JSONValue {
        var members: [String: JSONValue] = [:]
        for property in properties {
            members[property.name] = property.schema.document(isClosed: isClosed, &components)
                .with("description", property.summary.map { .string($0) })
        }
        let required = properties.filter(\.isRequired).map { JSONValue.string($0.name) }
        return (["type": "object", "properties": .object(members)] as JSONValue)
            .with("required", required.isEmpty ? nil : .array(required))
            .with("additionalProperties", isClosed ? false : nil)
    }
}

extension JSONValue {
    static func integer(_ value: Int) -> JSONValue {
        .number(Decimal(value))
    }

    /// A reference to a named schema.
    static func reference(to name: String) -> JSONValue {
        ["$ref": "#/components/schemas/\(name)"]
    }
}
