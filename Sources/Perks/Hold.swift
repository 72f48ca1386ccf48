import Foundation
import Postgres

/// A unit of a perk kept for a guest who has yet to confirm it: it takes stock, budget and the guest's allowance until
/// it expires.
///
/// Redeemed, it becomes the redemption of the same number.
package struct Hold: Codable, Sendable, Noun {
    package static let noun = "hold"

    package let id: ID<Hold>
    package var status: Status
    package let perk: PerkSummary
    package let campaign: CampaignSummary
    package let guest: Redemption.Person
    /// The venue's slug.
    package let venue: String
    package let benefit: Benefit
    /// In minor units; what the redemption will cost, whatever becomes of the perk's own meanwhile.
    package let cost: Int
    package let heldAt: Timestamp
    package let expiresAt: Timestamp
    package let decision: Redemption.Decision
    /// When it was released or expired.
    package var endedAt: Timestamp?
    /// What it has become.
    package var redemption: ID<Redemption>?

    private enum CodingKeys: String, CodingKey {
        case id, status, perk, campaign, guest, venue, benefit, cost, decision, redemption
        case heldAt = "held_at"
        case expiresAt = "expires_at"
        case endedAt = "ended_at"
    }

    /// What has become of a hold.
    package enum Status: String, Codable, CaseIterable, Sendable {
        case held, redeemed, released, expired
    }

    /// Who wants what, and where.
    package struct Draft: Codable, Sendable {
        package var guest: String
        package var perk: String
        /// Id or slug; a bound clerk's own, if left out.
        package var venue: String?

        package init(guest: String, perk: String, venue: String?) {
            self.guest = guest
            self.perk = perk
            self.venue = venue
        }
    }
}

extension Hold.Draft: Described {
    package static let schemaName = "HoldDraft"
    package static let schema = JSONSchema.object([
        .required("guest", .string(1...300), "twitter:ana_w, member:<number> or guest_01k…"),
        .required("perk", .string(1...90), "Id or slug."),
        .optional("venue", .string(1...90), "Id or slug; a bound clerk's own, if left out."),
    ])
}

extension Hold: Described {
    package static let schemaName = "Hold"
    package static let schema = JSONSchema.object([
        .required("id", .id(of: Hold.self)),
        .required("status", .word(Status.allCases.map(\.rawValue))),
        .required("perk", PerkSummary.schema),
        .required("campaign", CampaignSummary.schema),
        .required("guest", .object([.required("id", .id(of: Guest.self))])),
        .required("venue", .slug),
        .required("benefit", Benefit.reference),
        .required("cost", .integer(0...Int.max), "In minor units."),
        .required("held_at", .timestamp),
        .required("expires_at", .timestamp),
        .required("decision", Redemption.Decision.schema, "What it rests on."),
        .optional("ended_at", .timestamp, "When it was released or expired."),
        .optional("redemption", .id(of: Redemption.self), "What it has become."),
    ])
}

extension Hold {
    /// Finds a hold of the principal's brand, as it stands at a moment; throws `hold_not_found`.
    package static func find(
        _ id: ID<Hold>, as principal: Principal, at now: Timestamp, in connection: isolated Connection
    ) throws -> Hold {
        let row = try connection.query(
            """
            select \(fragment: columns) from claim c
            where c.brand_id = \(principal.requiredBrand().id) and c.id = \(id) and c.held_at is not null
                and (\(principal.venue)::uuid is null or c.venue_id = \(principal.venue))
            """
        ).first
        guard let row else { throw notFound() }
        return try Hold(row, at: now)
    }

    /// What a list of holds can be narrowed to.
    package struct Filters: Sendable {
        package var perk: Reference<Perk>?
        package var guest: String?
        package var status: Status?

        package init() {}
    }

    /// The brand's holds, newest first.
    package static func list(
        _ page: PageRequest, _ filters: Filters, as principal: Principal, at now: Timestamp,
        in connection: isolated Connection
    ) throws -> Page<Hold> {
        let brand = try principal.requiredBrand()
        var condition: Query = page.after == .zero ? "true" : "c.id < \(page.after)"
        func narrow(_ more: Query) { condition = "\(fragment: condition) and \(fragment: more)" }
        if let perk = filters.perk {
            narrow("c.perk_id = \(try Perk.find(perk, as: principal, in: connection).id)")
        }
        if let guest = filters.guest {
            let known = try Guest.condition(GuestReference(guest, at: "guest"), as: principal)
            narrow("c.guest_id = (select g.guest_id from guest g where \(fragment: known))")
        }
        switch filters.status {
        case .held: narrow("c.status = 'held' and c.expires_at > \(now)")
        case .redeemed: narrow("c.status in ('redeemed', 'reversed')")
        case .released: narrow("c.status = 'released'")
        case .expired: narrow("(c.status = 'expired' or c.status = 'held' and c.expires_at <= \(now))")
        case nil: break
        }
        let rows = try connection.query(
            """
            select \(fragment: columns) from claim c
            where c.brand_id = \(brand.id) and c.held_at is not null and \(fragment: condition)
                and (\(principal.venue)::uuid is null or c.venue_id = \(principal.venue))
            order by c.id desc limit \(page.rows)
            """)
        return Page(try rows.map { try Hold($0, at: now) }, for: page) { $0.id.uuid }
    }

    private static let columns: Query = "c.hold_receipt, c.status, c.ended_at"

    /// The receipt as it was given, with what has happened since.
    ///
    /// A hold that is due has expired, whether or not anybody has written that down.
    private init(_ row: Row, at now: Timestamp) throws {
        self = try (row["hold_receipt"] as JSONValue).decode()
        endedAt = try row["ended_at"]
        switch try row["status"] as String {
        case "redeemed", "reversed":
            status = .redeemed
            redemption = ID(id.uuid)
        case "released": status = .released
        case "held" where expiresAt > now: status = .held
        default:
            status = .expired
            endedAt = endedAt ?? expiresAt
        }
    }

    /// That there is no such hold; with a pointer where it was named in a body.
    static func notFound(at pointer: String? = nil) -> PerksError {
        let detail = "There is no such hold of this guest and perk in this brand. `GET /v1/holds` lists them."
        return PerksError(
            .holdNotFound, detail, violations: pointer.map { [.init($0, "hold_not_found", detail)] } ?? [])
    }
}
