import Postgres

extension Guest {
    /// Keeps a guest from being joined to another, erased or left out until commit; nil when there is none that the
    /// principal could use.
    ///
    /// Goes on side by side with others of its kind and with imports.
    static func lockForUse(
        _ reference: GuestReference, as principal: Principal, in connection: isolated Connection
    ) throws -> ID<Guest>? {
        // Whoever waits here for two guests to be joined finds the one gone at first, and then the other by its handle.
        for _ in 0..<2 {
            let row = try connection.query(
                """
                select g.guest_id from guest g
                where \(fragment: condition(reference, as: principal)) and g.opted_out_at is null
                for key share
                """
            ).first
            if let row { return try row["guest_id"] }
        }
        return nil
    }

    /// Waits for everything that is being recorded of guests, imports included, and keeps new ones out until commit;
    /// answers those that there are.
    static func lockForChange(
        where condition: Query, in connection: isolated Connection
    ) throws -> [ID<Guest>] {
        let rows = try connection.query(
            "select g.guest_id from guest g where \(fragment: condition) order by g.guest_id for update")
        return try rows.map { try $0["guest_id"] }
    }

    /// Waits for other joins and erasures: whose handle is whose changes one at a time.
    static func lockIdentities(in connection: isolated Connection) throws {
        try connection.query("select pg_advisory_xact_lock(joining_lock())")
    }

    /// Refuses everybody but the platform's operators, for what crosses all brands.
    static func requireOperator(_ principal: Principal) throws(PerksError) {
        guard principal.role == .operator else {
            throw PerksError(.forbidden, "This changes or shows what all brands keep. Ask the platform's operator.")
        }
    }
}
