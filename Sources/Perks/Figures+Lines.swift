import Foundation
import Postgres

extension Figures {
    /// Counts clicks by day and kind, and tells everything apart by perk, by dimension and by sharer.
    ///
    /// One statement, because a campaign may have millions of clicks: they are read once and summed by link, and only the
    /// links are joined with anything.
    mutating func countLines(in connection: isolated Connection) throws {
        let rows = try connection.query(
            """
            with \(fragment: shared), \(fragment: activity), \(fragment: traits)
            select 'click' as part, null::uuid as id, kind as name, day, 0::bigint as check_ins,
                   0::bigint as qualified, 0::bigint as redeemed, 0::bigint as reversed, 0::bigint as refused,
                   0::bigint as cost, 0::bigint as shares, gross, net, 0::bigint as credit
            from clicked where day is not null
            union all
            select 'conversion', null, null, width_bucket(at, \(scope.boundaries)), 0, 0, 0, 0, 0, 0, 0, 0, 0,
                   sum(credit)::bigint
            from credited group by 4
            union all
            select 'perk', perk_id, null, null, 0, 0, 0, 0, 0, 0, sum(shares)::bigint, sum(gross)::bigint,
                   sum(net)::bigint, sum(credit)::bigint
            from shared where perk_id is not null group by perk_id
            union all
            (select 'sharer', guest_id, null, row_number() over \(fragment: Self.bestFirst), 0, 0, 0, 0, 0, 0,
                    sum(shares)::bigint, sum(gross)::bigint, sum(net)::bigint, sum(credit)::bigint
             from shared group by guest_id having sum(net) + sum(credit) > 0
             order by 4 limit \(Report.Sharer.most))
            union all
            select case grouping(v.slug, t.network, t.topic, t.score_band)
                       when 7 then 'venue' when 11 then 'network' when 13 then 'topic' else 'score_band'
                   end,
                   null, coalesce(v.slug, t.network, t.topic, t.score_band), null, sum(a.check_ins)::bigint,
                   sum(a.qualified)::bigint, sum(a.redeemed)::bigint, sum(a.reversed)::bigint, sum(a.refused)::bigint,
                   sum(a.cost)::bigint, sum(a.shares)::bigint, sum(a.gross)::bigint, sum(a.net)::bigint,
                   sum(a.credit)::bigint
            from activity a
            left join traits t on t.guest_id = a.guest_id
            left join venue v on v.brand_id = \(scope.brand.id) and v.id = a.venue_id
            group by grouping sets ((v.slug), (t.network), (t.topic), (t.score_band))
            """)
        for row in rows { try take(row) }
        sharers.sort { $0.rank < $1.rank }
    }

    private mutating func take(_ row: Row) throws {
        let (gross, net): (Int, Int) = (try row["gross"], try row["net"])
        let (shares, credit): (Int, Int) = (try row["shares"], try row["credit"])
        let part: String = try row["part"]
        switch part {
        case "click":
            let day = try day(of: row)
            days[day].clicksGross += gross
            days[day].clicksNet += net
            totals.clicksGross += gross
            totals.clicksNet += net
            totals.clicksBy.add(gross, of: try row["name"])
        case "conversion":
            days[try day(of: row)].conversions = credit / Attribution.whole
            totals.conversions += credit / Attribution.whole
        case "perk":
            guard let position = position(of: try row["id"]) else { return }
            (perks[position].shares, perks[position].conversionCredit) = (shares, credit)
            (perks[position].clicksGross, perks[position].clicksNet) = (gross, net)
        case "sharer":
            sharers.append(
                Report.Sharer.Standing(
                    rank: try row["day"], guest: try row["id"], shares: shares, clicksNet: net, conversionCredit: credit
                ))
        default:
            guard let dimension = Report.Dimension(rawValue: part) else { return }
            lines[dimension, default: []].append(
                Report.Line(
                    name: try row["name"], checkIns: try row["check_ins"], qualified: try row["qualified"],
                    redeemed: try row["redeemed"], reversed: try row["reversed"], refused: try row["refused"],
                    cost: try row["cost"], shares: shares, clicksGross: gross, clicksNet: net, conversionCredit: credit)
            )
        }
    }

    /// The order of sharers; what is still equal is told apart by id, so that two reports agree.
    private static let bestFirst: Query = "(order by sum(credit) desc, sum(net) desc, min(created_at), guest_id)"

    /// The links and what became of them in the range, as three named queries.
    ///
    /// - clicked: the clicks by link, and by day and kind; the columns of the other are null.
    /// - credited: the touches that earn credit for a conversion.
    /// - shared: each link of the campaign with its clicks and credit, and whether it was made in the range.
    private var shared: Query {
        """
        clicked as materialized (
            select share_id, width_bucket(at, \(scope.boundaries)) as day, kind, count(*) as gross,
                   count(*) filter (where kind = 'human') as net
            from \(fragment: scope.clicks)
            group by grouping sets ((share_id), (day, kind))
        ),
        credited as materialized (
            \(fragment: scope.credits(where: scope.isInRange("c.at")))
        ),
        shared as materialized (
            select s.guest_id, s.venue_id, s.perk_id, s.created_at,
                   case when \(fragment: scope.isInRange("s.created_at")) then 1 else 0 end as shares,
                   coalesce(k.gross, 0)::integer as gross, coalesce(k.net, 0)::integer as net,
                   coalesce(r.credit, 0) as credit
            from share s
            left join clicked k on k.share_id = s.id
            left join (select share_id, sum(credit) as credit from credited group by share_id) r on r.share_id = s.id
            where s.brand_id = \(scope.brand.id) and s.campaign_id = \(scope.campaign.id)
        )
        """
    }

    /// The query `activity`: everything that is told apart by dimension, by guest and venue.
    ///
    /// What one guest may do is an integer: sums of those take a fraction of the time that sums of bigints take.
    private var activity: Query {
        """
        activity as materialized (
            select guest_id, venue_id, count(*)::integer as check_ins,
                   (count(*) filter (where \(scope.campaign.id) = any (qualified_campaign_ids)))::integer as qualified,
                   0 as redeemed, 0 as reversed, 0 as refused, 0 as cost, 0 as shares, 0 as gross, 0 as net, 0 as credit
            from check_in
            where brand_id = \(scope.brand.id) and \(fragment: scope.isInRange("at"))
                and \(scope.campaign.id) = any (campaign_ids)
            group by guest_id, venue_id
            union all
            select guest_id, venue_id, 0, 0, (count(*) filter (where status = 'redeemed'))::integer,
                   (count(*) filter (where status = 'reversed'))::integer, 0,
                   coalesce(sum(cost) filter (where status = 'redeemed'), 0), 0, 0, 0, 0
            from claim
            where brand_id = \(scope.brand.id) and campaign_id = \(scope.campaign.id)
                and \(fragment: scope.isInRange("redeemed_at")) and status in ('redeemed', 'reversed')
            group by guest_id, venue_id
            union all
            select guest_id, venue_id, 0, 0, 0, 0, count(*)::integer, 0, 0, 0, 0, 0
            from refusal
            where brand_id = \(scope.brand.id) and campaign_id = \(scope.campaign.id) and \(fragment: scope.isInRange("at"))
            group by guest_id, venue_id
            union all
            select guest_id, venue_id, 0, 0, 0, 0, 0, 0, shares, gross, net, credit
            from shared where shares + gross + credit > 0
        )
        """
    }

    /// The query `traits`, with those it needs: the network, topic and range of scores of each guest with any activity.
    ///
    /// Guests are looked up one by one: of a platform's guests a campaign reaches a few.
    private var traits: Query {
        """
        person as materialized (
            select p.guest_id, g.score_model
            from (select distinct guest_id from activity where guest_id is not null) p
            left join guest g on g.guest_id = p.guest_id
        ),
        networks as (
            select distinct on (k.guest_id) k.guest_id, k.network
            from person p join identity k on k.guest_id = p.guest_id
            order by k.guest_id, \(fragment: Report.Sharer.identityOrder)
        ),
        topics as (
            select distinct on (g.guest_id) g.guest_id, o.slug
            from person p join guest_topic g on g.guest_id = p.guest_id join topic o on o.id = g.topic_id
            order by g.guest_id, g.strength desc, o.slug collate "C"
        ),
        latest as (
            select guest_id, score_model,
                   (select max(m.measured_at) from guest_score m
                    where m.guest_id = person.guest_id and m.measured_at < \(scope.end)) as at
            from person
        ),
        scores as (
            select distinct on (s.guest_id) s.guest_id, s.score
            from latest l join guest_score s on s.guest_id = l.guest_id and s.measured_at = l.at
            order by s.guest_id, \(fragment: Report.Scores.preference)
        ),
        traits as materialized (
            select p.guest_id, n.network, t.slug as topic,
                   case
                       when s.score >= 9000 then '90-100'
                       else (array['0-9', '10-19', '20-29', '30-39', '40-49', '50-59', '60-69', '70-79', '80-89'])[
                           s.score / 1000 + 1]
                   end as score_band
            from person p
            left join networks n on n.guest_id = p.guest_id
            left join topics t on t.guest_id = p.guest_id
            left join scores s on s.guest_id = p.guest_id
        )
        """
    }
}

extension Report.Clicks {
    /// Adds clicks of a kind, as the database calls it.
    fileprivate mutating func add(_ count: Int, of kind: String) {
        switch kind {
        case "human": human += count
        case "bot": bot += count
        case "duplicate": duplicate += count
        case "too_fast": tooFast += count
        case "self": own += count
        default: break
        }
    }
}
