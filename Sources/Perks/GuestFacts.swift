import Eligibility
import Foundation
import Postgres

/// What is known of a guest at a desk: the platform's facts, the brand's own, and what the guest has already used.
struct GuestFacts {
    let guest: ID<Guest>
    let statedBirthDate: LocalDate?
    /// The date this brand saw on an ID; it wins over what is stated.
    var birthDateOnID: LocalDate?
    /// An ID showed an age under 13; no date is kept.
    var isUnder13: Bool
    /// All facts that rules ask for but the birth date, which depends on the campaign.
    let facts: Facts
    /// The units that this guest has and has not given back.
    let claims: [LiveClaim]
    /// How many are left of the perks that are capped.
    let remaining: [ID<Perk>: Int]
    /// What is left of the campaigns that have a budget.
    let budgets: [ID<Campaign>: RemainingBudget]

    /// A unit that counts against a guest's allowance.
    struct LiveClaim {
        let perk: ID<Perk>
        let periodStart: LocalDate
        let slot: Int
        let group: String?
    }

    /// What is left of a budget; nil is without limit.
    struct RemainingBudget {
        let amount: Int?
        let redemptions: Int?

        func covers(cost: Int) -> Bool {
            (amount.map { $0 >= cost } ?? true) && (redemptions.map { $0 >= 1 } ?? true)
        }
    }

    /// Reads everything for what is about to be recorded, and keeps the guest from being joined, erased or left out
    /// until commit; nil when the guest is unknown or has opted out.
    static func loadForUse(
        _ reference: GuestReference, at venue: Venue, _ catalogue: Catalogue, as principal: Principal,
        at now: Timestamp, in connection: isolated Connection
    ) throws -> GuestFacts? {
        // A statement of its own: what is read below must be read after the lock was granted.
        guard let guest = try Guest.lockForUse(reference, as: principal, in: connection) else { return nil }
        return try load(.id(guest), at: venue, catalogue, as: principal, at: now, in: connection)
    }

    /// Reads everything in one statement; nil when the guest is unknown or has opted out, which look alike.
    static func load(
        _ reference: GuestReference, at venue: Venue, _ catalogue: Catalogue, as principal: Principal,
        at now: Timestamp, in connection: isolated Connection
    ) throws -> GuestFacts? {
        let brand = try principal.requiredBrand()
        let local = venue.zone.local(now)
        let always = Perk.Period.campaign.start(for: local.date)
        let row = try connection.query(
            """
            select g.guest_id, g.birth_date, g.gender, g.country, g.region, g.city, g.language, g.reach, g.score,
                   g.score_model, g.score_measured_at, m.birth_date_on_id, coalesce(m.under_13, false) as under_13,
                   network.names, network.verified, segment.slugs as segments, exact.slugs as exact_slugs, exact.strengths as exact_strengths,
                   below.slugs as below_slugs, below.strengths as below_strengths,
                   history.scores, history.models, history.moments,
                   claim.perks as claim_perks, claim.periods as claim_periods, claim.slots as claim_slots,
                   claim.groups as claim_groups,
                   past.perk_ids as past_perk_ids, past.perks as past_perks, past.campaign_ids as past_campaign_ids,
                   past.campaigns as past_campaigns, past.moments as past_moments,
                   stock.perks as stock_perks, stock.remaining as stock_remaining,
                   budget.campaigns as budget_campaigns, budget.amounts as budget_amounts,
                   budget.redemptions as budget_redemptions
            from guest g
            left join member m on m.brand_id = \(brand.id) and m.guest_id = g.guest_id
            cross join lateral (
                select array_agg(k.network) as names, array_agg(k.verified) as verified
                from identity k where k.guest_id = g.guest_id
            ) network
            cross join lateral (
                select array_agg(s.slug) as slugs
                from segment_member l join segment s on s.brand_id = l.brand_id and s.id = l.segment_id
                where l.brand_id = \(brand.id) and l.guest_id = g.guest_id
            ) segment
            cross join lateral (
                select array_agg(n.slug) as slugs, array_agg(t.strength) as strengths
                from guest_topic t join topic_name n on n.topic_id = t.topic_id
                where t.guest_id = g.guest_id and n.slug = any (\(catalogue.topics))
            ) exact
            cross join lateral (
                select array_agg(b.slug) as slugs, array_agg(b.strength) as strengths
                from (
                    select n.slug, max(t.strength) as strength
                    from guest_topic t
                    join topic_closure c on c.descendant_id = t.topic_id
                    join topic_name n on n.topic_id = c.ancestor_id
                    where t.guest_id = g.guest_id and n.slug = any (\(catalogue.topics))
                    group by n.slug
                ) b
            ) below
            cross join lateral (
                select array_agg(s.score order by s.measured_at desc, s.model = g.score_model desc, s.recorded_at desc) as scores,
                       array_agg(s.model order by s.measured_at desc, s.model = g.score_model desc, s.recorded_at desc) as models,
                       array_agg(s.measured_at order by s.measured_at desc, s.model = g.score_model desc, s.recorded_at desc) as moments
                from guest_score s
                where \(catalogue.needsScoreHistory) and s.guest_id = g.guest_id
            ) history
            cross join lateral (
                select array_agg(c.perk_id) as perks, array_agg(c.period_start) as periods, array_agg(c.slot) as slots,
                       array_agg(c.perk_group) as groups
                from claim c
                where c.brand_id = \(brand.id) and c.guest_id = g.guest_id and c.status in ('held', 'redeemed')
                    and (c.period_start = \(always) or c.period_start > \(local.date.adding(days: -32))
                        or c.perk_group is not null)
            ) claim
            cross join lateral (
                select array_agg(c.perk_id) as perk_ids, array_agg(p.slug) as perks,
                       array_agg(c.campaign_id) as campaign_ids, array_agg(a.slug) as campaigns,
                       array_agg(c.redeemed_at) as moments
                from claim c
                join perk p on p.brand_id = c.brand_id and p.id = c.perk_id
                join campaign a on a.brand_id = c.brand_id and a.id = c.campaign_id
                where \(catalogue.needsRedemptions) and c.brand_id = \(brand.id) and c.guest_id = g.guest_id
                    and c.status = 'redeemed'
            ) past
            cross join lateral (
                select array_agg(s.perk_id) as perks, array_agg(s.remaining) as remaining
                from perk_stock s where s.brand_id = \(brand.id)
            ) stock
            cross join lateral (
                select array_agg(b.campaign_id) as campaigns, array_agg(b.remaining_amount) as amounts,
                       array_agg(b.remaining_redemptions) as redemptions
                from campaign_budget b where b.brand_id = \(brand.id)
            ) budget
            where \(fragment: Guest.condition(reference, as: principal)) and g.opted_out_at is null
            """
        ).first
        return try row.map { try GuestFacts($0, local: local, at: now) }
    }

    private init(_ row: Row, local: Facts.Local, at now: Timestamp) throws {
        guest = try row["guest_id"]
        statedBirthDate = try row["birth_date"]
        birthDateOnID = try row["birth_date_on_id"]
        isUnder13 = try row["under_13"]

        var facts = Facts(now: now.microseconds, local: local)
        facts.country = try row["country"]
        facts.region = try row["region"]
        facts.city = try row["city"]
        facts.gender = try row["gender"]
        facts.language = try row["language"]
        facts.reach = try row["reach"]
        facts.scores = try GuestFacts.scores(row)
        facts.topics = Dictionary(try row.pairs("exact_slugs", "exact_strengths"), uniquingKeysWith: max)
        facts.topicsBelow = Dictionary(try row.pairs("below_slugs", "below_strengths"), uniquingKeysWith: max)
        facts.networks = (try row.pairs("names", "verified") as [(String, Bool)])
            .map { Facts.Network(name: $0.0, verified: $0.1) }
        facts.segments = Set(try row["segments"] as [String]? ?? [])
        facts.redeemed = try GuestFacts.redemptions(row)
        self.facts = facts

        let perks: [ID<Perk>] = try row["claim_perks"] ?? []
        let periods: [LocalDate] = try row["claim_periods"] ?? []
        let slots: [Int] = try row["claim_slots"] ?? []
        let groups: [String?] = try row["claim_groups"] ?? []
        claims = perks.indices.map {
            LiveClaim(perk: perks[$0], periodStart: periods[$0], slot: slots[$0], group: groups[$0])
        }
        remaining = Dictionary(uniqueKeysWithValues: try row.pairs("stock_perks", "stock_remaining"))
        let campaigns: [ID<Campaign>] = try row["budget_campaigns"] ?? []
        let amounts: [Int?] = try row["budget_amounts"] ?? []
        let redemptions: [Int?] = try row["budget_redemptions"] ?? []
        budgets = Dictionary(
            uniqueKeysWithValues: campaigns.indices.map {
                (campaigns[$0], RemainingBudget(amount: amounts[$0], redemptions: redemptions[$0]))
            })
    }

    /// The score in force, and the older ones where they were asked for; newest first.
    private static func scores(_ row: Row) throws -> [Facts.Score] {
        let scores: [Int] = try row["scores"] ?? []
        if !scores.isEmpty {
            let models: [String] = try row["models"] ?? []
            let moments: [Timestamp] = try row["moments"] ?? []
            return scores.indices.map {
                Facts.Score(hundredths: scores[$0], model: models[$0], measuredAt: moments[$0].microseconds)
            }
        }
        guard let score: Int = try row["score"] else { return [] }
        let measuredAt: Timestamp = try row["score_measured_at"]
        return [Facts.Score(hundredths: score, model: try row["score_model"], measuredAt: measuredAt.microseconds)]
    }

    private static func redemptions(_ row: Row) throws -> [Facts.Redemption] {
        let perkIDs: [ID<Perk>] = try row["past_perk_ids"] ?? []
        let perks: [String] = try row["past_perks"] ?? []
        let campaignIDs: [ID<Campaign>] = try row["past_campaign_ids"] ?? []
        let campaigns: [String] = try row["past_campaigns"] ?? []
        let moments: [Timestamp] = try row["past_moments"] ?? []
        return perkIDs.indices.map {
            Facts.Redemption(
                perk: [perks[$0], perkIDs[$0].description], campaign: [campaigns[$0], campaignIDs[$0].description],
                at: moments[$0].microseconds)
        }
    }

    /// What counts as the birth date, and where it is from.
    var birthDate: (date: LocalDate?, source: AgeGate.AgeSource) {
        if let birthDateOnID { return (birthDateOnID, .verified) }
        if let statedBirthDate { return (statedBirthDate, .stated) }
        return (nil, .unknown)
    }

    /// How sure the age is, as the desk is told.
    func age(on date: LocalDate) -> CheckIn.Age {
        let (birthDate, source) = birthDate
        if isUnder13 || birthDate.map({ $0.age(on: date) < 18 }) == true { return .minor }
        return switch source {
        case .verified: .verified
        case .stated: .stated
        case .unknown: .unknown
        }
    }
}

extension Row {
    /// Two columns of arrays of one length, as pairs; none when they are null.
    fileprivate func pairs<First: PostgresValue, Second: PostgresValue>(
        _ first: String, _ second: String
    ) throws -> [(First, Second)] {
        let firsts: [First] = try self[first] ?? []
        let seconds: [Second] = try self[second] ?? []
        return Array(zip(firsts, seconds))
    }
}
