import Foundation
import Postgres

extension Guest {
    /// Keeps guests from being joined to another, erased or left out until commit; answers, for each reference, the guest
    /// that the principal could use, or nil.
    ///
    /// Goes on side by side with others of its kind and with imports.
    static func lockForUse(
        _ references: [GuestReference], as principal: Principal, in connection: isolated Connection
    ) throws -> [ID<Guest>?] {
        var guests = try resolve(references, "for key share of g", as: principal, in: connection)
        // Whoever waits here for two guests to be joined finds the one gone at first, and then the other by its handle.
        let missing = guests.indices.filter { guests[$0] == nil }
        if !missing.isEmpty {
            let again = try resolve(missing.map { references[$0] }, "for key share of g", as: principal, in: connection)
            for (index, guest) in zip(missing, again) { guests[index] = guest }
        }
        return guests
    }

    /// Whom references name, without waiting for anybody; nil for those who are not known or have opted out.
    static func find(
        _ references: [GuestReference], as principal: Principal, in connection: isolated Connection
    ) throws -> [ID<Guest>?] {
        try resolve(references, "", as: principal, in: connection)
    }

    private static func resolve(
        _ references: [GuestReference], _ lock: Query, as principal: Principal, in connection: isolated Connection
    ) throws -> [ID<Guest>?] {
        var ids: [UUID?] = []
        var networks: [String?] = []
        var handles: [String?] = []
        var members: [String?] = []
        for reference in references {
            var (id, key, member): (UUID?, IdentityKey?, String?) = (nil, nil, nil)
            switch reference {
            case .id(let guest): id = guest.uuid
            case .identity(let identity): key = identity
            case .member(let number): member = number
            }
            ids.append(id)
            networks.append(key?.network)
            handles.append(key?.handleKey)
            members.append(member)
        }
        let rows = try connection.query(
            """
            select g.guest_id, r.place::int
            from unnest(\(ids), \(networks), \(handles), \(members)) with ordinality
                as r (guest_id, network, handle_key, member_number, place)
            join guest g on g.guest_id = coalesce(
                r.guest_id,
                (select k.guest_id from identity k where k.network = r.network and k.handle_key = r.handle_key),
                (select m.guest_id from member m
                 where m.brand_id = \(principal.requiredBrand().id) and m.member_number = r.member_number))
            where g.opted_out_at is null
            order by g.guest_id \(fragment: lock)
            """)
        var guests = [ID<Guest>?](repeating: nil, count: references.count)
        for row in rows { guests[try row["place"] - 1] = try row["guest_id"] }
        return guests
    }

    /// Waits for what else is being claimed for these guests in a brand, and keeps it out until commit: a guest's allowance is
    /// counted and used by one transaction at a time.
    static func lockForClaims(_ guests: Set<ID<Guest>>, in connection: isolated Connection) throws {
        // A key space of its own, beside that of brands; always in the same order.
        let keys = Set(guests.map(\.uuid.lockNumber)).sorted()
        try connection.query(
            "select pg_advisory_xact_lock(\(LockSpace.claims.rawValue)::int, k::int) from unnest(\(keys)) k")
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
