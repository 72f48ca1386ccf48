import Postgres

extension Figures {
    /// Counts the links that were made, and the guests who got them.
    mutating func countShares(in connection: isolated Connection) throws {
        let selected: Query = """
            share
            where brand_id = \(scope.brand.id) and campaign_id = \(scope.campaign.id)
                and \(fragment: scope.isInRange("created_at"))
            """
        let rows = try connection.query(
            """
            select width_bucket(created_at, \(scope.boundaries)) as day, count(*) as shares
            from \(fragment: selected) group by 1
            """)
        for row in rows {
            let day = try day(of: row)
            days[day].shares = try row["shares"]
            totals.shares += days[day].shares
        }
        totals.guestsShared = try connection.query(
            "select count(distinct guest_id) as guests from \(fragment: selected)")[0]["guests"]
    }

    /// Counts what was posted, and how many saw it or might have.
    mutating func countPosts(in connection: isolated Connection) throws {
        let row = try connection.query(
            """
            select count(*) as posts, count(*) filter (where disclosed) as disclosed,
                   coalesce(sum(potential_impressions), 0)::bigint as impressions,
                   coalesce(sum(reach), 0)::bigint as reach
            from share_post
            where brand_id = \(scope.brand.id) and campaign_id = \(scope.campaign.id)
                and \(fragment: scope.isInRange("posted_at"))
            """)[0]
        totals.posts = try row["posts"]
        totals.postsDisclosed = try row["disclosed"]
        totals.potentialImpressions = try row["impressions"]
        totals.reach = try row["reach"]
    }

    /// Counts conversions: those that count on their days, those without a touch in the window, those taken back.
    mutating func countConversions(in connection: isolated Connection) throws {
        let rows = try connection.query(
            """
            select width_bucket(c.at, \(scope.boundaries)) as day, count(*) filter (where c.reversed_at is not null) as reversed,
                   count(*) filter (where c.reversed_at is null and t.is_touched) as counted,
                   count(*) filter (where c.reversed_at is null and not t.is_touched) as unattributed
            from conversion c
            cross join lateral (
                select exists (
                    select from conversion_touch t
                    where t.brand_id = c.brand_id and t.conversion_id = c.id
                        and t.at between c.at - \(fragment: scope.window) and c.at
                ) as is_touched
            ) t
            where c.brand_id = \(scope.brand.id) and c.campaign_id = \(scope.campaign.id)
                and \(fragment: scope.isInRange("c.at"))
            group by 1
            """)
        for row in rows {
            let day = try day(of: row)
            days[day].conversions = try row["counted"]
            totals.conversions += days[day].conversions
            totals.conversionsUnattributed += try row["unattributed"]
            totals.conversionsReversed += try row["reversed"]
        }
    }
}
