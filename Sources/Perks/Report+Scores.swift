import Eligibility
import Foundation
import Postgres

extension Report {
    /// What the scores of those who took part were, next to those who could have.
    ///
    /// Shown side by side: that one followed from the other it does not say.
    package struct Scores: Codable, Sendable {
        /// Guests with a standing redemption in the range.
        package var participants = Group()
        /// Guests who qualified at a check-in in the range and redeemed nothing in it.
        package var qualifiedOnly = Group()
        /// Every model that a score was measured by, in order; an empty name where the feed gave none.
        package var models: [String] = []
        /// Whether all scores are by one model.
        package var comparable = true

        private enum CodingKeys: String, CodingKey {
            case participants, models, comparable
            case qualifiedOnly = "qualified_only"
        }

        /// Some guests, and their last scores in each part of time.
        package struct Group: Codable, Sendable {
            package var guests = 0
            package var before = Average()
            package var during = Average()
            package var after = Average()
        }

        /// The mean of the guests who have a score.
        package struct Average: Codable, Sendable {
            package var guests = 0
            /// In points, to two decimals; nil where there are no guests.
            @OrNull package var average: Decimal?
        }
    }
}

extension Report.Scores {
    /// Of several scores `s` that were measured last, at one moment, the one that counts first; `l` knows the model in force.
    static let preference: Query =
        "s.recorded_at desc, coalesce(s.model = l.score_model, false) desc, s.score desc, s.model"

    /// Reads the scores of the guests who took part in the range, and of those who could have.
    init(in scope: ReportScope, in connection: isolated Connection) throws {
        let (begin, end) = (scope.begin, scope.finish)
        let rows = try connection.query(
            """
            with participant as (
                select distinct guest_id from claim
                where brand_id = \(scope.brand.id) and campaign_id = \(scope.campaign.id)
                    and \(fragment: scope.isInRange("redeemed_at")) and status = 'redeemed'
            ),
            qualified as (
                select distinct guest_id from check_in
                where brand_id = \(scope.brand.id) and \(fragment: scope.isInRange("at"))
                    and \(scope.campaign.id) = any (qualified_campaign_ids) and guest_id is not null
            ),
            person as materialized (
                select guest_id, true as takes_part from participant
                union all
                select guest_id, false from qualified where guest_id not in (select guest_id from participant)
            ),
            latest as materialized (
                select p.guest_id, p.takes_part, g.score_model, d.period,
                       (select max(m.measured_at) from guest_score m
                        where m.guest_id = p.guest_id and m.measured_at >= d.first and m.measured_at < d.past) as at
                from person p
                join guest g on g.guest_id = p.guest_id
                cross join (
                    values ('before', timestamptz '-infinity', \(begin)), ('during', \(begin), \(end)),
                           ('after', \(end), timestamptz 'infinity')
                ) d (period, first, past)
            ),
            scored as (
                select distinct on (l.guest_id, l.period) l.takes_part, l.period, s.score, s.model
                from latest l join guest_score s on s.guest_id = l.guest_id and s.measured_at = l.at
                order by l.guest_id, l.period, \(fragment: Self.preference)
            )
            select takes_part, 'all' as period, count(*) as guests, 0::bigint as score, null::text[] as models
            from person group by takes_part
            union all
            select takes_part, period, count(*), sum(score)::bigint, array_agg(distinct model)
            from scored group by takes_part, period
            """)
        var used: Set<String> = []
        for row in rows {
            let group = try row["takes_part"] ? \Self.participants : \Self.qualifiedOnly
            let guests: Int = try row["guests"]
            let average = Average(guests: guests, average: Decimal(try row["score"], over: guests * 100, decimals: 2))
            switch try row.decode("period", as: String.self) {
            case "before": self[keyPath: group].before = average
            case "during": self[keyPath: group].during = average
            case "after": self[keyPath: group].after = average
            default: self[keyPath: group].guests = guests
            }
            used.formUnion(try row["models"] ?? [])
        }
        models = used.sorted()
        comparable = models.count <= 1
    }
}

extension ReportScope {
    /// When the campaign began by its own schedule, or else the range; a date is read in the brand's zone.
    fileprivate var begin: Timestamp {
        switch campaign.startsAt {
        case .date(let date): brand.zone.start(of: date)
        case .moment(let moment): moment
        case nil: first
        }
    }

    /// The first moment after the campaign's end.
    fileprivate var finish: Timestamp {
        switch campaign.endsAt {
        case .date(let date): brand.zone.start(of: date.adding(days: 1))
        // The end itself still belongs to the campaign.
        case .moment(let moment): Timestamp(microseconds: moment.microseconds + 1)
        case nil: end
        }
    }
}
