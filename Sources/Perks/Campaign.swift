import Eligibility
import Foundation
import Postgres

/// A promise of a brand: who gets perks, where and when.
package struct Campaign: Codable, Sendable, Noun {
    package static let noun = "campaign"

    package let id: ID<Campaign>
    package var slug: String
    package var name: String
    package var category: Category
    package var status: Status
    package var startsAt: Boundary?
    package var endsAt: Boundary?
    /// The slugs of the venues it is limited to; empty means all.
    package var venues: [String]
    package var rule: Rule?
    package var ruleText: String?
    package var budget: Budget?
    package var requireID: Bool
    package var landingURL: String?
    package var disclosure: String
    package var revision: Int

    private enum CodingKeys: String, CodingKey {
        case id, slug, name, category, status, venues, rule, budget, disclosure, revision
        case startsAt = "starts_at"
        case endsAt = "ends_at"
        case ruleText = "rule_text"
        case requireID = "require_id"
        case landingURL = "landing_url"
    }

    /// What is marketed; all but general have an age of their own by law.
    package enum Category: String, Codable, CaseIterable, Sendable {
        case general, alcohol, gambling, tobacco, cannabis, adult
    }

    /// Where a campaign stands: draft → active ⇄ paused → ended.
    package enum Status: String, Codable, CaseIterable, Sendable {
        case draft, active, paused, ended

        /// Whether a campaign may go from this status to another.
        func canBecome(_ next: Status) -> Bool {
            switch (self, next) {
            case (.draft, .active), (.draft, .ended), (.active, .paused), (.active, .ended), (.paused, .active),
                (.paused, .ended):
                true
            default: false
            }
        }
    }

    /// The most that a campaign may hand out in all.
    package struct Budget: Codable, Hashable, Sendable {
        /// In minor units of the currency, such as cents.
        package var amount: Int?
        package var currency: String?
        package var redemptions: Int?

        package init(amount: Int? = nil, currency: String? = nil, redemptions: Int? = nil) {
            self.amount = amount
            self.currency = currency
            self.redemptions = redemptions
        }
    }

    /// What creates or changes a campaign.
    package struct Draft: Codable, Sendable {
        package var slug: String
        package var name: String
        package var category: Category?
        package var startsAt: Boundary?
        package var endsAt: Boundary?
        /// Ids or slugs.
        package var venues: [String]?
        package var rule: JSONValue?
        package var ruleText: String?
        package var budget: Budget?
        package var requireID: Bool?
        package var landingURL: String?
        package var disclosure: String?

        package init(slug: String, name: String) {
            self.slug = slug
            self.name = name
        }

        private enum CodingKeys: String, CodingKey {
            case slug, name, category, venues, rule, budget, disclosure
            case startsAt = "starts_at"
            case endsAt = "ends_at"
            case ruleText = "rule_text"
            case requireID = "require_id"
            case landingURL = "landing_url"
        }
    }
}

extension Campaign.Draft: Described {
    package static let schemaName = "CampaignDraft"
    package static let schema = JSONSchema.object(
        [
            .required("slug", .slug, "The name in URLs; unique in the brand."),
            .required("name", .name),
            .optional("category", .word(Campaign.Category.allCases.map(\.rawValue)), "general, if left out."),
            .optional("venues", .array(of: .string(1...90)), "Ids or slugs; empty or left out means all."),
        ] + Campaign.shared)
}

extension Campaign: Described {
    package static let schemaName = "Campaign"
    package static let schema = JSONSchema.object(
        [
            .required("id", .id(of: Campaign.self)),
            .required("slug", .slug),
            .required("name", .name),
            .required("category", .word(Category.allCases.map(\.rawValue))),
            .required("status", .word(Status.allCases.map(\.rawValue))),
            .required("venues", .array(of: .slug)),
        ] + shared + [.required("revision", .integer(1...Int.max))])

    fileprivate static let shared: [JSONSchema.Property] = [
        .optional("starts_at", Boundary.schema, "A moment, or a date that is read in each venue's zone."),
        .optional("ends_at", Boundary.schema, "A moment, or a date that is read in each venue's zone; inclusive."),
        .optional("rule", .rule, "Who qualifies, as a tree."),
        .optional("rule_text", .string(1...100_000), "Who qualifies, as text."),
        .optional(
            "budget",
            .object([
                .optional("amount", .integer(0...1_000_000_000_000), "In minor units of the currency."),
                .optional("currency", .currency),
                .optional("redemptions", .integer(0...1_000_000_000)),
            ]), "The most that may be handed out in all."),
        .optional("require_id", .boolean, "Whether only an age seen on an ID counts."),
        .optional("landing_url", .webAddress),
        .optional("disclosure", .string(1...100), "What a share's text begins with; #ad, if left out."),
    ]

    package var draft: Draft {
        var draft = Draft(slug: slug, name: name)
        draft.category = category
        draft.startsAt = startsAt
        draft.endsAt = endsAt
        draft.venues = venues
        draft.rule = rule.flatMap { try? JSONValue(of: $0) }
        draft.budget = budget
        draft.requireID = requireID
        draft.landingURL = landingURL
        draft.disclosure = disclosure
        return draft
    }
}

/// The beginning or end of a schedule: a moment, or a date that is read in the zone of each venue.
package enum Boundary: Hashable, Codable, Sendable {
    case date(LocalDate)
    case moment(Timestamp)

    static let schema = JSONSchema.any([.date, .timestamp])

    /// Reads a date or a moment; nil when the text is neither.
    package init?(_ text: String) {
        if let date = LocalDate(text) {
            self = .date(date)
        } else if let moment = Timestamp(rfc3339: text) {
            self = .moment(moment)
        } else {
            return nil
        }
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let boundary = Boundary(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "neither a date nor a time")
        }
        self = boundary
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .date(let date): try container.encode(date)
        case .moment(let moment): try container.encode(moment)
        }
    }

    init?(at moment: Timestamp?, on date: LocalDate?) {
        if let date { self = .date(date) } else if let moment { self = .moment(moment) } else { return nil }
    }

    var date: LocalDate? { if case .date(let date) = self { date } else { nil } }
    var moment: Timestamp? { if case .moment(let moment) = self { moment } else { nil } }
}

extension Campaign {
    /// Whether the schedule covers a moment at a venue, whose local date is given.
    func isScheduled(at now: Timestamp, on date: LocalDate) -> Bool {
        let hasBegun =
            switch startsAt {
            case .date(let first): date >= first
            case .moment(let first): now >= first
            case nil: true
            }
        let hasEnded =
            switch endsAt {
            case .date(let last): date > last
            case .moment(let last): now > last
            case nil: false
            }
        return hasBegun && !hasEnded
    }

    /// Whether guests may use it at a venue.
    func includes(_ venue: Venue) -> Bool {
        venues.isEmpty || venues.contains(venue.slug)
    }
}
