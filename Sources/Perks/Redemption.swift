import Eligibility
import Foundation
import Postgres

/// A perk handed to a guest, once.
package struct Redemption: Codable, Sendable, Noun {
    package static let noun = "redemption"

    package let id: ID<Redemption>
    package var status: Status
    package let perk: PerkSummary
    package let campaign: CampaignSummary
    package let guest: Person
    /// The venue's slug.
    package let venue: String
    package let checkIn: ID<CheckIn>?
    /// The hold that it confirmed.
    package let hold: ID<Hold>?
    /// The share that the guest came through.
    package let share: ID<Share>?
    /// The code that the guest was given, where the perk hands out codes.
    package var code: String?
    package let benefit: Benefit
    /// In minor units.
    package let cost: Int
    package let order: Order?
    package let redeemedAt: Timestamp
    package let decision: Decision
    package var reversedAt: Timestamp?
    package var reason: String?

    private enum CodingKeys: String, CodingKey {
        case id, status, perk, campaign, guest, venue, hold, share, code, benefit, cost, order, decision, reason
        case checkIn = "check_in"
        case redeemedAt = "redeemed_at"
        case reversedAt = "reversed_at"
    }

    package enum Status: String, Codable, CaseIterable, Sendable {
        case redeemed, reversed
    }

    /// The guest, by id alone.
    package struct Person: Codable, Sendable {
        package let id: ID<Guest>
    }

    /// The till's order that the perk was used on.
    package struct Order: Codable, Hashable, Sendable {
        package var reference: String
        /// In minor units of the currency.
        package var amount: Int?
        package var currency: String?

        package init(reference: String, amount: Int? = nil, currency: String? = nil) {
            self.reference = reference
            self.amount = amount
            self.currency = currency
        }

        static let schema = JSONSchema.object([
            .required("reference", .string(1...200)),
            .optional("amount", .integer(0...1_000_000_000_000), "In minor units of the currency."),
            .optional("currency", .currency),
        ])
    }

    /// What the redemption rests on.
    package struct Decision: Codable, Sendable {
        /// The revision of the perk, and with it of its rule.
        package let ruleRevision: Int
        package let campaignRevision: Int
        package let conditions: [CheckIn.Condition]

        private enum CodingKeys: String, CodingKey {
            case conditions
            case ruleRevision = "rule_revision"
            case campaignRevision = "campaign_revision"
        }

        static let schema = JSONSchema.object([
            .required("rule_revision", .integer(1...Int.max)),
            .required("campaign_revision", .integer(1...Int.max)),
            .required("conditions", .array(of: CheckIn.Condition.schema)),
        ])
    }

    /// Who gets what, and where.
    package struct Draft: Codable, Sendable {
        package var guest: String
        package var perk: String
        /// Id or slug; a bound clerk's own, if left out.
        package var venue: String?
        /// The check-in that led to it.
        package var checkIn: ID<CheckIn>?
        /// The hold that it confirms; the guest's own one of this perk, if left out and there is one.
        package var hold: ID<Hold>?
        /// The share that the guest came through, by id, token or link.
        package var share: String?
        package var order: Order?

        package init(
            guest: String, perk: String, venue: String?, checkIn: ID<CheckIn>? = nil, hold: ID<Hold>? = nil,
            share: String? = nil, order: Order? = nil
        ) {
            self.guest = guest
            self.perk = perk
            self.venue = venue
            self.checkIn = checkIn
            self.hold = hold
            self.share = share
            self.order = order
        }

        private enum CodingKeys: String, CodingKey {
            case guest, perk, venue, hold, share, order
            case checkIn = "check_in"
        }
    }

    /// Why it is taken back.
    package struct ReversalDraft: Codable, Sendable {
        package var reason: String

        package init(reason: String) {
            self.reason = reason
        }
    }
}

extension Redemption.Draft: Described {
    package static let schemaName = "RedemptionDraft"
    package static let schema = JSONSchema.object([
        .required("guest", .string(1...300), "twitter:ana_w, member:<number> or guest_01k…"),
        .required("perk", .string(1...90), "Id or slug."),
        .optional("venue", .string(1...90), "Id or slug; a bound clerk's own, if left out."),
        .optional("check_in", .id(of: CheckIn.self), "The check-in that led to it."),
        .optional("hold", .id(of: Hold.self), "The hold that it confirms; the guest's own, if left out."),
        .optional("share", .string(1...2000), "The share that the guest came through, by id, token or link."),
        .optional("order", Redemption.Order.schema, "The till's order that it was used on."),
    ])
}

extension Redemption.ReversalDraft: Described {
    package static let schemaName = "ReversalDraft"
    package static let schema = JSONSchema.object([.required("reason", .name)])
}

extension Redemption: Described {
    package static let schemaName = "Redemption"
    package static let schema = JSONSchema.object([
        .required("id", .id(of: Redemption.self)),
        .required("status", .word(Status.allCases.map(\.rawValue))),
        .required("perk", PerkSummary.schema),
        .required("campaign", CampaignSummary.schema),
        .required("guest", .object([.required("id", .id(of: Guest.self))])),
        .required("venue", .slug),
        .optional("check_in", .id(of: CheckIn.self)),
        .optional("hold", .id(of: Hold.self), "The hold that it confirmed."),
        .optional("share", .id(of: Share.self), "The share that the guest came through."),
        .optional("code", .string(), "The guest's code, where the perk hands out codes."),
        .required("benefit", Benefit.reference),
        .required("cost", .integer(0...Int.max), "In minor units."),
        .optional("order", Order.schema),
        .required("redeemed_at", .timestamp),
        .required("decision", Decision.schema, "What it rests on."),
        .optional("reversed_at", .timestamp),
        .optional("reason", .string(), "Why it was taken back."),
    ])
}
