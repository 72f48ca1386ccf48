import Eligibility
import Foundation
import Postgres

extension Campaign: Editable {
    static let columns: Query = """
        c.id, c.slug, c.name, c.category, c.status, c.starts_at, c.starts_on, c.ends_at, c.ends_on, c.rule,
        c.budget_amount, c.budget_currency, c.budget_redemptions, c.require_id, c.landing_url, c.disclosure, c.revision,
        array(select v.slug from campaign_venue l join venue v on v.brand_id = l.brand_id and v.id = l.venue_id
              where l.brand_id = c.brand_id and l.campaign_id = c.id order by v.slug) as venues
        """

    init(_ row: Row) throws {
        id = try row["id"]
        slug = try row["slug"]
        name = try row["name"]
        category = Category(rawValue: try row["category"]) ?? .general
        status = Status(rawValue: try row["status"]) ?? .ended
        startsAt = Boundary(at: try row["starts_at"], on: try row["starts_on"])
        endsAt = Boundary(at: try row["ends_at"], on: try row["ends_on"])
        venues = try row["venues"]
        rule = try Rule.stored(try row["rule"])
        ruleText = rule?.text
        let budget = Budget(
            amount: try row["budget_amount"], currency: try row["budget_currency"],
            redemptions: try row["budget_redemptions"])
        self.budget = budget.amount == nil && budget.redemptions == nil ? nil : budget
        requireID = try row["require_id"]
        landingURL = try row["landing_url"]
        disclosure = try row["disclosure"]
        revision = try row["revision"]
    }

    /// Creates a campaign, as a draft.
    package static func create(
        _ draft: Draft, as principal: Principal, at now: Timestamp, in connection: isolated Connection
    ) throws -> Campaign {
        let brand = try principal.requiredBrand()
        let rule = try RuleInput(tree: draft.rule, text: draft.ruleText).rule(in: connection)
        try check(draft)
        let id = ID<Campaign>(at: now)
        try unlessSlugTaken(draft.slug) {
            try connection.execute(
                """
                insert into campaign (
                    brand_id, id, slug, name, category, status, starts_at, starts_on, ends_at, ends_on, rule,
                    budget_amount, budget_currency, budget_redemptions, require_id, landing_url, disclosure, revision,
                    created_at)
                values (\(brand.id), \(id), \(draft.slug), \(draft.name), \((draft.category ?? .general).rawValue),
                        'draft', \(draft.startsAt?.moment), \(draft.startsAt?.date), \(draft.endsAt?.moment),
                        \(draft.endsAt?.date), \(try rule.map { try JSON.text(of: $0) }), \(draft.budget?.amount),
                        \(draft.budget?.currency), \(draft.budget?.redemptions), \(draft.requireID ?? false),
                        \(draft.landingURL), \(draft.disclosure ?? "#ad"), 1, \(now))
                """)
        }
        try setVenues(draft.venues ?? [], of: id, as: principal, in: connection)
        let campaign = try find(.id(id), as: principal, in: connection)
        try campaign.setBudgetCounter(as: principal, in: connection)
        try campaign.record(campaign.revision, by: "campaign.create", as: principal, at: now, in: connection)
        return campaign
    }

    package static func find(
        _ reference: Reference<Campaign>, forUpdate: Bool = false, as principal: Principal,
        in connection: isolated Connection
    ) throws -> Campaign {
        let brand = try principal.requiredBrand()
        if forUpdate { try Catalogue.lockForChange(of: brand.id, in: connection) }
        let row = try connection.query(
            """
            select \(fragment: columns) from campaign c
            where c.brand_id = \(brand.id) and \(fragment: reference.condition(on: "c"))
            """
        ).first
        guard let campaign = try row.map(Campaign.init) else { throw notFound() }
        return campaign
    }

    /// The brand's campaigns, oldest first; those of one status if one is named, and for the desk those that run.
    package static func list(
        _ page: PageRequest, status: Status? = nil, as principal: Principal, in connection: isolated Connection
    ) throws -> Page<Campaign> {
        let filter: Query = status.map { "c.status = \($0.rawValue)" } ?? "true"
        let rows = try connection.query(
            """
            select \(fragment: columns) from campaign c
            where c.brand_id = \(principal.requiredBrand().id) and c.id > \(page.after) and \(fragment: filter)
                and \(fragment: Campaign.visible(to: principal))
            order by c.id limit \(page.rows)
            """)
        return Page(try rows.map(Campaign.init), for: page) { $0.id.uuid }
    }

    package func replacing(
        with draft: Draft, as principal: Principal, at now: Timestamp, in connection: isolated Connection
    ) throws -> Campaign {
        let brand = try principal.requiredBrand()
        let rule = try RuleInput(tree: draft.rule, text: draft.ruleText).rule(in: connection)
        try Self.check(draft)
        try Self.unlessSlugTaken(draft.slug) {
            try connection.execute(
                """
                update campaign
                set slug = \(draft.slug), name = \(draft.name), category = \((draft.category ?? .general).rawValue),
                    starts_at = \(draft.startsAt?.moment), starts_on = \(draft.startsAt?.date),
                    ends_at = \(draft.endsAt?.moment), ends_on = \(draft.endsAt?.date),
                    rule = \(try rule.map { try JSON.text(of: $0) }), budget_amount = \(draft.budget?.amount),
                    budget_currency = \(draft.budget?.currency), budget_redemptions = \(draft.budget?.redemptions),
                    require_id = \(draft.requireID ?? false), landing_url = \(draft.landingURL),
                    disclosure = \(draft.disclosure ?? "#ad"), revision = revision + 1
                where brand_id = \(brand.id) and id = \(id)
                """)
        }
        try Self.setVenues(draft.venues ?? [], of: id, as: principal, in: connection)
        let campaign = try Self.find(.id(id), as: principal, in: connection)
        if campaign.budget != budget { try campaign.setBudgetCounter(as: principal, in: connection) }
        try campaign.record(campaign.revision, by: "campaign.update", as: principal, at: now, in: connection)
        return campaign
    }

    /// Moves a campaign to another status; to the one it has changes nothing.
    ///
    /// Throws `invalid_transition`.
    package static func setStatus(
        _ status: Status, of reference: Reference<Campaign>, as principal: Principal, at now: Timestamp,
        in connection: isolated Connection
    ) throws -> Campaign {
        let brand = try principal.requiredBrand()
        var campaign = try find(reference, forUpdate: true, as: principal, in: connection)
        guard campaign.status != status else { return campaign }
        guard campaign.status.canBecome(status) else {
            throw PerksError(
                .invalidTransition,
                "A campaign that is \(campaign.status.rawValue) cannot become \(status.rawValue): the way is draft, active, paused and active again, ended."
            )
        }
        try connection.execute(
            "update campaign set status = \(status.rawValue) where brand_id = \(brand.id) and id = \(campaign.id)")
        campaign.status = status
        try Brand.catalogueChanged(brand.id, in: connection)
        try AuditEvent.record(
            "campaign.status", of: campaign.id, ["status": .string(status.rawValue)], as: principal, at: now,
            in: connection)
        return campaign
    }

    /// The condition on a campaign `c` that lists show it to this caller: the desk is shown what runs.
    static func visible(to principal: Principal) -> Query {
        principal.role == .clerk ? "c.status = 'active'" : "true"
    }

    /// That there is no such campaign; with a pointer where it was named in a body.
    static func notFound(at pointer: String? = nil) -> PerksError {
        let detail = "There is no such campaign in this brand. `GET /v1/campaigns` or `perks campaign list` shows them."
        return PerksError(
            .campaignNotFound, detail, violations: pointer.map { [.init($0, "campaign_not_found", detail)] } ?? [])
    }

    /// Throws when fields contradict each other.
    private static func check(_ draft: Draft) throws {
        let contradicts =
            switch (draft.startsAt, draft.endsAt) {
            case (.date(let first), .date(let last)): last < first
            case (.moment(let first), .moment(let last)): last < first
            case (.date(let first), .moment(let last)): Zone.utc.local(last).date < first.adding(days: -1)
            case (.moment(let first), .date(let last)): last < Zone.utc.local(first).date.adding(days: -1)
            default: false
            }
        if contradicts {
            throw PerksError.invalid("/ends_at", "before_start", "The campaign would end before it starts.")
        }
        if let budget = draft.budget {
            guard budget.amount != nil || budget.redemptions != nil else {
                throw PerksError.invalid(
                    "/budget", "empty", "A budget needs an amount with a currency, redemptions, or both.")
            }
            guard (budget.amount == nil) == (budget.currency == nil) else {
                throw PerksError.invalid(
                    "/budget", "incomplete", "An amount needs a currency, and a currency an amount.")
            }
        }
        if let disclosure = draft.disclosure, Disclosure.isRefused(disclosure) {
            throw PerksError.invalid(
                "/disclosure", "unclear_disclosure",
                "\(disclosure) does not tell readers that this is advertising. Use #ad, or say so in words.")
        }
    }

    private static func setVenues(
        _ names: [String], of campaign: ID<Campaign>, as principal: Principal, in connection: isolated Connection
    ) throws {
        let brand = try principal.requiredBrand()
        let venues = try names.enumerated().map { index, name in
            do {
                guard let reference = Reference<Venue>(name) else { throw Venue.notFound() }
                return try Venue.find(reference, as: principal, in: connection).id.uuid
            } catch let error as PerksError where error.code == .venueNotFound {
                throw Venue.notFound(at: "/venues/\(index)")
            }
        }
        try connection.execute(
            """
            delete from campaign_venue
            where brand_id = \(brand.id) and campaign_id = \(campaign) and venue_id <> all (\(venues))
            """)
        try connection.execute(
            """
            insert into campaign_venue (brand_id, campaign_id, venue_id)
            select \(brand.id), \(campaign), v from unnest(\(venues)) v
            on conflict on constraint campaign_venue_pkey do nothing
            """)
    }

    /// Sets what is left of the budget to what is promised less what is used; never below nothing.
    private func setBudgetCounter(as principal: Principal, in connection: isolated Connection) throws {
        let brand = try principal.requiredBrand()
        guard let budget else {
            try connection.execute(
                "delete from campaign_budget where brand_id = \(brand.id) and campaign_id = \(id)")
            return
        }
        let used = try connection.query(
            """
            select count(*) as redemptions, coalesce(sum(cost), 0)::bigint as amount from claim
            where brand_id = \(brand.id) and campaign_id = \(id) and status in ('held', 'redeemed')
            """)[0]
        let amount = try budget.amount.map { $0 - (try used["amount"] as Int) }
        let redemptions = try budget.redemptions.map { $0 - (try used["redemptions"] as Int) }
        guard amount ?? 0 >= 0, redemptions ?? 0 >= 0 else {
            throw PerksError(
                .stockBelowUsed, "The budget is below what has already been handed out.",
                violations: [.init("/budget", "stock_below_used", "Below what is used.")])
        }
        try connection.execute(
            """
            insert into campaign_budget (brand_id, campaign_id, remaining_amount, remaining_redemptions)
            values (\(brand.id), \(id), \(amount), \(redemptions))
            on conflict on constraint campaign_budget_pkey do update
            set remaining_amount = excluded.remaining_amount, remaining_redemptions = excluded.remaining_redemptions
            """)
    }
}

/// What a share's text says about being advertising.
enum Disclosure {
    /// Words that the FTC's endorsement guides name as too vague for readers.
    private static let refused: Set<String> = [
        "#spon", "spon", "#sp", "sp", "#collab", "collab", "#ambassador", "#partner", "#thanks", "#thankyou",
    ]

    /// Whether a text has one of them, in whatever case and beside whatever else.
    static func isRefused(_ text: String) -> Bool {
        let words = text.lowercased().split { !$0.isLetter && !$0.isNumber && $0 != "#" }
        return words.contains { refused.contains(String($0)) }
    }
}
