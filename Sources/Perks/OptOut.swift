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

extension OptOut: Creatable {
    // Nothing may name a person who has just asked to be left out.
    package static let withheld: Set<String> = ["identity"]
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
        let tombstones = try Tombstones(at: now, in: connection)
        try leaveOut(key, tombstones, at: now, in: connection)
        // Whoever was only being added until a moment ago is there now.
        try leaveOut(key, tombstones, at: now, in: connection)
        try AuditEvent.record("guest.opt_out", as: principal, at: now, in: connection)
        return OptOut(identity: draft.identity, optedOutAt: now)
    }
    private static func leaveOut(
        _ key: IdentityKey, _ tombstones: Tombstones, at now: Timestamp, in connection: isolated Connection
    ) throws {
        let named: Query = """
            g.guest_id in (select guest_id from identity
                           where network = \(key.network) and handle_key in (\(key.handleKey), \(key.spelledKey)))
            """
        for guest in try Guest.lockForChange(where: named, in: connection) {
            try connection.execute(
                """
                update guest set opted_out_at = \(now), updated_at = \(now)
                where guest_id = \(guest) and opted_out_at is null
                """)
            try connection.query("select end_shares_of_guest(\(guest), \(now))")
            try tombstones.writeAll(of: guest, in: connection)
        }
        try tombstones.write(key, in: connection)
    }
}
