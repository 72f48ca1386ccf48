import Eligibility
import Foundation
import Postgres

extension Redemption: Creatable {}

extension Redemption {
    /// For so long the clerk who redeemed may take it back; later a manager must.
    static let undoSeconds = 600

    /// Takes a redemption back: the guest's slot, the stock and the budget are free again.
    ///
    /// Throws `redemption_not_found`, `already_reversed`, `undo_too_late`.
    package static func reverse(
        _ id: ID<Redemption>, _ draft: ReversalDraft, as principal: Principal, at now: Timestamp,
        in connection: isolated Connection
    ) throws -> Redemption {
        let brand = try principal.requiredBrand()
        try Catalogue.lockForUse(of: brand.id, in: connection)
        let row = try connection.query(
            """
            select perk_id, campaign_id, cost, takes_code, actor, redeemed_at, status from claim
            where brand_id = \(brand.id) and id = \(id) and redeemed_at is not null
                and (\(principal.venue)::uuid is null or venue_id = \(principal.venue))
            """
        ).first
        guard let row else { throw notFound }
        guard try row["status"] == Status.redeemed.rawValue else { throw alreadyReversed }
        if principal.role == .clerk {
            let redeemedAt: Timestamp = try row["redeemed_at"]
            guard try row["actor"] == principal.actor, now <= redeemedAt.adding(seconds: undoSeconds) else {
                throw PerksError(
                    .undoTooLate,
                    "A clerk can take back what the same key redeemed within the last 10 minutes. Ask a manager.")
            }
        }
        let unit = try Counters.Unit(row)
        _ = try Counters.lock([unit.perk], [unit.campaign], of: brand.id, in: connection)
        let reversed = try connection.execute(
            """
            update claim
            set status = 'reversed', reversed_at = \(now), reversed_by = \(principal.actor), reversal_reason = \(draft.reason)
            where brand_id = \(brand.id) and id = \(id) and status = 'redeemed'
            """)
        // Of two at once the second one waited for the counters, and finds it done.
        guard reversed == 1 else { throw alreadyReversed }
        // What word of mouth was credited with goes with it.
        try connection.execute(
            """
            update conversion set reversed_at = \(now), reversed_by = \(principal.actor), reversal_reason = \(draft.reason)
            where brand_id = \(brand.id) and id = \(id)
            """)
        try Counters.giveBack([unit], wereHeld: false, of: brand.id, in: connection)
        try AuditEvent.record(
            "redemption.reverse", of: id, ["reason": .string(draft.reason)], as: principal, at: now, in: connection)
        return try find(id, as: principal, in: connection)
    }

    /// Finds a redemption of the principal's brand.
    package static func find(
        _ id: ID<Redemption>, as principal: Principal, in connection: isolated Connection
    ) throws -> Redemption {
        let row = try connection.query(
            """
            select \(fragment: columns) from claim c
            where c.brand_id = \(principal.requiredBrand().id) and c.id = \(id) and c.status in ('redeemed', 'reversed')
                and (\(principal.venue)::uuid is null or c.venue_id = \(principal.venue))
            """
        ).first
        guard let row else { throw notFound }
        return try Redemption(row)
    }

    /// What a list of redemptions can be narrowed to.
    package struct Filters: Sendable {
        package var campaign: Reference<Campaign>?
        package var perk: Reference<Perk>?
        package var guest: String?
        package var venue: Reference<Venue>?
        package var status: Status?
        package var from: Timestamp?
        package var to: Timestamp?

        package init() {}
    }

    /// The brand's redemptions, newest first.
    package static func list(
        _ page: PageRequest, _ filters: Filters, as principal: Principal, in connection: isolated Connection
    ) throws -> Page<Redemption> {
        let brand = try principal.requiredBrand()
        var condition: Query = page.after == .zero ? "true" : "c.id < \(page.after)"
        func narrow(_ more: Query) { condition = "\(fragment: condition) and \(fragment: more)" }
        if let campaign = filters.campaign {
            narrow("c.campaign_id = \(try Campaign.find(campaign, as: principal, in: connection).id)")
        }
        if let perk = filters.perk {
            narrow("c.perk_id = \(try Perk.find(perk, as: principal, in: connection).id)")
        }
        if let venue = filters.venue {
            narrow("c.venue_id = \(try Venue.find(venue, as: principal, in: connection).id)")
        }
        if let guest = filters.guest {
            let known = try Guest.condition(GuestReference(guest, at: "guest"), as: principal)
            narrow("c.guest_id = (select g.guest_id from guest g where \(fragment: known))")
        }
        if let status = filters.status { narrow("c.status = \(status.rawValue)") }
        if let from = filters.from { narrow("c.redeemed_at >= \(from)") }
        if let to = filters.to { narrow("c.redeemed_at < \(to)") }
        let rows = try connection.query(
            """
            select \(fragment: columns) from claim c
            where c.brand_id = \(brand.id) and c.status in ('redeemed', 'reversed') and \(fragment: condition)
            order by c.id desc limit \(page.rows)
            """)
        return Page(try rows.map(Redemption.init), for: page) { $0.id.uuid }
    }

    private static let columns: Query = "c.receipt, c.status, c.reversed_at, c.reversal_reason"

    /// The receipt as it was given, with what has happened since.
    private init(_ row: Row) throws {
        self = try (row["receipt"] as JSONValue).decode()
        status = Status(rawValue: try row["status"]) ?? .redeemed
        reversedAt = try row["reversed_at"]
        reason = try row["reversal_reason"]
    }

    private static var alreadyReversed: PerksError {
        PerksError(.alreadyReversed, "This redemption has already been taken back.")
    }

    private static var notFound: PerksError {
        PerksError(.redemptionNotFound, "There is no such redemption in this brand. `GET /v1/redemptions` lists them.")
    }
}
