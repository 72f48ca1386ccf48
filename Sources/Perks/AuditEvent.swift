import Eligibility
import Postgres

/// One line of the audit log: who did what, when.
package struct AuditEvent: Codable, Sendable, Noun {
    package static let noun = "audit_event"

    package let id: ID<AuditEvent>
    package let at: Timestamp
    /// `key:key_01k…` or `cli:<user>`.
    package let actor: String
    /// Noun and verb, such as `campaign.update`.
    package let action: String
    /// The id of what was acted on.
    package let object: String?
    package let details: JSONValue
}

extension AuditEvent: Described {
    package static let schemaName = "AuditEvent"
    package static let schema = JSONSchema.object([
        .required("id", .id(of: AuditEvent.self)),
        .required("at", .timestamp),
        .required("actor", .string(), "Who: a key by its id, or a user of the command line."),
        .required("action", .string(), "Noun and verb, such as campaign.update."),
        .optional("object", .string(), "The id of what was acted on."),
        .required("details", .map(of: .anything)),
    ])
}

extension AuditEvent {
    /// Records what a principal did, in the transaction that does it.
    static func record<Kind: Noun>(
        _ action: String, of object: ID<Kind>, _ details: [String: JSONValue] = [:], as principal: Principal,
        at now: Timestamp, in connection: isolated Connection
    ) throws {
        try record(action, object: object.description, details, as: principal, at: now, in: connection)
    }

    /// Records an action on something that has no id, such as a list of topics.
    static func record(
        _ action: String, object: String? = nil, _ details: [String: JSONValue] = [:], as principal: Principal,
        at now: Timestamp, in connection: isolated Connection
    ) throws {
        // An operator that creates a brand acts for the platform; the event belongs to the brand of this transaction.
        try connection.execute(
            """
            insert into audit_event (brand_id, id, at, actor, action, object, details)
            values (current_brand(), \(ID<AuditEvent>(at: now)), \(now), \(principal.actor), \(action), \(object),
                    \(JSONValue.object(details)))
            """)
    }

    /// The audit log of the principal's brand, or the platform's own for an operator that named none; newest first.
    package static func list(
        _ page: PageRequest, as principal: Principal, in connection: isolated Connection
    ) throws -> Page<AuditEvent> {
        let brand = principal.brand?.id.uuid ?? .zero
        let before: Query = page.after == .zero ? "true" : "id < \(page.after)"
        let rows = try connection.query(
            """
            select id, at, actor, action, object, details from audit_event
            where brand_id = \(brand) and \(fragment: before) order by id desc limit \(page.rows)
            """)
        let events = try rows.map { row in
            AuditEvent(
                id: try row["id"], at: try row["at"], actor: try row["actor"], action: try row["action"],
                object: try row["object"], details: try row["details"])
        }
        return Page(events, for: page) { $0.id.uuid }
    }
}
