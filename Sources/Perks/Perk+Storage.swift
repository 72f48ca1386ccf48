import Eligibility
import Foundation
import Postgres

extension Perk: Editable {
    static let columns: Query = """
        p.id, p.campaign_id, c.slug as campaign, p.slug, p.name, p.benefit, p.rule, p.stock, s.remaining,
        p.per_guest_limit, p.per_guest_period, p.perk_group, p.rank, p.hold_minutes, p.availability, p.cost, p.revision
        """
    static let tables: Query = """
        perk p
        join campaign c on c.brand_id = p.brand_id and c.id = p.campaign_id
        left join perk_stock s on s.brand_id = p.brand_id and s.perk_id = p.id
        """

    init(_ row: Row) throws {
        id = try row["id"]
        campaignID = try row["campaign_id"]
        campaign = try row["campaign"]
        slug = try row["slug"]
        name = try row["name"]
        benefit = try (row["benefit"] as JSONValue).decode()
        rule = try Rule.stored(try row["rule"])
        ruleText = rule?.text
        stock = try row["stock"]
        remaining = try row["remaining"]
        perGuest = Allowance(
            limit: try row["per_guest_limit"], period: Period(rawValue: try row["per_guest_period"]) ?? .campaign)
        group = try row["perk_group"]
        rank = try row["rank"]
        holdMinutes = try row["hold_minutes"]
        availability = try (row["availability"] as JSONValue?)?.decode()
        cost = try row["cost"]
        revision = try row["revision"]
    }

    /// Creates a perk of a campaign.
    package static func create(
        _ draft: Draft, in campaign: Reference<Campaign>, as principal: Principal, at now: Timestamp,
        in connection: isolated Connection
    ) throws -> Perk {
        let brand = try principal.requiredBrand()
        let campaign = try Campaign.find(campaign, forUpdate: true, as: principal, in: connection)
        guard campaign.status != .ended else {
            throw PerksError(.invalidTransition, "The campaign has ended; add the perk to one that has not.")
        }
        let rule = try RuleInput(tree: draft.rule, text: draft.ruleText).rule(in: connection)
        let id = ID<Perk>(at: now)
        let allowance = draft.perGuest ?? .standard
        try unlessSlugTaken(draft.slug) {
            try connection.execute(
                """
                insert into perk (
                    brand_id, id, campaign_id, slug, name, benefit, rule, stock, per_guest_limit, per_guest_period,
                    perk_group, rank, hold_minutes, availability, cost, revision, created_at)
                values (\(brand.id), \(id), \(campaign.id), \(draft.slug), \(draft.name),
                        \(try JSON.text(of: draft.benefit)), \(try rule.map { try JSON.text(of: $0) }), \(draft.stock),
                        \(allowance.limit), \(allowance.period.rawValue), \(draft.group), \(draft.rank),
                        \(draft.holdMinutes ?? 15), \(try draft.availability.map { try JSON.text(of: $0) }),
                        \(draft.cost ?? 0), 1, \(now))
                """)
        }
        try setStock(draft.stock, of: id, as: principal, in: connection)
        let perk = try find(.id(id), as: principal, in: connection)
        try perk.record(perk.revision, by: "perk.create", as: principal, at: now, in: connection)
        return perk
    }

    package static func find(
        _ reference: Reference<Perk>, forUpdate: Bool = false, as principal: Principal,
        in connection: isolated Connection
    ) throws -> Perk {
        let brand = try principal.requiredBrand()
        if forUpdate { try Catalogue.lockForChange(of: brand.id, in: connection) }
        let row = try connection.query(
            """
            select \(fragment: columns) from \(fragment: tables)
            where p.brand_id = \(brand.id) and \(fragment: reference.condition(on: "p"))
            """
        ).first
        guard let perk = try row.map(Perk.init) else { throw notFound() }
        return perk
    }

    /// The brand's perks, or those of one campaign, oldest first.
    package static func list(
        _ page: PageRequest, of campaign: Reference<Campaign>? = nil, as principal: Principal,
        in connection: isolated Connection
    ) throws -> Page<Perk> {
        let brand = try principal.requiredBrand()
        let campaign = try campaign.map { try Campaign.find($0, as: principal, in: connection) }
        let filter: Query = campaign.map { "p.campaign_id = \($0.id)" } ?? "true"
        let rows = try connection.query(
            """
            select \(fragment: columns) from \(fragment: tables)
            where p.brand_id = \(brand.id) and p.id > \(page.after) and \(fragment: filter)
                and \(fragment: Campaign.visible(to: principal))
            order by p.id limit \(page.rows)
            """)
        return Page(try rows.map(Perk.init), for: page) { $0.id.uuid }
    }

    package func replacing(
        with draft: Draft, as principal: Principal, at now: Timestamp, in connection: isolated Connection
    ) throws -> Perk {
        let brand = try principal.requiredBrand()
        let rule = try RuleInput(tree: draft.rule, text: draft.ruleText).rule(in: connection)
        let allowance = draft.perGuest ?? .standard
        try Self.unlessSlugTaken(draft.slug) {
            try connection.execute(
                """
                update perk
                set slug = \(draft.slug), name = \(draft.name), benefit = \(try JSON.text(of: draft.benefit)),
                    rule = \(try rule.map { try JSON.text(of: $0) }), stock = \(draft.stock),
                    per_guest_limit = \(allowance.limit), per_guest_period = \(allowance.period.rawValue),
                    perk_group = \(draft.group), rank = \(draft.rank), hold_minutes = \(draft.holdMinutes ?? 15),
                    availability = \(try draft.availability.map { try JSON.text(of: $0) }), cost = \(draft.cost ?? 0),
                    revision = revision + 1
                where brand_id = \(brand.id) and id = \(id)
                """)
        }
        if draft.stock != stock { try Self.setStock(draft.stock, of: id, as: principal, in: connection) }
        let perk = try Self.find(.id(id), as: principal, in: connection)
        try perk.record(perk.revision, by: "perk.update", as: principal, at: now, in: connection)
        return perk
    }

    /// That there is no such perk; with a pointer where it was named in a body.
    static func notFound(at pointer: String? = nil) -> PerksError {
        let detail = "There is no such perk in this brand. `GET /v1/perks` or `perks perk list` shows them."
        return PerksError(
            .perkNotFound, detail, violations: pointer.map { [.init($0, "perk_not_found", detail)] } ?? [])
    }

    /// Sets the counter to the stock less what is used; throws `stock_below_used` rather than taking perks back.
    ///
    /// Whoever calls it holds the catalogue for change, so that no redemption is under way while it counts.
    private static func setStock(
        _ stock: Int?, of perk: ID<Perk>, as principal: Principal, in connection: isolated Connection
    ) throws {
        let brand = try principal.requiredBrand()
        guard let stock else {
            try connection.execute("delete from perk_stock where brand_id = \(brand.id) and perk_id = \(perk)")
            return
        }
        let used: Int = try connection.query(
            """
            select count(*) as used from claim
            where brand_id = \(brand.id) and perk_id = \(perk) and status in ('held', 'redeemed')
            """)[0]["used"]
        guard stock >= used else {
            throw PerksError(
                .stockBelowUsed, "\(used) are already handed out; the stock cannot be lower.",
                violations: [.init("/stock", "stock_below_used", "Must be at least \(used).")])
        }
        try connection.execute(
            """
            insert into perk_stock (brand_id, perk_id, remaining) values (\(brand.id), \(perk), \(stock - used))
            on conflict on constraint perk_stock_pkey do update set remaining = excluded.remaining
            """)
    }
}
