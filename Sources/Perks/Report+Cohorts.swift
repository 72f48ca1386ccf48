import Eligibility
import Foundation
import Postgres

extension Report {
    /// The guests who redeemed for the first time in one week, and what came of their links within the window.
    package struct Cohort: Codable, Sendable {
        /// The Monday of the week.
        package let week: LocalDate
        package let guests: Int
        /// Links that they made within the window after their first redemption.
        package let shares: Int
        /// Credit for conversions within the same window, as conversions, to four decimals.
        package let conversions: Decimal
        package let invitationsPerGuest: Decimal
        @OrNull package var conversionsPerInvitation: Decimal?
        package let kFactor: Decimal
        /// The mean time from the first redemption to a conversion, weighted by credit, in days to two decimals.
        @OrNull package var cycleDays: Decimal?

        private enum CodingKeys: String, CodingKey {
            case week, guests, shares, conversions
            case invitationsPerGuest = "invitations_per_guest"
            case conversionsPerInvitation = "conversions_per_invitation"
            case kFactor = "k_factor"
            case cycleDays = "cycle_days"
        }
    }
}

extension Report.Cohort {
    /// The cohorts of the weeks that lie wholly in the range and whose last guest's window is over.
    static func closed(
        in scope: ReportScope, at now: Timestamp, in connection: isolated Connection
    ) throws -> [Report.Cohort] {
        let weeks = scope.closedWeeks(at: now)
        guard let last = weeks.last else { return [] }
        let boundaries = (weeks + [last.adding(days: 7)]).map(scope.brand.zone.start)
        let rows = try connection.query(
            """
            with entry as materialized (
                select guest_id, width_bucket(at, \(boundaries)) as week, at
                from (
                    select guest_id, min(redeemed_at) as at from claim
                    where brand_id = \(scope.brand.id) and campaign_id = \(scope.campaign.id) and status = 'redeemed'
                    group by guest_id
                ) f
                where at >= \(boundaries[0]) and at < \(boundaries[boundaries.count - 1])
            ),
            made as materialized (
                select e.week, e.at, s.id
                from entry e
                join share s on s.brand_id = \(scope.brand.id) and s.campaign_id = \(scope.campaign.id)
                    and s.guest_id = e.guest_id and s.created_at between e.at and e.at + \(fragment: scope.window)
            ),
            earned as (
                select m.week, sum(k.credit)::bigint as credit,
                       sum(k.credit * extract(epoch from k.at - m.at)) as seconds
                from made m
                join (\(fragment: scope.credits(where: "c.at >= \(boundaries[0])"))) k on k.share_id = m.id
                where k.at between m.at and m.at + \(fragment: scope.window)
                group by m.week
            )
            select g.week, g.guests, coalesce(m.shares, 0) as shares, coalesce(r.credit, 0) as credit,
                   round(r.seconds / nullif(r.credit, 0) / 864)::bigint as hundredths_of_days
            from (select week, count(*) as guests from entry group by week) g
            left join (select week, count(*) as shares from made group by week) m on m.week = g.week
            left join earned r on r.week = g.week
            order by g.week
            """)
        return try rows.map { row in
            let (guests, shares, credit): (Int, Int, Int) = (try row["guests"], try row["shares"], try row["credit"])
            let whole = Attribution.whole
            return Report.Cohort(
                week: weeks[try row.decode("week", as: Int.self) - 1], guests: guests, shares: shares,
                conversions: Decimal(credit) / Decimal(whole), invitationsPerGuest: Decimal(shares, over: guests) ?? 0,
                conversionsPerInvitation: Decimal(credit, over: shares * whole),
                kFactor: Decimal(credit, over: guests * whole) ?? 0,
                cycleDays: try (row["hundredths_of_days"] as Int?).map { Decimal($0) / 100 })
        }
    }
}

extension ReportScope {
    /// The Mondays of the weeks that lie wholly in the range and are closed.
    fileprivate func closedWeeks(at now: Timestamp) -> [LocalDate] {
        let firstMonday = from.adding(days: 6).monday
        let mondays = stride(from: firstMonday.daysSinceEpoch, through: to.daysSinceEpoch - 6, by: 7)
        return mondays.map(LocalDate.init(daysSinceEpoch:)).filter { monday in
            now >= brand.zone.start(of: monday.adding(days: 7 + windowDays))
        }
    }
}
