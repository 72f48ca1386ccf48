import Postgres

extension Guest {
    /// Forgets a person, for good: a later import of any of their handles is refused.
    ///
    /// Facts, identities, scores, topics, memberships and places on segments are gone. Check-ins, claims, refusals and
    /// shares stay under the guest's id, a pseudonym, so that counts, stock and limits still hold; what they were decided from, and
    /// where posts are, does not. Links lead on and count nothing any more.
    /// A till's order reference and a clerk's reason for a reversal are the brand's own words, and stay.
    ///
    /// Redemptions and check-ins under way are waited for. Throws `guest_not_found`, `forbidden`.
    package static func erase(
        _ reference: GuestReference, as principal: Principal, at now: Timestamp, in connection: isolated Connection
    ) throws {
        try requireOperator(principal)
        try lockIdentities(in: connection)
        let condition = try condition(reference, as: principal)
        guard let guest = try lockForChange(where: condition, in: connection).first else { throw notFound() }
        try Tombstones(at: now, in: connection).writeAll(of: guest, in: connection)
        try connection.query("select end_shares_of_guest(\(guest), \(now))")
        try connection.query("select erase_guest_in_word_of_mouth(\(guest))")
        try connection.query("select erase_guest_in_brands(\(guest))")
        try connection.execute("delete from identity where guest_id = \(guest)")
        try connection.execute("delete from guest where guest_id = \(guest)")
        try AuditEvent.record("guest.erase", of: guest, as: principal, at: now, in: connection)
    }
}
