import Eligibility
import Foundation
import Postgres

/// What a batch is going to write, and the answers that rest on it.
struct DeskWriting {
    /// What becomes of a request, before what it rests on is written.
    enum Outcome {
        /// Answered before, or without a claim.
        case known(Desk.Answer, isReplay: Bool)
        /// The claim at this place among those to be written.
        case claimed(Int, isReplay: Bool)
        case refused(PerksError)

        static func new(_ answer: Desk.Answer) -> Outcome { .known(answer, isReplay: false) }

        /// The same as a repeat of the request is answered.
        var again: Outcome {
            switch self {
            case .known(let answer, _): .known(answer, isReplay: true)
            case .claimed(let index, _): .claimed(index, isReplay: true)
            case .refused: self
            }
        }
    }

    private var claims: [Claim] = []
    private var confirmations: Set<Int> = []
    var checkIns: [CheckInRow] = []
    var refusals: [Refusal] = []
    var keys: [Key] = []
    /// The redemptions that a share led to.
    var conversions: [(claim: Claim, referral: Referral, share: ID<Share>)] = []
    var referrals: [Referral] { conversions.map(\.referral) }

    /// Notes a claim: a new one, or a hold that is confirmed.
    mutating func add(_ claim: Claim, isConfirmation: Bool) -> Outcome {
        claims.append(claim)
        if isConfirmation { confirmations.insert(claims.count - 1) }
        return .claimed(claims.count - 1, isReplay: false)
    }

    /// Writes everything but the counters.
    ///
    /// Keys come first: whoever binds one of them at the same moment is waited for.
    ///
    /// - Throws: `DeskBatch.Disturbed` when a key or a hold is no longer what it was.
    mutating func complete(of brand: ID<Brand>, in connection: isolated Connection) throws {
        try bindKeys(of: brand, in: connection)
        try chooseCodes(of: brand, in: connection)
        try writeClaims(of: brand, in: connection)
        try writeConversions(of: brand, in: connection)
        if !checkIns.isEmpty {
            // One whose answer was lost may be there already, by the same identifier.
            try connection.execute(
                """
                insert into check_in (
                    brand_id, id, at, venue_id, guest_id, actor, campaign_ids, qualified_perk_ids, qualified_campaign_ids,
                    decision)
                select brand_id, id, at, venue_id, guest_id, actor, campaign_ids, qualified_perk_ids,
                       qualified_campaign_ids, decision
                from jsonb_populate_recordset(null::check_in, \(try JSON.text(of: checkIns))::jsonb)
                on conflict on constraint check_in_pkey do nothing
                """)
        }
        if !refusals.isEmpty {
            try connection.execute(
                """
                insert into refusal (brand_id, id, at, perk_id, campaign_id, guest_id, venue_id, code, actor)
                select brand_id, id, at, perk_id, campaign_id, guest_id, venue_id, code, actor
                from jsonb_populate_recordset(null::refusal, \(try JSON.text(of: refusals))::jsonb)
                """)
        }
    }

    /// What a caller is answered, once everything is written.
    func answer(_ outcome: Outcome) throws -> Desk.Outcome {
        switch outcome {
        case .known(let answer, let isReplay): .success(Replayable(answer: answer, isReplay: isReplay))
        case .claimed(let index, let isReplay):
            .success(Replayable(answer: try claims[index].answer, isReplay: isReplay))
        case .refused(let error): .failure(error)
        }
    }

    private func bindKeys(of brand: ID<Brand>, in connection: isolated Connection) throws {
        guard !keys.isEmpty else { return }
        // In one order, so that two batches never wait for each other.
        let keys = keys.sorted { $0.text < $1.text }
        let bound = try connection.execute(
            """
            insert into idempotency_key as k (brand_id, key, fingerprint, claim_id, answer, kept_until, guest_id)
            select \(brand)::uuid, n.key, n.fingerprint, n.claim_id, n.answer, n.kept_until, n.guest_id
            from unnest(\(keys.map(\.text)), \(keys.map(\.fingerprint)), \(keys.map(\.claim)), \(keys.map(\.answer)),
                        \(keys.map(\.keptUntil)), \(keys.map(\.guest)))
                n (key, fingerprint, claim_id, answer, kept_until, guest_id)
            on conflict on constraint idempotency_key_pkey do update
            set fingerprint = excluded.fingerprint, claim_id = excluded.claim_id, location = null,
                answer = excluded.answer, kept_until = excluded.kept_until, guest_id = excluded.guest_id
            where k.kept_until <= \(keys[0].now)
            """)
        guard bound == keys.count else { throw DeskBatch.Disturbed() }
    }

    /// Looks up the codes at the positions that were taken.
    private mutating func chooseCodes(of brand: ID<Brand>, in connection: isolated Connection) throws {
        let taking = claims.indices.filter { claims[$0].code != nil }
        guard !taking.isEmpty else { return }
        let rows = try connection.query(
            """
            select p.place::int, c.code
            from unnest(\(taking.map { claims[$0].perk }), \(taking.map { claims[$0].code ?? 0 })) with ordinality
                p (perk_id, position, place)
            join code c on c.brand_id = \(brand) and c.perk_id = p.perk_id and c.position = p.position
            """)
        guard rows.count == taking.count else {
            throw PerksError(.internal, "A pool of codes counts codes that are not there.")
        }
        for row in rows { claims[taking[try row["place"] - 1]].receipt?.code = try row["code"] }
    }

    private func writeClaims(of brand: ID<Brand>, in connection: isolated Connection) throws {
        // A hold of this batch may be confirmed by this batch: first what is new, then what becomes of it.
        let fresh = claims.indices.filter { !confirmations.contains($0) }.map { claims[$0] }
        if !fresh.isEmpty {
            try connection.execute(
                """
                insert into claim (
                    brand_id, id, perk_id, campaign_id, guest_id, venue_id, check_in_id, status, period_start, slot,
                    perk_group, cost, order_reference, order_amount, order_currency, actor, claimed_at, held_at, expires_at,
                    redeemed_at, hold_receipt, receipt, facts, takes_code, code_position)
                select brand_id, id, perk_id, campaign_id, guest_id, venue_id, check_in_id, status, period_start, slot,
                       perk_group, cost, order_reference, order_amount, order_currency, actor, claimed_at, held_at, expires_at,
                       redeemed_at, hold_receipt, receipt, facts, takes_code, code_position
                from jsonb_populate_recordset(null::claim, \(try JSON.text(of: fresh))::jsonb)
                """)
        }
        let confirmed = confirmations.sorted().map { claims[$0] }
        guard !confirmed.isEmpty else { return }
        let changed = try connection.execute(
            """
            update claim c
            set status = 'redeemed', venue_id = r.venue_id, check_in_id = r.check_in_id,
                order_reference = r.order_reference, order_amount = r.order_amount, order_currency = r.order_currency,
                actor = r.actor, redeemed_at = r.redeemed_at, receipt = r.receipt, facts = r.facts,
                code_position = r.code_position
            from jsonb_populate_recordset(null::claim, \(try JSON.text(of: confirmed))::jsonb) r
            where c.brand_id = \(brand) and c.id = r.id and c.status = 'held'
            """)
        guard changed == confirmed.count else { throw DeskBatch.Disturbed() }
    }

    private func writeConversions(of brand: ID<Brand>, in connection: isolated Connection) throws {
        guard !conversions.isEmpty else { return }
        let claims = conversions.map(\.claim)
        try connection.execute(
            """
            with conversion as (
                insert into conversion (
                    brand_id, id, claim_id, campaign_id, guest_id, venue_id, at, order_reference, order_amount,
                    order_currency, actor, recorded_at)
                select c.brand_id, c.id, c.id, c.campaign_id, c.guest_id, c.venue_id, c.redeemed_at, c.order_reference,
                       c.order_amount, c.order_currency, c.actor, c.redeemed_at
                from claim c where c.brand_id = \(brand) and c.id = any (\(claims.map(\.id)))
                returning id, at
            )
            insert into conversion_touch (brand_id, conversion_id, position, share_id, at)
            select \(brand), c.id, 1, t.share_id, c.at
            from conversion c join unnest(\(claims.map(\.id)), \(conversions.map(\.share))) t (id, share_id) on t.id = c.id
            """)
    }
}
