import Foundation
import Postgres

/// What a guest posted with a share's link, as the brand reports it.
package struct SharePost: Codable, Sendable, Noun {
    package static let noun = "post"

    package let id: ID<SharePost>
    package let share: ID<Share>
    package let network: String
    /// Nil once the guest has been forgotten.
    package let url: String?
    /// How many people it reached, as far as anybody has measured it.
    package let reach: Int?
    /// How many follow the guest: who might have seen it, which is not who did.
    package let potentialImpressions: Int?
    package let postedAt: Timestamp
    package let disclosed: Bool

    private enum CodingKeys: String, CodingKey {
        case id, share, network, url, reach, disclosed
        case potentialImpressions = "potential_impressions"
        case postedAt = "posted_at"
    }

    package struct Draft: Codable, Sendable {
        package var network: String
        package var url: String
        package var reach: Int?
        /// Now, if left out.
        package var postedAt: Timestamp?
        /// Whether the post says that it is advertising.
        package var disclosed: Bool

        package init(network: String, url: String, reach: Int?, postedAt: Timestamp?, disclosed: Bool) {
            self.network = network
            self.url = url
            self.reach = reach
            self.postedAt = postedAt
            self.disclosed = disclosed
        }

        private enum CodingKeys: String, CodingKey {
            case network, url, reach, disclosed
            case postedAt = "posted_at"
        }
    }
}

extension SharePost.Draft: Described {
    package static let schemaName = "PostDraft"
    package static let schema = JSONSchema.object([
        .required("network", .string(1...32), "A word such as twitter."),
        .required("url", .webAddress, "Where the post is; reporting it again updates it."),
        .optional("reach", .integer(0...1_000_000_000_000), "How many people it reached, as far as that is measured."),
        .optional("posted_at", .timestamp, "Now, if left out."),
        .required("disclosed", .boolean, "Whether the post says that it is advertising."),
    ])
}

extension SharePost: Described {
    package static let schemaName = "Post"
    package static let schema = JSONSchema.object([
        .required("id", .id(of: SharePost.self)),
        .required("share", .id(of: Share.self)),
        .required("network", .string()),
        .optional("url", .webAddress),
        .optional("reach", .integer(0...Int.max), "How many people it reached."),
        .optional("potential_impressions", .integer(0...Int.max), "How many follow the guest: who might have seen it."),
        .required("posted_at", .timestamp),
        .required("disclosed", .boolean),
    ])
}

extension SharePost: Creatable {}

extension SharePost {
    /// Notes a post with a share's link; one of the same address is brought up to date.
    ///
    /// It changes nothing of what the guest may redeem. Throws `share_not_found`.
    package static func record(
        _ draft: Draft, of share: ID<Share>, as principal: Principal, at now: Timestamp,
        in connection: isolated Connection
    ) throws -> SharePost {
        let brand = try principal.requiredBrand()
        guard let key = IdentityKey(network: draft.network, handle: "any") else {
            throw PerksError.invalid("/network", "wrong_format", "network is a word such as twitter.")
        }
        let postedAt = draft.postedAt ?? now
        guard postedAt <= now.adding(seconds: 300) else {
            throw PerksError.invalid(
                "/posted_at", "in_the_future", "A post is reported once it is there. Check posted_at.")
        }
        let row = try connection.query(
            """
            insert into share_post as p (
                brand_id, id, share_id, campaign_id, network, url, reach, potential_impressions, posted_at, disclosed,
                actor, created_at)
            select s.brand_id, \(ID<SharePost>(at: now)), s.id, s.campaign_id, \(key.network), \(draft.url),
                   \(draft.reach), g.reach, \(postedAt), \(draft.disclosed), \(principal.actor), \(now)
            from share s left join guest g on g.guest_id = s.guest_id
            where s.brand_id = \(brand.id) and s.id = \(share) and s.ended_at is null
            on conflict on constraint share_post_url_taken do update
            set network = excluded.network, reach = excluded.reach, disclosed = excluded.disclosed,
                potential_impressions = excluded.potential_impressions, posted_at = excluded.posted_at
            returning \(fragment: columns)
            """
        ).first
        guard let row else { throw Share.notFound() }
        return try SharePost(row)
    }

    /// The posts with a share's link, newest first; throws `share_not_found`.
    package static func list(
        _ page: PageRequest, of share: ID<Share>, as principal: Principal, in connection: isolated Connection
    ) throws -> Page<SharePost> {
        let brand = try principal.requiredBrand()
        let known = try connection.query("select from share where brand_id = \(brand.id) and id = \(share)")
        guard !known.isEmpty else { throw Share.notFound() }
        let after: Query = page.after == .zero ? "true" : "p.id < \(page.after)"
        let rows = try connection.query(
            """
            select \(fragment: columns) from share_post p
            where p.brand_id = \(brand.id) and p.share_id = \(share) and \(fragment: after)
            order by p.id desc limit \(page.rows)
            """)
        return Page(try rows.map(SharePost.init), for: page) { $0.id.uuid }
    }

    private static let columns: Query = """
        p.id, p.share_id, p.network, p.url, p.reach, p.potential_impressions, p.posted_at, p.disclosed
        """

    private init(_ row: Row) throws {
        id = try row["id"]
        share = try row["share_id"]
        network = try row["network"]
        url = try row["url"]
        reach = try row["reach"]
        potentialImpressions = try row["potential_impressions"]
        postedAt = try row["posted_at"]
        disclosed = try row["disclosed"]
    }
}
