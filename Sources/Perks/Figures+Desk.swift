import Postgres

extension Figures {
    /// Counts check-ins, and the guests and perks among them that qualified.
    mutating func countCheckIns(in connection: isolated Connection) throws {
        let selected: Query = """
            check_in
            where brand_id = \(scope.brand.id) and \(fragment: scope.isInRange("at")) and \(scope.campaign.id) = any (campaign_ids)
            """
        let rows = try connection.query(
            """
            select width_bucket(at, \(scope.boundaries)) as day, count(*) as check_ins,
                   count(*) filter (where \(scope.campaign.id) = any (qualified_campaign_ids)) as qualified
            from \(fragment: selected) group by 1
            """)
        for row in rows {
            let day = try day(of: row)
            days[day].checkIns = try row["check_ins"]
            days[day].qualified = try row["qualified"]
            totals.checkIns += days[day].checkIns
            totals.qualified += days[day].qualified
        }
        let guests = try connection.query(
            """
            select count(distinct guest_id) as checked_in,
                   count(distinct guest_id) filter (where \(scope.campaign.id) = any (qualified_campaign_ids)) as qualified
            from \(fragment: selected)
            """)[0]
        totals.guestsCheckedIn = try guests["checked_in"]
        totals.guestsQualified = try guests["qualified"]
        let qualified = try connection.query(
            """
            select q.perk_id, count(*) as qualified
            from (select unnest(qualified_perk_ids) as perk_id from \(fragment: selected)) q group by 1
            """)
        for row in qualified {
            guard let position = position(of: try row["perk_id"]) else { continue }
            perks[position].qualified = try row["qualified"]
        }
    }

    /// Counts what was redeemed and what was taken back.
    mutating func countClaims(in connection: isolated Connection) throws {
        let selected: Query = """
            claim
            where brand_id = \(scope.brand.id) and campaign_id = \(scope.campaign.id) and \(fragment: scope.isInRange("redeemed_at"))
                and status in ('redeemed', 'reversed')
            """
        let rows = try connection.query(
            """
            select width_bucket(redeemed_at, \(scope.boundaries)) as day, perk_id, status = 'reversed' as is_reversed,
                   count(*) as units, sum(cost)::bigint as cost
            from \(fragment: selected) group by 1, 2, 3
            """)
        for row in rows {
            let day = try day(of: row)
            let units: Int = try row["units"]
            guard let position = position(of: try row["perk_id"]) else { continue }
            if try row["is_reversed"] {
                days[day].reversed += units
                perks[position].reversed += units
                totals.reversed += units
            } else {
                let cost: Int = try row["cost"]
                days[day].redeemed += units
                days[day].cost += cost
                perks[position].redeemed += units
                perks[position].cost += cost
                totals.redeemed += units
                totals.cost += cost
            }
        }
        totals.guestsRedeemed = try connection.query(
            "select count(distinct guest_id) as guests from \(fragment: selected) and status = 'redeemed'")[0]["guests"]
    }

    /// Counts the attempts to redeem that were refused.
    mutating func countRefusals(in connection: isolated Connection) throws {
        let rows = try connection.query(
            """
            select width_bucket(at, \(scope.boundaries)) as day, perk_id, code, count(*) as attempts
            from refusal
            where brand_id = \(scope.brand.id) and campaign_id = \(scope.campaign.id) and \(fragment: scope.isInRange("at"))
            group by 1, 2, 3
            """)
        for row in rows {
            let day = try day(of: row)
            let attempts: Int = try row["attempts"]
            let code: String = try row["code"]
            days[day].refused += attempts
            totals.refused[code, default: 0] += attempts
            if let position = position(of: try row["perk_id"]) {
                perks[position].refused[code, default: 0] += attempts
            }
        }
    }
}
