import Eligibility
import Foundation
import Perks
import Postgres

/// The query of a request's address, held against what its endpoint knows.
struct QueryParameters: Sendable {
    private let values: [String: String]

    /// Reads a raw query; throws `invalid_request` with every parameter that is unknown, twice there or out of shape.
    init(_ text: String?, knowing parameters: [Parameter]) throws(PerksError) {
        var values: [String: String] = [:]
        var violations: [PerksError.Violation] = []
        for pair in (text ?? "").split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            // A plus is a space in the query of a form, which is what clients build queries with.
            let decoded = parts.map { $0.replacing("+", with: " ").percentDecoded }
            guard let name = decoded[0], let value = decoded.count > 1 ? decoded[1] : "" else {
                throw .invalid(String(pair), "wrong_format", "The query is not percent-encoded UTF-8.")
            }
            if let parameter = parameters.first(where: { $0.name == name }) {
                if values.updateValue(value, forKey: name) != nil {
                    violations.append(.init(name, "repeated", "\(name) may be given once only."))
                }
                violations += parameter.schema.violations(in: parameter.json(of: value), at: name)
            } else {
                let known = parameters.map(\.name).joined(separator: ", ")
                let advice = known.isEmpty ? "There are none here." : "Those here are \(known)."
                violations.append(.init(name, "unknown_parameter", "There is no such query parameter. \(advice)"))
            }
        }
        guard violations.isEmpty else {
            throw PerksError(.invalidRequest, "The query cannot be used.", violations: Array(violations.prefix(20)))
        }
        self.values = values
    }

    subscript(name: String) -> String? { values[name] }

    /// The object that the parameter of its noun names by id or slug; nil when it is left out.
    ///
    /// - Throws: `<noun>_not_found` for a text that can be neither.
    func reference<Kind: Noun>(to kind: Kind.Type) throws(PerksError) -> Reference<Kind>? {
        guard let text = values[Kind.noun] else { return nil }
        guard let reference = Reference<Kind>(text) else { throw .missing(kind) }
        return reference
    }

    func timestamp(_ name: String) -> Timestamp? { values[name].flatMap { Timestamp(rfc3339: $0) } }

    func date(_ name: String) -> LocalDate? { values[name].flatMap { LocalDate($0) } }

    /// The page that is asked for of a list at this path.
    func page(of path: String) throws(PerksError) -> PageRequest {
        try PageRequest(
            limit: values["limit"].flatMap { Int($0) } ?? PageRequest.defaultLimit, cursor: values["cursor"],
            filters: path + "?" + filters.map { "\($0)=\($1)" }.joined(separator: "&"))
    }

    /// This query with another cursor, encoded.
    func text(cursor: String) -> String {
        var pairs = filters
        if let limit = values["limit"] { pairs.append(("limit", limit)) }
        pairs.append(("cursor", cursor))
        return pairs.map { "\($0.percentEncoded)=\($1.percentEncoded)" }.joined(separator: "&")
    }

    /// Everything but what turns pages, in alphabetical order.
    private var filters: [(key: String, value: String)] {
        values.filter { !["limit", "cursor"].contains($0.key) }.sorted { $0.key < $1.key }
    }
}

extension Parameter {
    static let pages = [
        Parameter("limit", .integer(PageRequest.limits), "How many at most; \(PageRequest.defaultLimit) if left out."),
        Parameter("cursor", .string(1...200), "The next_cursor of the page before, with the same filters."),
    ]

    /// The JSON that stands for a parameter's text, so that one kind of schema serves bodies and queries.
    fileprivate func json(of text: String) -> JSONValue {
        switch schema {
        case .integer:
            Int(text).map { .number(Decimal($0)) } ?? .string(text)
        case .boolean:
            text == "true" ? .bool(true) : text == "false" ? .bool(false) : .string(text)
        default:
            .string(text)
        }
    }
}

extension String {
    /// This text as a part of a query, everything but unreserved characters encoded (RFC 3986, section 2.3).
    fileprivate var percentEncoded: String {
        addingPercentEncoding(withAllowedCharacters: .unreserved) ?? ""
    }
}

extension CharacterSet {
    fileprivate static let unreserved = CharacterSet(
        charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
}
