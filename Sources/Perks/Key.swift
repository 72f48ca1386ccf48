import Crypto
import Eligibility
import Foundation
import Postgres

/// What a program or a person shows to be let in.
///
/// Only a hash of its secret is kept.
package struct Key: Codable, Sendable, Noun {
    package static let noun = "key"

    package let id: ID<Key>
    package let role: Role
    package let label: String
    /// The slug of the one venue a clerk is bound to.
    package let venue: String?
    package let createdAt: Timestamp
    package let expiresAt: Timestamp?
    package let revokedAt: Timestamp?
    /// Shown once, when the key is made.
    package var secret: String?

    private enum CodingKeys: String, CodingKey {
        case id, role, label, venue, secret
        case createdAt = "created_at"
        case expiresAt = "expires_at"
        case revokedAt = "revoked_at"
    }

    /// What creates a key.
    package struct Draft: Codable, Sendable {
        package var role: Role
        package var label: String
        /// Id or slug of the one venue that a clerk is bound to.
        package var venue: String?
        package var expiresAt: Timestamp?

        package init(role: Role, label: String, venue: String? = nil, expiresAt: Timestamp? = nil) {
            self.role = role
            self.label = label
            self.venue = venue
            self.expiresAt = expiresAt
        }

        private enum CodingKeys: String, CodingKey {
            case role, label, venue
            case expiresAt = "expires_at"
        }
    }
}

extension Key.Draft: Described {
    package static let schemaName = "KeyDraft"
    package static let schema = JSONSchema.object([
        .required("role", .word(Role.allCases.map(\.rawValue))),
        .required("label", .name, "Where the key is used, so that the right one is revoked."),
        .optional("venue", .string(1...90), "Binds a clerk to one venue, by id or slug."),
        .optional("expires_at", .timestamp),
    ])
}

extension Key: Described {
    package static let schemaName = "Key"
    package static let schema = JSONSchema.object([
        .required("id", .id(of: Key.self)),
        .required("role", .word(Role.allCases.map(\.rawValue))),
        .required("label", .name),
        .optional("venue", .slug),
        .required("created_at", .timestamp),
        .optional("expires_at", .timestamp),
        .optional("revoked_at", .timestamp),
        .optional("secret", .string(), "Shown once, in the answer that creates the key."),
    ])
}

extension Key: Creatable {
    package static let withheld: Set<String> = ["secret"]
}

extension Key {
    /// The text that a caller presents: a fixed word to find leaked keys by, the key's id, and 256 random bits.
    struct Secret {
        let id: ID<Key>
        let text: String

        init(for id: ID<Key>) {
            var generator = SystemRandomNumberGenerator()
            let random = Data((0..<32).map { _ in UInt8.random(in: 0...255, using: &generator) })
            self.id = id
            text = "perks_\(TypeID(prefix: "", uuid: id.uuid))_\(random.base64URL)"
        }

        /// Reads a presented secret; nil when it has not even the shape of one.
        init?(_ text: String) {
            let parts = text.split(separator: "_", maxSplits: 2, omittingEmptySubsequences: false)
            guard text.utf8.count <= 100, parts.count == 3, parts[0] == "perks",
                let typeID = TypeID(String(parts[1])), typeID.prefix.isEmpty
            else { return nil }
            id = ID(typeID.uuid)
            self.text = text
        }

        /// A fast hash is enough: there is nothing to guess in 256 random bits.
        var hash: SHA256.Digest { SHA256.hash(data: Data(text.utf8)) }
    }

    private static let columns: Query = """
        k.id, k.role, k.label, v.slug as venue, k.created_at, k.expires_at, k.revoked_at
        """
    private static let tables: Query = """
        api_key k left join venue v on v.brand_id = k.brand_id and v.id = k.venue_id
        """

    init(_ row: Row) throws {
        id = try row["id"]
        let word: String = try row["role"]
        guard let role = Role(rawValue: word) else {
            throw PerksError(.internal, "A key has a role that this version does not know.")
        }
        self.role = role
        label = try row["label"]
        venue = try row["venue"]
        createdAt = try row["created_at"]
        expiresAt = try row["expires_at"]
        revokedAt = try row["revoked_at"]
    }

    /// Creates a key of the principal's brand, or the platform's if its role is operator; its secret is in this answer only.
    package static func create(
        _ draft: Draft, as principal: Principal, at now: Timestamp, in connection: isolated Connection
    ) throws -> Key {
        guard draft.role != .operator || principal.role == .operator else {
            throw PerksError(.forbidden, "Only an operator can make an operator's key.")
        }
        guard draft.role != .operator || principal.brand == nil else {
            throw PerksError.invalid(
                "/role", "wrong_role", "An operator's key belongs to no brand: leave the brand out.")
        }
        guard draft.venue == nil || draft.role == .clerk else {
            throw PerksError.invalid("/venue", "not_a_clerk", "Only a clerk's key can be bound to a venue.")
        }
        guard draft.expiresAt.map({ $0 > now }) ?? true else {
            throw PerksError.invalid("/expires_at", "in_the_past", "A key must expire in the future.")
        }
        let brand = draft.role == .operator ? .zero : try principal.requiredBrand().id.uuid
        let venue = try draft.venue.map { text in
            guard let reference = Reference<Venue>(text) else { throw Venue.notFound(at: "/venue") }
            do {
                return try Venue.find(reference, as: principal, in: connection)
            } catch let error as PerksError where error.code == .venueNotFound {
                throw Venue.notFound(at: "/venue")
            }
        }
        let secret = Secret(for: ID(at: now))
        try connection.execute(
            """
            insert into api_key (brand_id, id, role, label, venue_id, secret_hash, created_at, expires_at)
            values (\(brand), \(secret.id), \(draft.role.rawValue), \(draft.label), \(venue?.id), \(Array(secret.hash)),
                    \(now), \(draft.expiresAt))
            """)
        let details: [String: JSONValue] = ["role": .string(draft.role.rawValue), "label": .string(draft.label)]
        try AuditEvent.record("key.create", of: secret.id, details, as: principal, at: now, in: connection)
        var key = try find(secret.id, as: principal, in: connection)
        key.secret = secret.text
        return key
    }

    /// Finds a key of the principal's brand, without its secret.
    package static func find(
        _ id: ID<Key>, as principal: Principal, in connection: isolated Connection
    ) throws -> Key {
        let brand = principal.brand?.id.uuid ?? .zero
        let row = try connection.query(
            "select \(fragment: columns) from \(fragment: tables) where k.brand_id = \(brand) and k.id = \(id)"
        ).first
        guard let key = try row.map(Key.init) else { throw notFound }
        return key
    }

    /// The keys of the principal's brand, oldest first, without their secrets.
    package static func list(
        _ page: PageRequest, as principal: Principal, in connection: isolated Connection
    ) throws -> Page<Key> {
        let brand = principal.brand?.id.uuid ?? .zero
        let rows = try connection.query(
            """
            select \(fragment: columns) from \(fragment: tables)
            where k.brand_id = \(brand) and k.id > \(page.after) order by k.id limit \(page.rows)
            """)
        return Page(try rows.map(Key.init), for: page) { $0.id.uuid }
    }

    /// Revokes a key at once; revoking it again changes nothing.
    package static func revoke(
        _ id: ID<Key>, as principal: Principal, at now: Timestamp, in connection: isolated Connection
    ) throws {
        let key = try find(id, as: principal, in: connection)
        guard key.revokedAt == nil else { return }
        let brand = principal.brand?.id.uuid ?? .zero
        try connection.execute("update api_key set revoked_at = \(now) where brand_id = \(brand) and id = \(id)")
        try AuditEvent.record("key.revoke", of: id, as: principal, at: now, in: connection)
    }

    private static var notFound: PerksError {
        PerksError(.keyNotFound, "There is no such key in this brand. `GET /v1/keys` or `perks key list` shows them.")
    }
}

extension Backend {
    /// Who presents this secret, acting for the brand that an operator names.
    ///
    /// Throws `unauthenticated` alike for a secret that is malformed, unknown, wrong, expired or revoked.
    package func authenticate(_ text: String, brand slug: String?, at now: Timestamp) async throws -> Principal {
        let refused = PerksError(
            .unauthenticated, "This key is not valid. Send `Authorization: Bearer <key>` with a key that is in force.")
        guard let secret = Key.Secret(text) else { throw refused }
        let row = try await reporting { try await keys.find(secret.id, brand: slug) }
        guard let row, secret.hash == (try row["secret_hash"] as [UInt8]),
            try (row["expires_at"] as Timestamp?).map({ $0 > now }) ?? true,
            try (row["revoked_at"] as Timestamp?) == nil, let role = Role(rawValue: try row["role"])
        else { throw refused }
        let brand = try (row["id"] as ID<Brand>?) == nil ? nil : Brand(row)
        if let slug, slug != brand?.slug {
            throw PerksError(
                .brandNotFound, "There is no brand \(slug) that this key can reach. Check the header Perks-Brand.")
        }
        return Principal(role: role, actor: "key:\(secret.id)", brand: brand, venue: try row["venue_id"])
    }
}
