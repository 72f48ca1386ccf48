import Postgres

extension Guest {
    /// Another handle of a person who is known.
    package struct IdentityDraft: Codable, Sendable {
        package var network: String
        package var handle: String
        package var verified: Bool?

        package init(network: String, handle: String, verified: Bool? = nil) {
            self.network = network
            self.handle = handle
            self.verified = verified
        }
    }
}

extension Guest.IdentityDraft: Described {
    package static let schemaName = "IdentityDraft"
    package static let schema = JSONSchema.object([
        .required("network", .string(1...32), "A word such as twitter."),
        .required("handle", .string(1...200)),
        .optional("verified", .boolean, "Whether the handle was seen to be this person's; as it was, if left out."),
    ])
}

extension Guest: Creatable {
    package var subject: ID<Guest>? { id }
}

extension Guest {
    /// Says that a handle is a guest's; answers the guest, and whether the handle was not theirs before.
    ///
    /// A handle that nobody has is added. With the handle of another guest the two turn out to be one person, and the
    /// guest that is referred to remains:
    ///
    /// - Every identity, score and topic is kept; of two strengths of a topic the stronger, of two scores by one model at
    ///   one moment the one recorded later. The newest score of both is in force.
    /// - Of the other facts the remaining guest's count, and gaps are filled from the other's; region and city only where
    ///   the countries do not contradict each other. Source and consent go with the remaining guest, if it has any.
    /// - If either has opted out the person has, with every handle.
    /// - In every brand, memberships, segments, check-ins, claims and refusals become the remaining guest's. Of two members
    ///   of one brand the remaining one's number and date from an ID count, gaps are filled from the other's; a mark of
    ///   under 13 on either stays.
    /// - The units that both have used count together, even beyond the limit that a perk sets for one. Where both have a
    ///   perk of one group both are kept, and the remaining guest's own is the one that the group counts.
    /// - Both links to a campaign go on working; the remaining guest's own is the one given out.
    /// - Receipts and decisions go on saying what was said then.
    ///
    /// Redemptions and check-ins under way are waited for, and later ones find one person. Doing it again changes nothing.
    /// Throws `guest_not_found`, `opted_out` for a handle that nobody has any more, `forbidden`.
    package static func join(
        _ draft: IdentityDraft, to reference: GuestReference, as principal: Principal, at now: Timestamp,
        in connection: isolated Connection
    ) throws -> (guest: Guest, isNew: Bool) {
        try requireOperator(principal)
        guard let key = IdentityKey(network: draft.network, handle: draft.handle) else {
            throw PerksError.invalid(
                "/handle", "not_an_identity", "network is a word such as twitter, and handle what it calls the person.")
        }
        try lockIdentities(in: connection)
        let guest = try find(reference, as: principal, in: connection).id
        let isNew = try attach(key, to: guest, at: now, in: connection)
        var isChanged = isNew
        if let verified = draft.verified {
            let changed = try connection.execute(
                """
                update identity set verified = \(verified)
                where network = \(key.network) and handle_key = \(key.handleKey) and verified <> \(verified)
                """)
            isChanged = isChanged || changed > 0
        }
        if isChanged {
            // The log names nobody: it outlives the person's wish to be forgotten.
            try AuditEvent.record("guest.join", of: guest, as: principal, at: now, in: connection)
        }
        return (try find(.id(guest), as: principal, in: connection), isNew)
    }

    private static func attach(
        _ key: IdentityKey, to guest: ID<Guest>, at now: Timestamp, in connection: isolated Connection
    ) throws -> Bool {
        let added = try connection.execute(
            """
            insert into identity (network, handle_key, handle, verified, guest_id, created_at)
            values (\(key.network), \(key.handleKey), \(key.handle), false, \(guest), \(now))
            on conflict on constraint identity_pkey do nothing
            """)
        let owner: ID<Guest> = try connection.query(
            "select guest_id from identity where network = \(key.network) and handle_key = \(key.handleKey)")[0][
                "guest_id"]
        if added == 0, owner == guest { return false }
        let guests = try lockForChange(where: "g.guest_id = any (\([guest, owner]))", in: connection)
        guard guests.contains(guest) else { throw notFound() }
        let tombstones = try Tombstones(at: now, in: connection)
        if added == 0 {
            try merge(owner, into: guest, at: now, in: connection)
        } else if try tombstones.cover(key, in: connection) {
            throw PerksError(.optedOut, GuestImport.optedOutReason)
        }
        let hasOptedOut = try !connection.query(
            "select from guest where guest_id = \(guest) and opted_out_at is not null"
        ).isEmpty
        if hasOptedOut {
            try connection.query("select end_shares_of_guest(\(guest), \(now))")
            try tombstones.writeAll(of: guest, in: connection)
        }
        return true
    }

    private static func merge(
        _ absorbed: ID<Guest>, into survivor: ID<Guest>, at now: Timestamp, in connection: isolated Connection
    ) throws {
        try connection.execute("update identity set guest_id = \(survivor) where guest_id = \(absorbed)")
        try connection.execute(
            """
            insert into guest_score as s (guest_id, measured_at, model, score, recorded_at)
            select \(survivor), o.measured_at, o.model, o.score, o.recorded_at from guest_score o
            where o.guest_id = \(absorbed)
            on conflict on constraint guest_score_pkey
                do update set score = excluded.score, recorded_at = excluded.recorded_at
                where s.recorded_at < excluded.recorded_at
            """)
        try connection.execute(
            """
            insert into guest_topic as t (guest_id, topic_id, strength)
            select \(survivor), o.topic_id, o.strength from guest_topic o where o.guest_id = \(absorbed)
            on conflict on constraint guest_topic_pkey
                do update set strength = excluded.strength where t.strength < excluded.strength
            """)
        try mergeFacts(of: absorbed, into: survivor, at: now, in: connection)
        try connection.query("select join_guest_in_brands(\(survivor), \(absorbed), \(now))")
        try connection.query("select join_guest_in_word_of_mouth(\(survivor), \(absorbed))")
        try connection.execute("delete from guest where guest_id = \(absorbed)")
    }

    private static func mergeFacts(
        of absorbed: ID<Guest>, into survivor: ID<Guest>, at now: Timestamp, in connection: isolated Connection
    ) throws {
        try connection.execute(
            """
            update guest g
            set display_name = coalesce(g.display_name, o.display_name), birth_date = coalesce(g.birth_date, o.birth_date),
                gender = coalesce(g.gender, o.gender), country = coalesce(g.country, o.country),
                region = coalesce(g.region, case when g.country <> o.country then null else o.region end),
                city = coalesce(g.city, case when g.country <> o.country then null else o.city end),
                language = coalesce(g.language, o.language), reach = coalesce(g.reach, o.reach),
                source = case when g.supplied_at is null then o.source else g.source end,
                consent = case when g.supplied_at is null then o.consent else g.consent end,
                supplied_by = coalesce(g.supplied_by, o.supplied_by), supplied_at = coalesce(g.supplied_at, o.supplied_at),
                opted_out_at = least(g.opted_out_at, o.opted_out_at), created_at = least(g.created_at, o.created_at),
                updated_at = \(now)
            from guest o
            where g.guest_id = \(survivor) and o.guest_id = \(absorbed)
            """)
        try connection.execute(
            """
            update guest g
            set score = s.score, score_model = s.model, score_measured_at = s.measured_at
            from (select score, model, measured_at from guest_score where guest_id = \(survivor)
                  order by measured_at desc, recorded_at desc limit 1) s
            where g.guest_id = \(survivor)
            """)
    }
}
