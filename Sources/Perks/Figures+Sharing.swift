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

    /// Counts the conversions that no credit is given for: without a touch in the window, or taken back.
    ///
    /// Those that count have been counted before.
    mutating func countOtherConversions(in connection: isolated Connection) throws {
        let row = try connection.query(
            """
            select count(*) filter (where reversed_at is null) as standing,
                   count(*) filter (where reversed_at is not null) as reversed
            from conversion
            where brand_id = \(scope.brand.id) and campaign_id = \(scope.campaign.id)
                and \(fragment: scope.isInRange("at"))
            """)[0]
        totals.conversionsUnattributed = try row["standing"] - totals.conversions
        totals.conversionsReversed = try row["reversed"]
    }
}
