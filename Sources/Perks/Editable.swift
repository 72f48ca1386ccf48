import Foundation
import Postgres

/// A kind of object that is created from a draft, found by id or slug, listed, and changed by a merge patch.
package protocol Editable: Noun, Described, Codable, Creatable {
    /// What a caller may set.
    associatedtype Draft: Described, Codable

    var id: ID<Self> { get }
    /// What a caller could send to make this object again.
    var draft: Draft { get }

    /// Finds one that the principal may see, locking it against other changes if it is about to be changed.
    static func find(
        _ reference: Reference<Self>, forUpdate: Bool, as principal: Principal, in connection: isolated Connection
    ) throws -> Self

    /// Replaces what a caller may set; answers the object as it is afterwards.
    func replacing(
        with draft: Draft, as principal: Principal, at now: Timestamp, in connection: isolated Connection
    ) throws -> Self
}

extension Editable {
    /// Changes an object by a JSON merge patch; saving something unchanged changes nothing.
    ///
    /// The precondition is given the object as it stands, and throws when the caller wanted to change another.
    package static func patch(
        _ reference: Reference<Self>, with patch: JSONValue, as principal: Principal, at now: Timestamp,
        in connection: isolated Connection, precondition: (Self) throws -> Void = { _ in }
    ) throws -> Self {
        guard case .object = patch else {
            throw PerksError.invalid("", "wrong_type", "A merge patch is an object with the fields to change.")
        }
        let current = try find(reference, forUpdate: true, as: principal, in: connection)
        try precondition(current)
        let before = try JSONValue(of: current.draft)
        // The text of the rule that is there says nothing new.
        let isSameText = try patch["rule_text"] != nil && patch["rule_text"] == JSONValue(of: current)["rule_text"]
        let news = isSameText ? JSONValue.object(patch.members.filter { $0.key != "rule_text" }) : patch
        let after = before.merging(replaced(by: news)).merging(news)
        guard after != before else { return current }
        return try current.replacing(with: Draft(validating: after), as: principal, at: now, in: connection)
    }
}

extension Editable {
    /// What a patch replaces whole: a rule, and a benefit of another kind, are one value each, not members to be merged.
    private static func replaced(by patch: JSONValue) -> JSONValue {
        var replaced: [String: JSONValue] = [:]
        if patch["rule"] != nil || patch["rule_text"] != nil { replaced["rule"] = .null }
        if patch["benefit"]?["kind"] != nil { replaced["benefit"] = .null }
        return .object(replaced)
    }
}

extension Editable {
    /// Runs a write and turns the violation of `<noun>_slug_taken` into a refusal.
    @discardableResult
    static func unlessSlugTaken<Result>(_ slug: String, _ write: () throws -> Result) throws -> Result {
        do {
            return try write()
        } catch let error as PostgresError where error.violates("\(noun)_slug_taken") {
            throw PerksError(
                .slugTaken, "There is already a \(noun) \(slug). Choose another slug.",
                violations: [.init("/slug", "slug_taken", "Already in use.")])
        }
    }

    /// Keeps what an object says from this revision on, and tells everybody who remembers it.
    func record(
        _ revision: Int, by action: String, as principal: Principal, at now: Timestamp,
        in connection: isolated Connection
    ) throws {
        let brand = try principal.requiredBrand()
        try connection.execute(
            """
            insert into revision (brand_id, object_id, revision, at, actor, content)
            values (\(brand.id), \(id), \(revision), \(now), \(principal.actor), \(try JSONValue(of: draft)))
            """)
        try Brand.catalogueChanged(brand.id, in: connection)
        try AuditEvent.record(
            action, of: id, ["revision": .number(Decimal(revision))], as: principal, at: now, in: connection)
    }
}

extension Described where Self: Decodable {
    /// Reads a request from JSON, first held against its schema; throws every fault with its place.
    package init(validating value: JSONValue) throws {
        let violations = Self.schema.violations(in: value)
        guard violations.isEmpty else {
            throw PerksError(
                .invalidRequest, "The input has \(violations.count) fault\(violations.count == 1 ? "" : "s").",
                violations: violations)
        }
        self = try value.decode()
    }
}
