import Eligibility
import Foundation
import Postgres

extension CheckIn {
    /// Why a check-in was answered as it was: the facts of that moment and the rules as they stood.
    package struct Explanation: Codable, Sendable {
        package let checkIn: CheckIn
        /// Nil for a guest who was not known, and for one who has been forgotten since.
        package let facts: DecisionFacts?
        /// The perks that nothing was said of, because the guest was below their age gate.
        package let hidden: [PerkSummary]
        package let rules: [RuleAtRevision]

        private enum CodingKeys: String, CodingKey {
            case facts, hidden, rules
            case checkIn = "check_in"
        }
    }

    /// The rules that a perk was decided by, as they stood then.
    package struct RuleAtRevision: Codable, Sendable {
        /// The perk's slug at that revision.
        package let perk: String
        package let revision: Int
        package let ruleText: String?
        package let campaignRevision: Int
        package let campaignRuleText: String?

        private enum CodingKeys: String, CodingKey {
            case perk, revision
            case ruleText = "rule_text"
            case campaignRevision = "campaign_revision"
            case campaignRuleText = "campaign_rule_text"
        }
    }

    /// Explains a check-in of the principal's brand; throws `check_in_not_found`.
    package static func explain(
        _ id: ID<CheckIn>, as principal: Principal, in connection: isolated Connection
    ) throws -> Explanation {
        let checkIn = try stored(id, as: principal, in: connection)
        let rules = try checkIn.perks.map { offer in
            let perk = try Revision.find(offer.ruleRevision, of: offer.perk.id.uuid, as: principal, in: connection)
            let campaign = try Revision.find(
                offer.campaignRevision, of: offer.campaign.id.uuid, as: principal, in: connection)
            return RuleAtRevision(
                perk: offer.perk.slug, revision: offer.ruleRevision, ruleText: perk.ruleText,
                campaignRevision: offer.campaignRevision, campaignRuleText: campaign.ruleText)
        }
        return Explanation(
            checkIn: checkIn.shown(to: principal), facts: checkIn.record?.facts, hidden: checkIn.record?.hidden ?? [],
            rules: rules)
    }
}

extension CheckIn.Explanation: Described {
    package static let schemaName = "CheckInExplanation"
    package static let schema = JSONSchema.object([
        .required("check_in", CheckIn.reference),
        .optional("facts", DecisionFacts.schema, "Absent for a guest who was not known, or was forgotten since."),
        .required(
            "hidden", .array(of: PerkSummary.schema, 0...10_000),
            "The perks that nothing was said of, because the guest was below their age gate."),
        .required(
            "rules",
            .array(
                of: .object([
                    .required("perk", .slug), .required("revision", .integer(1...Int.max)),
                    .optional("rule_text", .string(1...100_000)),
                    .required("campaign_revision", .integer(1...Int.max)),
                    .optional("campaign_rule_text", .string(1...100_000)),
                ]), 0...10_000), "The rules as they stood then."),
    ])
}

/// What a campaign or a perk said from one change to the next.
package struct Revision: Codable, Sendable {
    package let revision: Int
    package let at: Timestamp
    /// Who made the change.
    package let actor: String
    /// What a caller could have sent to make it so.
    package let content: JSONValue
}

extension Revision: Described {
    package static let schemaName = "Revision"
    package static let schema = JSONSchema.object([
        .required("revision", .integer(1...Int.max)), .required("at", .timestamp),
        .required("actor", .string(), "Who made the change."), .required("content", .map(of: .anything)),
    ])

    /// The rule of this revision in its text form; nil when there was none.
    package var ruleText: String? {
        (try? content["rule"]?.decode(as: Rule.self))?.text
    }

    private init(_ row: Row) throws {
        revision = try row["revision"]
        at = try row["at"]
        actor = try row["actor"]
        content = try row["content"]
    }

    /// The revisions of a campaign or a perk, oldest first.
    package static func list<Kind: Editable>(
        _ page: PageRequest, of reference: Reference<Kind>, as principal: Principal, in connection: isolated Connection
    ) throws -> Page<Revision> {
        let object = try Kind.find(reference, forUpdate: false, as: principal, in: connection)
        // A revision is a small number; it travels in the low half of a UUID, as every cursor does.
        let rows = try connection.query(
            """
            select revision, at, actor, content from revision
            where brand_id = \(principal.requiredBrand().id) and object_id = \(object.id)
                and revision > \(Int(truncatingIfNeeded: page.after.bits))
            order by revision limit \(page.rows)
            """)
        return Page(try rows.map(Revision.init), for: page) { UUID(bits: UInt128($0.revision)) }
    }

    fileprivate static func find(
        _ revision: Int, of object: UUID, as principal: Principal, in connection: isolated Connection
    ) throws -> Revision {
        let row = try connection.query(
            """
            select revision, at, actor, content from revision
            where brand_id = \(principal.requiredBrand().id) and object_id = \(object) and revision = \(revision)
            """
        ).first
        guard let row else { throw PerksError(.internal, "The revision \(revision) that a decision names is gone.") }
        return try Revision(row)
    }
}
