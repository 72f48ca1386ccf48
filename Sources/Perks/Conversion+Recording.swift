import Foundation
import Postgres

extension Conversion {
    /// The most touches that are kept of a conversion: the latest.
    private static let mostTouches = 100

    /// Notes that somebody converted, with what led to it.
    ///
    /// A share that is named is one touch, at the moment of conversion. A click that is named stands for what its visitor did:
    /// every click of a person on the campaign's links by that visitor until then, so far as their hash can still be told, and
    /// the earlier clicks that come along. Programs' clicks are no touches.
    ///
    /// Throws `click_not_found`, `share_not_found`, `guest_not_found`, `self_referral`, `referral_loop`,
    /// `already_converted` for an order that has been counted.
    package static func record(
        _ draft: Draft, as principal: Principal, at now: Timestamp, in connection: isolated Connection
    ) throws -> Conversion {
        let brand = try principal.requiredBrand()
        let at = draft.convertedAt ?? now
        guard at <= now.adding(seconds: 300) else {
            throw PerksError.invalid(
                "/converted_at", "in_the_future", "A conversion is reported once it has happened. Check converted_at.")
        }
        let guest = try draft.guest.map { text in
            guard
                let guest = try Guest.lockForUse([GuestReference(text, at: "/guest")], as: principal, in: connection)[0]
            else { throw Guest.notFound(at: "/guest") }
            return guest
        }
        let cause = try cause(of: draft, at: at, as: principal, in: connection)
        if let guest {
            try Referral.lock(cause.campaign, in: connection)
            try Referral(of: guest, by: cause.sharer, in: cause.campaign).check(in: connection)
        }
        let touches = try touches(of: draft, cause, at: at, guest, as: principal, in: connection)
        let id = ID<Conversion>(at: now)
        do {
            try connection.execute(
                """
                insert into conversion (
                    brand_id, id, campaign_id, guest_id, venue_id, at, order_reference, order_amount, order_currency, actor,
                    recorded_at)
                values (\(brand.id), \(id), \(cause.campaign), \(guest), \(principal.venue), \(at),
                        \(draft.order?.reference), \(draft.order?.amount), \(draft.order?.currency),
                        \(principal.actor), \(now))
                """)
        } catch let error as PostgresError where error.violates("conversion_order") {
            throw PerksError(
                .alreadyConverted,
                "This order has been counted in this campaign. Reverse that conversion first if it was wrong.")
        }
        try connection.execute(
            """
            insert into conversion_touch (brand_id, conversion_id, position, share_id, click_id, at)
            select \(brand.id), \(id), t.position, t.share_id, t.click_id, t.at
            from unnest(\(touches.map(\.share)), \(touches.map(\.click)), \(touches.map(\.at)))
                with ordinality t (share_id, click_id, at, position)
            """)
        return try find(id, as: principal, in: connection)
    }

    /// Takes a conversion back: it leaves the totals, and its order may be counted again.
    ///
    /// Throws `conversion_not_found`, `already_reversed`, and `invalid_transition` for one that is a redemption.
    package static func reverse(
        _ id: ID<Conversion>, _ draft: Redemption.ReversalDraft, as principal: Principal, at now: Timestamp,
        in connection: isolated Connection
    ) throws -> Conversion {
        let brand = try principal.requiredBrand()
        let reversed = try connection.execute(
            """
            update conversion set reversed_at = \(now), reversed_by = \(principal.actor), reversal_reason = \(draft.reason)
            where brand_id = \(brand.id) and id = \(id) and claim_id is null and reversed_at is null
            """)
        let conversion = try find(id, as: principal, in: connection)
        if let redemption = conversion.redemption {
            throw PerksError(
                .invalidTransition,
                "This conversion is the redemption \(redemption): take that back, and it goes with it.")
        }
        guard reversed == 1 else {
            throw PerksError(.alreadyReversed, "This conversion has already been taken back.")
        }
        try AuditEvent.record(
            "conversion.reverse", of: id, ["reason": .string(draft.reason)], as: principal, at: now, in: connection)
        return conversion
    }

    /// What a conversion is said to have come from.
    private struct Cause {
        let campaign: ID<Campaign>
        let share: ID<Share>
        let sharer: ID<Guest>
        /// The visitor of the click that is named; nil where a share is.
        let visitor: Int?
    }

    private static func cause(
        of draft: Draft, at: Timestamp, as principal: Principal, in connection: isolated Connection
    ) throws -> Cause {
        switch (draft.click, draft.share) {
        case (let click?, nil): try cause(click, at: at, as: principal, in: connection)
        case (nil, let share?): try cause(share, as: principal, in: connection)
        default:
            throw PerksError.invalid(
                "", "click_or_share", "Name the click or the share that led to it, one of the two.")
        }
    }

    private static func cause(
        _ click: ID<Click>, at: Timestamp, as principal: Principal, in connection: isolated Connection
    ) throws -> Cause {
        let row = try connection.query(
            """
            select k.campaign_id, k.share_id, k.at, k.kind, k.visitor, s.guest_id
            from campaign a
            join click k on k.brand_id = a.brand_id and k.campaign_id = a.id and k.id = \(click)
            join share s on s.brand_id = k.brand_id and s.id = k.share_id
            where a.brand_id = \(principal.requiredBrand().id)
            """
        ).first
        guard let row else {
            let detail = "There is no such click in this brand: it is the perks_click that the landing page was given."
            throw PerksError(.clickNotFound, detail, violations: [.init("/click", "click_not_found", detail)])
        }
        guard try row["kind"] != Click.Kind.own.rawValue else { throw Referral.ofOneself }
        guard try (row["at"] as Timestamp) <= at else {
            throw PerksError.invalid(
                "/converted_at", "before_click",
                "It cannot have come from a click after it. Check converted_at, or leave it out for now.")
        }
        return Cause(
            campaign: try row["campaign_id"], share: try row["share_id"], sharer: try row["guest_id"],
            visitor: try row["visitor"])
    }

    private static func cause(
        _ share: String, as principal: Principal, in connection: isolated Connection
    ) throws -> Cause {
        guard let reference = ShareReference(share) else { throw Share.notFound(at: "/share") }
        let row = try connection.query(
            """
            select s.id, s.campaign_id, s.guest_id from share s
            where s.brand_id = \(principal.requiredBrand().id) and \(fragment: reference.condition)
                and s.ended_at is null
            """
        ).first
        guard let row else { throw Share.notFound(at: "/share") }
        return Cause(
            campaign: try row["campaign_id"], share: try row["id"], sharer: try row["guest_id"], visitor: nil)
    }

    private static func touches(
        of draft: Draft, _ cause: Cause, at: Timestamp, _ guest: ID<Guest>?, as principal: Principal,
        in connection: isolated Connection
    ) throws -> [Touch] {
        guard let named = draft.click, let visitor = cause.visitor else {
            return [Touch(share: cause.share, click: nil, at: at)]
        }
        let rows = try connection.query(
            """
            with own as (
                select k.id, k.share_id, k.at, k.kind, k.visitor from click k
                where k.brand_id = \(principal.requiredBrand().id) and k.campaign_id = \(cause.campaign) and k.at <= \(at)
                    and (k.id = any (\(draft.earlierClicks ?? [])) or k.id = \(named)
                         or k.id in (select v.id from click v
                                     where v.brand_id = \(principal.requiredBrand().id) and v.visitor = \(visitor)
                                         and v.kind = 'human'))
            )
            select k.id, k.share_id, k.at, s.guest_id
            from own k join share s on s.brand_id = \(principal.requiredBrand().id) and s.id = k.share_id
            where (k.kind = 'human'
                   -- One that repeats what the visitor was counted for under the key of the day before.
                   or k.id = \(named) and k.kind = 'duplicate' and not exists (
                       select from own o where o.kind = 'human' and o.share_id = k.share_id and o.visitor = \(visitor)))
                and (\(guest)::uuid is null
                     or s.guest_id <> \(guest) and not has_led_to(\(guest), s.guest_id, \(cause.campaign), '{}', '{}'))
            order by k.at desc, k.id desc limit \(mostTouches)
            """)
        return try rows.reversed().map { Touch(share: try $0["share_id"], click: try $0["id"], at: try $0["at"]) }
    }
}
