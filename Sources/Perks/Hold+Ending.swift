import Foundation
import Postgres

extension Hold {
    /// Gives a hold up: stock, budget and the guest's allowance are free again.
    ///
    /// Releasing it again, or after it has expired, changes nothing.
    ///
    /// Throws `hold_not_found`, and `hold_expired` when it has been redeemed: a redemption is reversed instead.
    package static func release(
        _ id: ID<Hold>, as principal: Principal, at now: Timestamp, in connection: isolated Connection
    ) throws {
        let brand = try principal.requiredBrand()
        try Catalogue.lockForUse(of: brand.id, in: connection)
        let hold = try find(id, as: principal, at: now, in: connection)
        if hold.status == .held {
            _ = try Counters.lock([hold.perk.id], [hold.campaign.id], of: brand.id, in: connection)
            let released = try connection.query(
                """
                update claim set status = 'released', ended_at = \(now)
                where brand_id = \(brand.id) and id = \(id) and status = 'held'
                returning perk_id, campaign_id, cost, takes_code
                """
            ).map(Counters.Unit.init)
            try Counters.giveBack(released, wereHeld: true, of: brand.id, in: connection)
            if !released.isEmpty { return }
        }
        // Somebody was quicker, or it had ended before.
        guard try find(id, as: principal, at: now, in: connection).status != .redeemed else {
            throw PerksError(
                .holdExpired,
                "This hold has been redeemed. To take that back: POST /v1/redemptions/\(ID<Redemption>(id.uuid))/reversal."
            )
        }
    }

    /// Ends the holds of a brand that are due, at most a thousand, and answers how many those were.
    ///
    /// The counters that are locked are those of the holds and those that the caller needs besides, all at once. The holds of
    /// the guests and perks that the caller is about come first. Whoever else ends the same holds is waited for, and each is
    /// counted once.
    static func expire(
        of brand: ID<Brand>, at now: Timestamp, for guests: Set<ID<Guest>> = [], _ perks: Set<ID<Perk>> = [],
        _ campaigns: Set<ID<Campaign>> = [], in connection: isolated Connection
    ) throws -> (count: Int, counters: Counters) {
        let due = try connection.query(
            """
            select id, perk_id, campaign_id from claim
            where brand_id = \(brand) and status = 'held' and expires_at <= \(now)
            order by (guest_id = any (\(Array(guests))) or perk_id = any (\(Array(perks)))) desc, expires_at limit 1000
            """)
        let ids: [UUID] = try due.map { try $0["id"] }
        let duePerks: [ID<Perk>] = try due.map { try $0["perk_id"] }
        let dueCampaigns: [ID<Campaign>] = try due.map { try $0["campaign_id"] }
        let (allPerks, allCampaigns) = (perks.union(duePerks), campaigns.union(dueCampaigns))
        var counters = try Counters.lock(allPerks.sorted(), allCampaigns.sorted(), of: brand, in: connection)
        guard !ids.isEmpty else { return (0, counters) }
        let expired = try connection.query(
            """
            update claim set status = 'expired', ended_at = expires_at
            where brand_id = \(brand) and id = any (\(ids)) and status = 'held' and expires_at <= \(now)
            returning perk_id, campaign_id, cost, takes_code
            """
        ).map(Counters.Unit.init)
        try Counters.giveBack(expired, wereHeld: true, of: brand, in: connection)
        for unit in expired { counters.putBack(unit) }
        return (expired.count, counters)
    }
}

extension Backend {
    /// Ends the holds of all brands that are due; answers how many.
    ///
    /// Any number of processes may do it at once.
    package func expireHolds(at now: Timestamp) async throws -> Int {
        let brands: [ID<Brand>] = try await reporting {
            try await database.read("select b.id from brands_with_due_holds(\(now)) b (id)").map { try $0["id"] }
        }
        var count = 0
        for brand in brands {
            var expired = 0
            repeat {
                expired = try await reporting {
                    try await database.transaction { connection in
                        try connection.act(for: brand.uuid)
                        try Catalogue.lockForUse(of: brand, in: connection)
                        return try Hold.expire(of: brand, at: now, in: connection).count
                    }
                }
                count += expired
            } while expired > 0
        }
        return count
    }

    /// Forgets the answers of idempotency keys whose time is over; answers how many.
    package func forgetOldAnswers(at now: Timestamp) async throws -> Int {
        var count = 0
        var forgotten = 0
        repeat {
            forgotten = try await reporting {
                try await database.read("select forget_old_answers(\(now), 1000) as forgotten")[0]["forgotten"]
            }
            count += forgotten
        } while forgotten > 0
        return count
    }
}
