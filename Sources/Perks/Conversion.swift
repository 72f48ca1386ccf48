import Foundation
import Postgres

/// What came of word of mouth: an order, a visit, a redemption, with the touches that led to it.
///
/// Who is credited for how much of it, and within which time, is worked out by the report.
package struct Conversion: Codable, Sendable, Noun {
    package static let noun = "conversion"

    package let id: ID<Conversion>
    package let status: Status
    package let campaign: CampaignSummary
    package let convertedAt: Timestamp
    /// Oldest first; empty where nothing that led to it counts, such as a program's click.
    package let touches: [Touch]
    /// Who converted, where that is known.
    package let guest: Redemption.Person?
    /// The redemption that it is, if it is one.
    package let redemption: ID<Redemption>?
    package let order: Redemption.Order?
    package let reversedAt: Timestamp?
    package let reason: String?

    private enum CodingKeys: String, CodingKey {
        case id, status, campaign, touches, guest, redemption, order, reason
        case convertedAt = "converted_at"
        case reversedAt = "reversed_at"
    }

    package enum Status: String, Codable, CaseIterable, Sendable {
        case recorded, reversed
    }

    /// Something that led to a conversion: a click, or a share that was named.
    package struct Touch: Codable, Sendable {
        package let share: ID<Share>
        package let click: ID<Click>?
        package let at: Timestamp

        static let schema = JSONSchema.object([
            .required("share", .id(of: Share.self)), .optional("click", .id(of: Click.self)),
            .required("at", .timestamp),
        ])
    }

    /// What happened, and what led to it: a click or a share.
    package struct Draft: Codable, Sendable {
        package var click: ID<Click>?
        /// What the same person clicked before, as far as the landing page has kept it.
        package var earlierClicks: [ID<Click>]?
        /// Id, token or link.
        package var share: String?
        package var guest: String?
        package var order: Redemption.Order?
        /// Now, if left out.
        package var convertedAt: Timestamp?

        package init(
            click: ID<Click>? = nil, earlierClicks: [ID<Click>]? = nil, share: String? = nil, guest: String? = nil,
            order: Redemption.Order? = nil, convertedAt: Timestamp? = nil
        ) {
            self.click = click
            self.earlierClicks = earlierClicks
            self.share = share
            self.guest = guest
            self.order = order
            self.convertedAt = convertedAt
        }

        private enum CodingKeys: String, CodingKey {
            case click, share, guest, order
            case earlierClicks = "earlier_clicks"
            case convertedAt = "converted_at"
        }
    }
}

extension Conversion.Draft: Described {
    package static let schemaName = "ConversionDraft"
    package static let schema = JSONSchema.object([
        .optional("click", .id(of: Click.self), "The landing page's perks_click; this or a share is needed."),
        .optional(
            "earlier_clicks", .array(of: .id(of: Click.self), 0...20),
            "What the same person clicked before, as far as the landing page has kept it."),
        .optional("share", .string(1...2000), "The share that led to it, by id, token or link."),
        .optional("guest", .string(1...300), "Who converted, if that is known."),
        .optional("order", Redemption.Order.schema, "The order; the same reference is counted once a campaign."),
        .optional("converted_at", .timestamp, "Now, if left out."),
    ])
}

extension Conversion: Described {
    package static let schemaName = "Conversion"
    package static let schema = JSONSchema.object([
        .required("id", .id(of: Conversion.self)),
        .required("status", .word(Status.allCases.map(\.rawValue))),
        .required("campaign", CampaignSummary.schema),
        .required("converted_at", .timestamp),
        .required("touches", .array(of: Touch.schema), "What led to it, oldest first; the report credits them."),
        .optional("guest", .object([.required("id", .id(of: Guest.self))])),
        .optional("redemption", .id(of: Redemption.self), "The redemption that it is, if it is one."),
        .optional("order", Redemption.Order.schema),
        .optional("reversed_at", .timestamp),
        .optional("reason", .string(), "Why it was taken back."),
    ])
}

extension Conversion: Creatable {
    package var subject: ID<Guest>? { guest?.id }
}

extension Conversion {
    /// Finds a conversion of the principal's brand; throws `conversion_not_found`.
    package static func find(
        _ id: ID<Conversion>, as principal: Principal, in connection: isolated Connection
    ) throws -> Conversion {
        let row = try connection.query(
            """
            select \(fragment: columns) from \(fragment: tables)
            where c.brand_id = \(principal.requiredBrand().id) and c.id = \(id)
            """
        ).first
        guard let row else { throw notFound }
        return try Conversion(row)
    }

    /// The brand's conversions, newest first; those of one campaign, or that a share led to, if one is named.
    package static func list(
        _ page: PageRequest, campaign: Reference<Campaign>? = nil, share: ID<Share>? = nil, as principal: Principal,
        in connection: isolated Connection
    ) throws -> Page<Conversion> {
        var condition: Query = page.after == .zero ? "true" : "c.id < \(page.after)"
        if let campaign {
            let id = try Campaign.find(campaign, as: principal, in: connection).id
            condition = "\(fragment: condition) and c.campaign_id = \(id)"
        }
        if let share {
            condition = """
                \(fragment: condition) and c.id in (
                    select t.conversion_id from conversion_touch t
                    where t.brand_id = c.brand_id and t.share_id = \(share))
                """
        }
        let rows = try connection.query(
            """
            select \(fragment: columns) from \(fragment: tables)
            where c.brand_id = \(principal.requiredBrand().id) and \(fragment: condition)
            order by c.id desc limit \(page.rows)
            """)
        return Page(try rows.map(Conversion.init), for: page) { $0.id.uuid }
    }

    private static let columns: Query = """
        c.id, c.at, c.guest_id, c.claim_id, c.order_reference, c.order_amount, c.order_currency, c.reversed_at,
        c.reversal_reason, a.id as campaign_id, a.slug as campaign, touch.shares, touch.clicks, touch.moments
        """

    private static let tables: Query = """
        conversion c
        join campaign a on a.brand_id = c.brand_id and a.id = c.campaign_id
        cross join lateral (
            select array_agg(t.share_id order by t.position) as shares,
                   array_agg(t.click_id order by t.position) as clicks, array_agg(t.at order by t.position) as moments
            from conversion_touch t where t.brand_id = c.brand_id and t.conversion_id = c.id
        ) touch
        """

    private init(_ row: Row) throws {
        id = try row["id"]
        campaign = CampaignSummary(id: try row["campaign_id"], slug: try row["campaign"])
        convertedAt = try row["at"]
        guest = try (row["guest_id"] as ID<Guest>?).map(Redemption.Person.init)
        redemption = try row["claim_id"]
        let reference: String? = try row["order_reference"]
        order = try reference.map {
            Redemption.Order(reference: $0, amount: try row["order_amount"], currency: try row["order_currency"])
        }
        reversedAt = try row["reversed_at"]
        reason = try row["reversal_reason"]
        status = reversedAt == nil ? .recorded : .reversed
        let shares: [ID<Share>] = try row["shares"] ?? []
        let clicks: [ID<Click>?] = try row["clicks"] ?? []
        let moments: [Timestamp] = try row["moments"] ?? []
        touches = shares.indices.map { Touch(share: shares[$0], click: clicks[$0], at: moments[$0]) }
    }

    static var notFound: PerksError {
        PerksError(.conversionNotFound, "There is no such conversion in this brand. `GET /v1/conversions` lists them.")
    }
}
