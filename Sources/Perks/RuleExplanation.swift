import Eligibility
import Foundation
import Postgres

/// A rule in all its forms, and the limits that stand beside it.
package struct RuleExplanation: Codable, Sendable {
    package let text: String
    package let rule: JSONValue
    /// The tree, one node a line, indented by its depth.
    package let tree: [String]
    /// The statement that an audience is counted by; `$1`, `$2` … stand for values.
    package let sql: String
    /// What else a redemption is counted against; empty for a rule that is not a perk's.
    package let limits: [String]

    /// Explains a rule as it stands.
    package init(
        _ draft: Audience.Draft, as principal: Principal, at now: Timestamp, in connection: isolated Connection
    ) throws {
        guard let rule = try RuleInput(tree: draft.rule, text: draft.ruleText).rule(in: connection) else {
            throw PerksError.invalid("/rule", "missing", "rule or rule_text is required.")
        }
        try self.init(rule, limits: [], as: principal, at: draft.at ?? now)
    }

    /// Explains what a guest is measured by for a perk: its campaign's rule and its own, and every limit beside them.
    package init(
        of perk: Reference<Perk>, as principal: Principal, at now: Timestamp, in connection: isolated Connection
    ) throws {
        let perk = try Perk.find(perk, as: principal, in: connection)
        let campaign = try Campaign.find(.id(perk.campaignID), as: principal, in: connection)
        let rules = [campaign.rule, perk.rule].compactMap { $0 }
        var limits = [
            "the age gate: 18, the brand's own minimum age, or what the law of the venue demands for \(campaign.category.rawValue)"
        ]
        limits.append("per guest: \(perk.perGuest.limit) a \(perk.perGuest.period.rawValue)")
        if let stock = perk.stock { limits.append("stock: \(stock), of which \(perk.remaining ?? stock) are left") }
        if let group = perk.group { limits.append("group \(group): one of its perks a guest") }
        if let amount = campaign.budget?.amount, let currency = campaign.budget?.currency {
            limits.append("the campaign's budget: \(amount) \(currency) in minor units, \(perk.cost) each")
        }
        if let redemptions = campaign.budget?.redemptions {
            limits.append("the campaign's budget: \(redemptions) redemptions")
        }
        try self.init(Rule.all(rules).flattened(), limits: limits, as: principal, at: now)
    }

    private init(_ rule: Rule, limits: [String], as principal: Principal, at now: Timestamp) throws {
        let brand = try principal.requiredBrand()
        let query = RuleQuery(rule, .init(brand: brand.id, now: now, local: brand.zone.local(now)))
        text = rule.text
        self.rule = try JSONValue(of: rule)
        tree = RuleExplanation.lines(rule, depth: 0)
        let statement: Query = """
            select count(*)
            from (
                select \(fragment: query.columns)
                from \(fragment: query.guests)
                where g.opted_out_at is null
            ) guests
            where \(fragment: query.condition())
            """
        sql = statement.sql
        self.limits = limits
    }

    private static func lines(_ rule: Rule, depth: Int) -> [String] {
        let indent = String(repeating: "  ", count: depth)
        return switch rule {
        case .leaf(let leaf): [indent + leaf.text]
        case .not(let rule): [indent + "not"] + lines(rule, depth: depth + 1)
        case .all(let rules): [indent + "all of"] + rules.flatMap { lines($0, depth: depth + 1) }
        case .any(let rules): [indent + "any of"] + rules.flatMap { lines($0, depth: depth + 1) }
        }
    }
}
