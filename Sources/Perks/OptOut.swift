import Eligibility
import Postgres

/// A person who asked to be left out: at once, without an account, and for good.
package struct OptOut: Codable, Sendable {
    package let identity: String
    package let optedOutAt: Timestamp

    private enum CodingKeys: String, CodingKey {
        case identity
        case optedOutAt = "opted_out_at"
    }

    /// Whose wish it is.
    package struct Draft: Codable, Sendable {
        /// Network and handle, such as `twitter:ana_w`.
        package var identity: String

        package init(identity: String) {
            self.identity = identity
        }
    }
}

extension OptOut.Draft: Described {
    package static let schemaName = "OptOutDraft"
    package static let schema = JSONSchema.object([.required("identity", .string(3...300), "network:handle")])
}

extension OptOut: Described {
    package static let schemaName = "OptOut"
    package static let schema = JSONSchema.object([
        .required("identity", .string()), .required("opted_out_at", .timestamp),
    ])
}

extension OptOut {
    /// Leaves a person out from now on.
    ///
    /// The answer is the same whether the person was known or not.
    package static func create(
        _ draft: Draft, as principal: Principal, at now: Timestamp, in connection: isolated Connection
    ) throws -> OptOut {
        guard case .identity(let key) = try GuestReference(draft.identity, at: "/identity") else {
            throw PerksError.invalid(
                "/identity", "not_an_identity", "An opt-out names network:handle, such as twitter:ana_w.")
        }
        let hasher = try IdentityHasher(in: connection, at: now)
        let guests = try connection.query(
            """
            update guest g set opted_out_at = coalesce(g.opted_out_at, \(now)), updated_at = \(now)
            where g.guest_id = (select guest_id from identity
                                where network = \(key.network) and handle_key = \(key.handleKey))
            returning g.guest_id
            """)
        var keys = [key]
        for row in guests {
            let guest: ID<Guest> = try row["guest_id"]
            let rows = try connection.query("select network, handle from identity where guest_id = \(guest)")
            keys += try rows.compactMap { IdentityKey(network: try $0["network"], handle: try $0["handle"]) }
        }
        for key in keys {
            try connection.execute(
                """
                insert into tombstone (identity_hash, created_at) values (\(hasher.hash(key)), \(now))
                on conflict on constraint tombstone_pkey do nothing
                """)
        }
        try AuditEvent.record("guest.opt_out", as: principal, at: now, in: connection)
        return OptOut(identity: draft.identity, optedOutAt: now)
    }
}
