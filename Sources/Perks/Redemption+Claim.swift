import Eligibility
import Foundation
import Postgres

extension Backend {
    /// Hands a perk to a guest exactly once: the same key and request get the same answer, however often they come.
    ///
    /// Everything is decided again inside the transaction that claims the unit. A refusal changes nothing but the list of
    /// refusals, which the report counts. Throws `idempotency_key_reused`, `idempotency_key_in_flight` and every refusal.
    package func redeem(
        _ draft: Redemption.Draft, key: IdempotencyKey, as principal: Principal, at now: Timestamp
    ) async throws -> Replayable<Redemption> {
        do {
            return try await transaction(as: principal) { [catalogues] connection in
                try Catalogue.lockForUse(of: try principal.requiredBrand().id, in: connection)
                return try Claim(draft, key: key, as: principal, at: now).redeem(catalogues, in: connection)
            }
        } catch let refusal as RefusedClaim {
            try await transaction(as: principal) { connection in
                try refusal.record(as: principal, at: now, in: connection)
            }
            throw refusal.error
        }
    }
}

/// A claim that was refused: undone first, then counted.
private struct RefusedClaim: Error {
    let error: PerksError
    let perk: Perk
    let guest: ID<Guest>?
    let venue: Venue

    func record(as principal: Principal, at now: Timestamp, in connection: isolated Connection) throws {
        try connection.execute(
            """
            insert into refusal (brand_id, id, at, perk_id, campaign_id, guest_id, venue_id, code, actor)
            values (\(try principal.requiredBrand().id), \(UUID.version7(at: now)), \(now), \(perk.id),
                    \(perk.campaignID), \(guest), \(venue.id), \(error.code.rawValue), \(principal.actor))
            """)
    }
}

/// One attempt to claim a unit of a perk.
private struct Claim {
    let draft: Redemption.Draft
    let key: IdempotencyKey
    let principal: Principal
    let brand: Brand
    let now: Timestamp
    let fingerprint: [UInt8]

    init(_ draft: Redemption.Draft, key: IdempotencyKey, as principal: Principal, at now: Timestamp) throws {
        self.draft = draft
        self.key = key
        self.principal = principal
        self.now = now
        brand = try principal.requiredBrand()
        fingerprint = try Idempotency(key, "POST", "/v1/redemptions", body: draft).fingerprint
    }

    func redeem(_ catalogues: Catalogues, in connection: isolated Connection) throws -> Replayable<Redemption> {
        if let replay = try replay(in: connection) { return replay }
        let catalogue = try catalogues.current(of: principal, in: connection)
        let venue = try catalogue.venue(draft.venue, for: principal)
        let reference = try GuestReference(draft.guest, at: "/guest")
        let (entry, perk, rule) = try perk(in: catalogue, at: venue, in: connection)
        let local = venue.zone.local(now)
        // Losing a slot to another request shows only at the insert; each time the facts are read anew.
        for _ in 0...perk.perGuest.limit {
            let guest = try GuestFacts.loadForUse(
                reference, at: venue, catalogue, as: principal, at: now, in: connection)
            guard let guest else { throw Guest.notFound(at: "/guest") }
            try checkCheckIn(of: guest.guest, in: connection)
            let decision = PerkDecision(
                perk, rule: rule, of: entry.campaign, for: guest, at: venue, catalogue, local: local)
            if let error = decision.refusal(for: principal) {
                // What stands in the way may be this very request, which another of its repeats has carried out since.
                if let replay = try replay(in: connection) { return replay }
                // Of a child nothing is kept but the mark that blocks.
                let named = guest.isUnder13 ? nil : guest.guest
                throw RefusedClaim(error: error, perk: perk, guest: named, venue: venue)
            }
            if let redemption = try insert(decision, guest, venue, local, in: connection) {
                try takeUnit(of: perk, guest, venue, in: connection)
                return Replayable(answer: redemption, isReplay: false)
            }
            if let replay = try replay(in: connection) { return replay }
        }
        let error = PerksError(.limitReached, "The guest has already had it.")
        throw RefusedClaim(error: error, perk: perk, guest: nil, venue: venue)
    }

    /// The answer that this key was given before; nil when it is new.
    ///
    /// Throws `idempotency_key_reused` for another request.
    private func replay(in connection: isolated Connection) throws -> Replayable<Redemption>? {
        let row = try connection.query(
            """
            select k.fingerprint, c.receipt from idempotency_key k
            join claim c on c.brand_id = k.brand_id and c.id = k.claim_id
            where k.brand_id = \(brand.id) and k.key = \(key.text)
            """
        ).first
        guard let row else { return nil }
        guard try (row["fingerprint"] as [UInt8]) == fingerprint else {
            throw PerksError(
                .idempotencyKeyReused,
                "This Idempotency-Key was used with another request. Use a new key for a new request.")
        }
        let receipt: JSONValue = try row["receipt"]
        return Replayable(answer: try receipt.decode(), isReplay: true)
    }

    /// The perk that is asked for, with its running campaign; throws why there is none.
    private func perk(
        in catalogue: Catalogue, at venue: Venue, in connection: isolated Connection
    ) throws -> (Catalogue.Entry, Perk, CompiledRule) {
        guard let reference = Reference<Perk>(draft.perk) else { throw Perk.notFound(at: "/perk") }
        for entry in catalogue.campaigns {
            for (perk, rule) in entry.perks where reference == .id(perk.id) || reference == .slug(perk.slug) {
                guard entry.campaign.includes(venue) else {
                    let error = PerksError(
                        .wrongVenue, "The campaign \(entry.campaign.slug) is not for the venue \(venue.slug).")
                    throw RefusedClaim(error: error, perk: perk, guest: nil, venue: venue)
                }
                guard entry.campaign.isScheduled(at: now, on: venue.zone.local(now).date) else {
                    throw RefusedClaim(error: notRunning(entry.campaign.slug), perk: perk, guest: nil, venue: venue)
                }
                return (entry, perk, rule)
            }
        }
        let idle: Perk
        do {
            idle = try Perk.find(reference, as: principal, in: connection)
        } catch let error as PerksError where error.code == .perkNotFound {
            throw Perk.notFound(at: "/perk")
        }
        throw RefusedClaim(error: notRunning(idle.campaign), perk: idle, guest: nil, venue: venue)
    }

    private func notRunning(_ campaign: String) -> PerksError {
        PerksError(.campaignNotRunning, "The campaign \(campaign) does not run at this venue now.")
    }

    private func checkCheckIn(of guest: ID<Guest>, in connection: isolated Connection) throws {
        guard let checkIn = draft.checkIn else { return }
        let rows = try connection.query(
            "select from check_in where brand_id = \(brand.id) and id = \(checkIn) and guest_id = \(guest)")
        guard !rows.isEmpty else { throw CheckIn.notFound(at: "/check_in") }
    }

    /// Writes the claim into the guest's first free slot; nil when another request was quicker.
    private func insert(
        _ decision: PerkDecision, _ guest: GuestFacts, _ venue: Venue, _ local: Facts.Local,
        in connection: isolated Connection
    ) throws -> Redemption? {
        let perk = decision.perk
        let start = perk.perGuest.period.start(for: local.date)
        let taken = Set(guest.claims.filter { $0.perk == perk.id && $0.periodStart == start }.map(\.slot))
        guard let slot = (1...perk.perGuest.limit).first(where: { !taken.contains($0) }) else { return nil }
        let redemption = Redemption(
            id: ID(at: now), status: .redeemed, perk: PerkSummary(perk), campaign: CampaignSummary(decision.campaign),
            guest: .init(id: guest.guest), venue: venue.slug, checkIn: draft.checkIn, benefit: perk.benefit,
            cost: perk.cost, order: draft.order, redeemedAt: now,
            decision: .init(
                ruleRevision: perk.revision, campaignRevision: decision.campaign.revision,
                conditions: decision.verdict.conditions.map(CheckIn.Condition.init)))
        let inserted = try unlessInFlight {
            try connection.execute(
                """
                with bound as (
                    insert into idempotency_key (brand_id, key, fingerprint, claim_id)
                    values (\(brand.id), \(key.text), \(fingerprint), \(redemption.id))
                    on conflict do nothing returning claim_id
                )
                insert into claim (
                    brand_id, id, perk_id, campaign_id, guest_id, venue_id, check_in_id, status, period_start, slot,
                    perk_group, cost, order_reference, order_amount, order_currency, actor, claimed_at, redeemed_at, receipt,
                    facts)
                select \(brand.id)::uuid, claim_id, \(perk.id)::uuid, \(decision.campaign.id)::uuid, \(guest.guest)::uuid,
                       \(venue.id)::uuid, \(draft.checkIn)::uuid, 'redeemed', \(start)::date, \(slot)::int,
                       \(perk.group), \(perk.cost)::bigint, \(draft.order?.reference), \(draft.order?.amount)::bigint,
                       \(draft.order?.currency), \(principal.actor), \(now)::timestamptz, \(now)::timestamptz,
                       \(try JSON.text(of: redemption))::jsonb, \(try JSON.text(of: DecisionFacts(guest, local: local)))::jsonb
                from bound
                on conflict do nothing
                """)
        }
        return inserted == 1 ? redemption : nil
    }

    /// The insert waits for another request of the same key or guest to end, but not for ever.
    private func unlessInFlight(_ insert: () throws -> Int) throws -> Int {
        do {
            return try insert()
        } catch let error as PostgresError where error.sqlState == "55P03" {
            throw PerksError(
                .idempotencyKeyInFlight,
                "The same request is still under way. Repeat it in a few seconds, with the same key.")
        }
    }

    /// Takes the unit from what is capped; the hottest row comes last, so that it is locked for the commit alone.
    private func takeUnit(
        of perk: Perk, _ guest: GuestFacts, _ venue: Venue, in connection: isolated Connection
    ) throws {
        func refused(_ code: PerksError.Code, _ sentence: String) -> RefusedClaim {
            RefusedClaim(error: PerksError(code, sentence), perk: perk, guest: guest.guest, venue: venue)
        }
        if guest.remaining[perk.id] != nil {
            let taken = try connection.execute(
                """
                update perk_stock set remaining = remaining - 1
                where brand_id = \(brand.id) and perk_id = \(perk.id) and remaining > 0
                """)
            guard taken == 1 else { throw refused(.soldOut, "The perk is sold out.") }
        }
        if guest.budgets[perk.campaignID] != nil {
            let taken = try connection.execute(
                """
                update campaign_budget
                set remaining_amount = remaining_amount - \(perk.cost),
                    remaining_redemptions = remaining_redemptions - 1
                where brand_id = \(brand.id) and campaign_id = \(perk.campaignID)
                    and (remaining_amount is null or remaining_amount >= \(perk.cost))
                    and (remaining_redemptions is null or remaining_redemptions >= 1)
                """)
            guard taken == 1 else { throw refused(.budgetSpent, "The campaign's budget is spent.") }
        }
    }
}
