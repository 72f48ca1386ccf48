import Eligibility
import Foundation
import Postgres

/// Something a brand hands to a guest, within a campaign.
package struct Perk: Codable, Sendable, Noun {
    package static let noun = "perk"

    package let id: ID<Perk>
    /// The slug of its campaign.
    package let campaign: String
    package var slug: String
    package var name: String
    package var benefit: Benefit
    package var rule: Rule?
    package var ruleText: String?
    /// How many there are in all; nil is uncapped.
    package var stock: Int?
    /// How many are left; nil is uncapped.
    package var remaining: Int?
    package var perGuest: Allowance
    /// Of the perks of one group a guest gets one.
    package var group: String?
    /// Of a group, 1 is the best.
    package var rank: Int?
    package var holdMinutes: Int
    package var availability: [Hours]?
    /// What one costs the brand, in minor units of the budget's currency.
    package var cost: Int
    package var revision: Int

    let campaignID: ID<Campaign>

    private enum CodingKeys: String, CodingKey {
        case id, campaign, slug, name, benefit, rule, stock, remaining, group, rank, availability, cost, revision
        case ruleText = "rule_text"
        case perGuest = "per_guest"
        case holdMinutes = "hold_minutes"
        case campaignID = "campaign_id"
    }

    /// How many of a perk one guest may have in a period.
    package struct Allowance: Codable, Hashable, Sendable {
        package var limit: Int
        package var period: Period

        package init(limit: Int, period: Period) {
            self.limit = limit
            self.period = period
        }

        static let standard = Allowance(limit: 1, period: .campaign)
    }

    /// What a guest's allowance is counted over, by the local calendar of the redeeming venue.
    package enum Period: String, Codable, CaseIterable, Sendable {
        case campaign, day, week, month

        /// The first day of the period that a date lies in; weeks begin on Monday.
        func start(for date: LocalDate) -> LocalDate {
            switch self {
            case .campaign: LocalDate(year: 1, month: 1, day: 1) ?? date
            case .day: date
            case .week: date.adding(days: -date.weekday.rawValue)
            case .month: LocalDate(year: date.year, month: date.month, day: 1) ?? date
            }
        }
    }

    /// What creates or changes a perk.
    package struct Draft: Codable, Sendable {
        package var slug: String
        package var name: String
        package var benefit: Benefit
        package var rule: JSONValue?
        package var ruleText: String?
        package var stock: Int?
        package var perGuest: Allowance?
        package var group: String?
        package var rank: Int?
        package var holdMinutes: Int?
        package var availability: [Hours]?
        package var cost: Int?

        package init(slug: String, name: String, benefit: Benefit) {
            self.slug = slug
            self.name = name
            self.benefit = benefit
        }

        private enum CodingKeys: String, CodingKey {
            case slug, name, benefit, rule, stock, group, rank, availability, cost
            case ruleText = "rule_text"
            case perGuest = "per_guest"
            case holdMinutes = "hold_minutes"
        }
    }
}

extension Perk.Draft: Described {
    package static let schemaName = "PerkDraft"
    package static let schema = JSONSchema.object(Perk.shared)
}

extension Perk: Described {
    package static let schemaName = "Perk"
    package static let schema = JSONSchema.object(
        [
            .required("id", .id(of: Perk.self)),
            .required("campaign", .slug),
            .required("campaign_id", .id(of: Campaign.self)),
            .optional("remaining", .integer(0...Int.max), "How many are left; absent if uncapped."),
            .required("revision", .integer(1...Int.max)),
        ] + shared)

    fileprivate static let shared: [JSONSchema.Property] = [
        .required("slug", .slug, "The name in URLs; unique in the brand."),
        .required("name", .name),
        .required("benefit", Benefit.reference),
        .optional("rule", .rule, "Who qualifies, beside the campaign's own rule, as a tree."),
        .optional("rule_text", .string(1...100_000), "Who qualifies, as text."),
        .optional("stock", .integer(0...1_000_000_000), "How many there are in all; uncapped, if left out."),
        .optional(
            "per_guest",
            .object([
                .required("limit", .integer(1...1000)), .required("period", .word(Period.allCases.map(\.rawValue))),
            ]), "One a campaign, if left out."),
        .optional("group", .slug, "Of the perks of one group a guest gets one."),
        .optional("rank", .integer(1...1000), "Of a group, 1 is the best."),
        .optional("hold_minutes", .integer(1...10_080), "How long a hold lasts; 15, if left out."),
        .optional("availability", .array(of: Hours.schema, 1...21), "When it may be redeemed, by the venue's clocks."),
        .optional("cost", .integer(0...1_000_000_000_000), "What one costs the brand, in minor units."),
    ]

    package var draft: Draft {
        var draft = Draft(slug: slug, name: name, benefit: benefit)
        draft.rule = rule.flatMap { try? JSONValue(of: $0) }
        draft.stock = stock
        draft.perGuest = perGuest
        draft.group = group
        draft.rank = rank
        draft.holdMinutes = holdMinutes
        draft.availability = availability
        draft.cost = cost
        return draft
    }
}

/// Hours of the week at which a perk may be redeemed, by the venue's clocks.
package struct Hours: Codable, Hashable, Sendable {
    /// All days, if left out.
    package var days: [String]?
    /// `HH:MM`.
    package var from: String
    /// `HH:MM`, the first minute that is outside; at or before `from`, it is the next day's.
    package var to: String

    package init(days: [String]? = nil, from: String, to: String) {
        self.days = days
        self.from = from
        self.to = to
    }

    static let schema = JSONSchema.object([
        .optional("days", .array(of: .word(Weekday.allCases.map(\.text)), 1...7), "All days, if left out."),
        .required("from", clock), .required("to", clock),
    ])

    private static let clock = JSONSchema.string(
        5...5,
        .init(expression: "^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$", format: nil, meaning: "a time of day, as HH:MM") {
            minute($0) != nil
        })

    private static func minute(_ text: String) -> Int? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        let isDigits = { (part: Substring) in part.utf8.allSatisfy((UInt8(ascii: "0")...UInt8(ascii: "9")).contains) }
        guard parts.count == 2, parts.allSatisfy({ $0.utf8.count == 2 && isDigits($0) }), let hour = Int(parts[0]),
            let minute = Int(parts[1]), (0..<60).contains(minute), (0...1440).contains(hour * 60 + minute)
        else { return nil }
        return hour * 60 + minute
    }

    /// Whether a minute of the week lies within; hours that pass midnight belong to the day they begin on.
    func contain(_ local: Facts.Local) -> Bool {
        guard let from = Hours.minute(from), let to = Hours.minute(to) else { return false }
        let days = days ?? Weekday.allCases.map(\.text)
        let yesterday = local.date.adding(days: -1).weekday
        if from < to {
            return days.contains(local.weekday.text) && (from..<to).contains(local.minute)
        }
        return days.contains(local.weekday.text) && local.minute >= from
            || days.contains(yesterday.text) && local.minute < to
    }
}
