import Eligibility
import Foundation
import Postgres

/// A report's figures while they are being counted.
struct Figures {
    private(set) var totals = Report.Totals()
    private(set) var perks: [Report.PerkLine]
    private(set) var days: [Report.Day]

    private let brand: Brand
    private let campaign: Campaign
    private let positions: [ID<Perk>: Int]
    /// The first moment of each day, and of the day after the last; computed here, so that zones are read in one place.
    private let boundaries: [Timestamp]

    init(
        _ brand: Brand, _ campaign: Campaign, from: LocalDate, to: LocalDate, as principal: Principal,
        in connection: isolated Connection
    ) throws {
        self.brand = brand
        self.campaign = campaign
        let dates = (from.daysSinceEpoch...to.daysSinceEpoch).map(LocalDate.init(daysSinceEpoch:))
        days = dates.map { Report.Day(date: $0) }
        boundaries = (dates + [to.adding(days: 1)]).map(brand.zone.start)
        let rows = try connection.query(
            """
            select \(fragment: Perk.columns) from \(fragment: Perk.tables)
            where p.brand_id = \(brand.id) and p.campaign_id = \(campaign.id) order by p.rank nulls last, p.id
            """)
        let offered = try rows.map(Perk.init)
        perks = offered.map { Report.PerkLine(perk: PerkSummary($0), stock: $0.stock, remaining: $0.remaining) }
        positions = Dictionary(uniqueKeysWithValues: offered.enumerated().map { ($1.id, $0) })
    }

    private var first: Timestamp { boundaries[0] }
    private var end: Timestamp { boundaries[boundaries.count - 1] }

    mutating func countCheckIns(in connection: isolated Connection) throws {
        let selected: Query = """
            check_in
            where brand_id = \(brand.id) and at >= \(first) and at < \(end) and \(campaign.id) = any (campaign_ids)
            """
        let rows = try connection.query(
            """
            select width_bucket(at, \(boundaries)) as day, count(*) as check_ins,
                   count(*) filter (where \(campaign.id) = any (qualified_campaign_ids)) as qualified
            from \(fragment: selected) group by 1
            """)
        for row in rows {
            let day = try row.decode("day", as: Int.self) - 1
            days[day].checkIns = try row["check_ins"]
            days[day].qualified = try row["qualified"]
            totals.checkIns += days[day].checkIns
            totals.qualified += days[day].qualified
        }
        let guests = try connection.query(
            """
            select count(distinct guest_id) as checked_in,
                   count(distinct guest_id) filter (where \(campaign.id) = any (qualified_campaign_ids)) as qualified
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
            guard let position = positions[try row["perk_id"]] else { continue }
            perks[position].qualified = try row["qualified"]
        }
    }

    mutating func countClaims(in connection: isolated Connection) throws {
        let selected: Query = """
            claim
            where brand_id = \(brand.id) and campaign_id = \(campaign.id) and redeemed_at >= \(first)
                and redeemed_at < \(end) and status in ('redeemed', 'reversed')
            """
        let rows = try connection.query(
            """
            select width_bucket(redeemed_at, \(boundaries)) as day, perk_id, status = 'reversed' as is_reversed,
                   count(*) as units, sum(cost)::bigint as cost
            from \(fragment: selected) group by 1, 2, 3
            """)
        for row in rows {
            let day = try row.decode("day", as: Int.self) - 1
            let units: Int = try row["units"]
            guard let position = positions[try row["perk_id"]] else { continue }
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

    mutating func countRefusals(in connection: isolated Connection) throws {
        let rows = try connection.query(
            """
            select width_bucket(at, \(boundaries)) as day, perk_id, code, count(*) as attempts
            from refusal
            where brand_id = \(brand.id) and campaign_id = \(campaign.id) and at >= \(first) and at < \(end)
            group by 1, 2, 3
            """)
        for row in rows {
            let day = try row.decode("day", as: Int.self) - 1
            let attempts: Int = try row["attempts"]
            let code: String = try row["code"]
            days[day].refused += attempts
            totals.refused[code, default: 0] += attempts
            if let position = positions[try row["perk_id"]] {
                perks[position].refused[code, default: 0] += attempts
            }
        }
    }
}
