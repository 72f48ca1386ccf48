import Foundation
import HTTPTypes
import Perks
import Postgres

/// A request that has passed every check, as a handler sees it.
package struct Call: Sendable {
    let backend: Backend
    let principal: Principal
    /// The moment that counts for everything this request does.
    let now: Timestamp
    let method: HTTPRequest.Method
    /// The path as it was sent, without the query.
    let path: String
    let captures: [String: String]
    let query: QueryParameters
    let headers: HTTPFields
    let content: Content
    /// Where this service is reached, such as `https://perks.example`: what links begin with.
    let publicURL: String

    /// What came with the request.
    enum Content: Sendable {
        case nothing
        case json(JSONValue)
        case stream(Upload)
    }

    /// Runs a body as one transaction that sees the principal's brand only.
    func transaction<Result: Sendable>(
        readOnly: Bool = false, isolation: Isolation = .readCommitted,
        _ body: @Sendable (isolated Connection) throws -> Result
    ) async throws -> Result {
        try await backend.transaction(as: principal, readOnly: readOnly, isolation: isolation, body)
    }

    /// What a capture says.
    func capture(_ name: String) throws(PerksError) -> String {
        guard let text = captures[name] else { throw PerksError(.internal, "The path has no {\(name)}.") }
        return text
    }

    /// The object that the path names by id or slug.
    ///
    /// - Throws: `<noun>_not_found` for a text that can be neither.
    func reference<Kind: Noun>(to kind: Kind.Type) throws(PerksError) -> Reference<Kind> {
        guard let reference = Reference<Kind>(try capture(Kind.noun)) else { throw .missing(kind) }
        return reference
    }

    /// The object that the path names by its id.
    ///
    /// - Throws: `<noun>_not_found` for a text that is none.
    func id<Kind: Noun>(of kind: Kind.Type) throws(PerksError) -> ID<Kind> {
        guard let id = ID<Kind>(try capture(Kind.noun)) else { throw .missing(kind) }
        return id
    }

    /// The JSON that came with the request; null when there was none.
    var json: JSONValue {
        if case .json(let value) = content { value } else { .null }
    }

    /// The key that makes repeating this request safe.
    ///
    /// - Throws: `idempotency_key_required`, or `invalid_request` when it is malformed.
    func idempotencyKey() throws(PerksError) -> IdempotencyKey {
        guard let key = try idempotencyKeyIfAny() else {
            throw PerksError(
                .idempotencyKeyRequired,
                "Send the header Idempotency-Key, a new one for each new request, so that repeating it is safe.")
        }
        return key
    }

    /// The key that this request came with, together with what identifies the request; nil when it came with none.
    ///
    /// - Throws: `invalid_request` when the key is malformed.
    func idempotency() throws -> Idempotency? {
        try idempotencyKeyIfAny().map { try Idempotency($0, method.rawValue, path, body: json) }
    }

    /// The key that makes repeating this request safe; nil when it came with none.
    ///
    /// - Throws: `invalid_request` when it is malformed.
    func idempotencyKeyIfAny() throws(PerksError) -> IdempotencyKey? {
        guard let text = headers[.idempotencyKey] else { return nil }
        guard let key = IdempotencyKey(text) else {
            throw .invalid(
                "Idempotency-Key", "wrong_format", "Idempotency-Key must have 1 to 255 visible characters of ASCII.")
        }
        return key
    }

    /// The bytes that come with the request.
    func upload() throws(PerksError) -> Upload {
        guard case .stream(let upload) = content else { throw PerksError(.internal, "The endpoint takes no stream.") }
        return upload
    }
}

extension PerksError {
    /// That there is no object of this kind by the name that the address gives.
    static func missing<Kind: Noun>(_ kind: Kind.Type) -> PerksError {
        let name = Kind.noun.replacing("_", with: "-")
        return PerksError(
            .missing(kind), "There is no such \(name): the address gives neither an id nor a slug of one. Check it.")
    }
}

extension PerksError.Code {
    /// The code of a kind of object that is not there, such as `venue_not_found`.
    static func missing<Kind: Noun>(_ kind: Kind.Type) -> PerksError.Code {
        PerksError.Code(rawValue: "\(Kind.noun)_not_found") ?? .notFound
    }
}
