import Postgres

extension Report {
    /// A guest whose links led to something.
    package struct Sharer: Codable, Sendable {
        /// Who it is, or `Sharer <rank>` for whom the caller may not read.
        package let sharer: String
        /// Nil for whom the caller may not read.
        package let guest: ID<Guest>?
        package let shares: Int
        package let clicksNet: Int
        /// In basis points of a conversion.
        package let conversionCredit: Int

        private enum CodingKeys: String, CodingKey {
            case sharer, guest, shares
            case clicksNet = "clicks_net"
            case conversionCredit = "conversion_credit"
        }

        /// A sharer before anybody asked for the name.
        struct Standing {
            /// From 1, the best.
            let rank: Int
            let guest: ID<Guest>
            let shares: Int
            let clicksNet: Int
            let conversionCredit: Int
        }
    }
}

extension Report.Sharer {
    /// How many are listed at most.
    static let most = 10

    /// Which identity `k` of a guest stands for the guest in a report: the first of these.
    static let identityOrder: Query = #"k.created_at, k.network collate "C", k.handle_key collate "C""#

    /// Names the sharers whom the principal may read; a guest who has opted out is named to nobody.
    static func named(
        _ standings: [Standing], as principal: Principal, in connection: isolated Connection
    ) throws -> [Report.Sharer] {
        guard !standings.isEmpty else { return [] }
        let rows = try connection.query(
            """
            select g.guest_id, coalesce(g.display_name, i.handle) as name
            from guest g
            left join lateral (
                select k.network || ':' || k.handle as handle from identity k where k.guest_id = g.guest_id
                order by \(fragment: identityOrder) limit 1
            ) i on true
            where g.guest_id = any (\(standings.map(\.guest))) and g.opted_out_at is null
                and \(fragment: Guest.isReadable(by: principal))
            """)
        var names: [ID<Guest>: String] = [:]
        for row in rows { names[try row["guest_id"]] = try row["name"] }
        return standings.map { standing in
            Report.Sharer(
                sharer: names[standing.guest] ?? "Sharer \(standing.rank)",
                guest: names[standing.guest].map { _ in standing.guest }, shares: standing.shares,
                clicksNet: standing.clicksNet, conversionCredit: standing.conversionCredit)
        }
    }
}
