import Foundation
import Postgres

extension Share {
    /// Finds a share of the principal's brand by its id, its token or its link; throws `share_not_found`.
    package static func find(
        named name: String, publicURL: String, as principal: Principal, in connection: isolated Connection
    ) throws -> Share {
        guard let reference = ShareReference(name) else { throw notFound() }
        return try find(reference, publicURL: publicURL, as: principal, in: connection)
    }

    static func find(
        _ reference: ShareReference, publicURL: String, as principal: Principal, in connection: isolated Connection
    ) throws -> Share {
        let row = try connection.query(
            """
            select \(fragment: columns) from \(fragment: tables)
            where s.brand_id = \(principal.requiredBrand().id) and \(fragment: reference.condition)
            """
        ).first
        guard let row else { throw notFound() }
        return try Share(row, publicURL)
    }

    /// The brand's shares, newest first; those of one campaign or guest if one is named.
    package static func list(
        _ page: PageRequest, campaign: Reference<Campaign>? = nil, guest: String? = nil, publicURL: String,
        as principal: Principal, in connection: isolated Connection
    ) throws -> Page<Share> {
        var condition: Query = page.after == .zero ? "true" : "s.id < \(page.after)"
        if let campaign {
            let id = try Campaign.find(campaign, as: principal, in: connection).id
            condition = "\(fragment: condition) and s.campaign_id = \(id)"
        }
        if let guest {
            let known = try Guest.condition(GuestReference(guest, at: "guest"), as: principal)
            condition = """
                \(fragment: condition) and s.guest_id = (select g.guest_id from guest g where \(fragment: known))
                """
        }
        let rows = try connection.query(
            """
            select \(fragment: columns) from \(fragment: tables)
            where s.brand_id = \(principal.requiredBrand().id) and \(fragment: condition)
            order by s.id desc limit \(page.rows)
            """)
        return Page(try rows.map { try Share($0, publicURL) }, for: page) { $0.id.uuid }
    }

    private static let columns: Query = """
        s.id, s.token, s.guest_id, s.created_at, s.ended_at, v.slug as venue, c.id as campaign_id, c.slug as campaign,
        c.name as campaign_name, c.disclosure, b.name as brand_name
        """

    private static let tables: Query = """
        share s
        join brand b on b.id = s.brand_id
        join campaign c on c.brand_id = s.brand_id and c.id = s.campaign_id
        left join venue v on v.brand_id = s.brand_id and v.id = s.venue_id
        """

    private init(_ row: Row, _ publicURL: String) throws {
        id = try row["id"]
        token = try row["token"]
        guest = .init(id: try row["guest_id"])
        campaign = CampaignSummary(id: try row["campaign_id"], slug: try row["campaign"])
        venue = try row["venue"]
        url = publicURL + "/s/" + token
        text =
            "\(try row["disclosure"] as String) \(try row["campaign_name"] as String), by \(try row["brand_name"] as String): \(url)"
        createdAt = try row["created_at"]
        endedAt = try row["ended_at"]
    }

    /// That there is no such share; with a pointer where it was named in a body.
    static func notFound(at pointer: String? = nil) -> PerksError {
        let detail = "There is no such share of this campaign in this brand. `GET /v1/shares` lists them."
        return PerksError(
            .shareNotFound, detail, violations: pointer.map { [.init($0, "share_not_found", detail)] } ?? [])
    }
}

extension ShareReference {
    /// The condition that it puts on a share `s`.
    var condition: Query {
        switch self {
        case .id(let id): "s.id = \(id)"
        case .token(let token): "s.token = \(token)"
        }
    }
}
