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
    /// All facts that rules ask for but the moment and the birth date, which depends on the campaign.
    private let profile: Facts
    /// The units that this guest has and has not given back.
    private(set) var claims: [LiveClaim]

    /// A unit that counts against a guest's allowance.
    struct LiveClaim {
        let id: UUID
        let perk: ID<Perk>
        let campaign: ID<Campaign>
        /// When it was claimed.
        let at: Timestamp
        let periodStart: LocalDate
        let slot: Int
        let group: String?
        let cost: Int
        let takesCode: Bool
        /// When it expires, if it is held; nil once it is redeemed.
        let expiresAt: Timestamp?
    }

    /// Reads everything in one statement; whoever is unknown or has opted out is missing, which look alike.
    static func load(
        _ guests: [ID<Guest>], _ catalogue: Catalogue, as principal: Principal, at now: Timestamp,
        in connection: isolated Connection
    ) throws -> [ID<Guest>: GuestFacts] {
        guard !guests.isEmpty else { return [:] }
        let brand = try principal.requiredBrand()
        let rows = try connection.query(
            """
            select g.guest_id, g.birth_date, g.gender, g.country, g.region, g.city, g.language, g.reach, g.score,
                   g.score_model, g.score_measured_at, m.birth_date_on_id, coalesce(m.under_13, false) as under_13,
                   network.names, network.verified, segment.slugs as segments, exact.slugs as exact_slugs, exact.strengths as exact_strengths,
                   below.slugs as below_slugs, below.strengths as below_strengths,
                   history.scores, history.models, history.moments,
                   claim.ids as claim_ids, claim.perks as claim_perks, claim.campaigns as claim_campaigns,
                   claim.moments as claim_moments, claim.periods as claim_periods, claim.slots as claim_slots,
                   claim.groups as claim_groups, claim.costs as claim_costs, claim.codes as claim_codes,
                   claim.ends as claim_ends,
                   past.perk_ids as past_perk_ids, past.perks as past_perks, past.campaign_ids as past_campaign_ids,
                   past.campaigns as past_campaigns, past.moments as past_moments
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
                select array_agg(c.id) as ids, array_agg(c.perk_id) as perks, array_agg(c.campaign_id) as campaigns,
                       array_agg(c.claimed_at) as moments, array_agg(c.period_start) as periods,
                       array_agg(c.slot) as slots, array_agg(c.perk_group) as groups, array_agg(c.cost) as costs,
                       array_agg(c.takes_code) as codes,
                       array_agg(case when c.status = 'held' then c.expires_at end) as ends
                from claim c
                where c.brand_id = \(brand.id) and c.guest_id = g.guest_id
                    and (c.status = 'redeemed' or c.status = 'held' and c.expires_at > \(now))
                    and (c.claimed_at > \(now.adding(seconds: -longestPeriod)) or c.perk_group is not null
                        or c.perk_id = any (\(catalogue.countedForEver)))
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
            where g.guest_id = any (\(guests)) and g.opted_out_at is null
            """)
        return try Dictionary(uniqueKeysWithValues: rows.map { row in (try row["guest_id"], try GuestFacts(row)) })
    }

    /// Longer than any period but a campaign's: a month, and a day to either side for the zones.
    private static let longestPeriod = 33 * 86_400

    private init(_ row: Row) throws {
        guest = try row["guest_id"]
        statedBirthDate = try row["birth_date"]
        birthDateOnID = try row["birth_date_on_id"]
        isUnder13 = try row["under_13"]

        var facts = Facts(now: 0)
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
        profile = facts

        let ids: [UUID] = try row["claim_ids"] ?? []
        let perks: [ID<Perk>] = try row["claim_perks"] ?? []
        let campaigns: [ID<Campaign>] = try row["claim_campaigns"] ?? []
        let moments: [Timestamp] = try row["claim_moments"] ?? []
        let periods: [LocalDate] = try row["claim_periods"] ?? []
        let slots: [Int] = try row["claim_slots"] ?? []
        let groups: [String?] = try row["claim_groups"] ?? []
        let costs: [Int] = try row["claim_costs"] ?? []
        let codes: [Bool] = try row["claim_codes"] ?? []
        let ends: [Timestamp?] = try row["claim_ends"] ?? []
        claims = ids.indices.map {
            LiveClaim(
                id: ids[$0], perk: perks[$0], campaign: campaigns[$0], at: moments[$0], periodStart: periods[$0],
                slot: slots[$0], group: groups[$0], cost: costs[$0], takesCode: codes[$0], expiresAt: ends[$0])
        }
    }

    /// The facts as a rule asks for them at a moment and place, without the birth date.
    func facts(at now: Timestamp, _ local: Facts.Local) -> Facts {
        var facts = profile
        facts.now = now.microseconds
        facts.local = local
        return facts
    }

    /// How many of a perk count against the guest's allowance on a date: those claimed in the same period of the
    /// venue's calendar, wherever and under whatever period the perk had then.
    ///
    /// So a changed period or zone looks back, too.
    func used(_ perk: Perk, on date: LocalDate, in zone: Zone) -> Int {
        let period = perk.perGuest.period
        let start = period.start(for: date)
        return claims.count { claim in
            claim.perk == perk.id && (period == .campaign || period.start(for: zone.local(claim.at).date) == start)
        }
    }

    /// The first slot of a period that none of the guest's claims of a perk takes.
    func freeSlot(of perk: Perk, from periodStart: LocalDate) -> Int {
        let taken = Set(claims.filter { $0.perk == perk.id && $0.periodStart == periodStart }.map(\.slot))
        var slot = 1
        while taken.contains(slot) { slot += 1 }
        return slot
    }

    /// The hold of a perk that a redemption without a name for one confirms: the one that expires first.
    func hold(of perk: ID<Perk>, at now: Timestamp) -> LiveClaim? {
        claims.filter { $0.perk == perk && $0.expiresAt.map { $0 > now } == true }
            .min { ($0.expiresAt ?? now) < ($1.expiresAt ?? now) }
    }

    /// Counts a unit that has just been claimed, in place of the hold that it was, if it was one.
    mutating func count(_ claim: LiveClaim) {
        claims.removeAll { $0.id == claim.id }
        claims.append(claim)
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
