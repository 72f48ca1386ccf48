import Eligibility
import Foundation
import Postgres

/// A guest stands at the desk: what they may have, and why not the rest.
package struct CheckIn: Codable, Sendable, Noun {
    package static let noun = "check_in"

    /// Nil for an eligibility check, which is recorded nowhere.
    package var id: ID<CheckIn>?
    package let at: Timestamp
    /// The venue's slug.
    package let venue: String
    package var guest: Person
    package var perks: [Offer]
    /// Of each group the best, and every qualified perk without a group.
    package let best: [ID<Perk>]
    /// Why there are no perks, for a guest who is not known.
    package let reason: String?
    /// What is kept beside the answer; no part of what the desk is told.
    var record: Record?

    /// What the decisions were made from, and the perks that nothing was said of.
    struct Record: Codable, Sendable {
        let facts: DecisionFacts
        /// Those of them whose age gate this guest is below.
        let hidden: [PerkSummary]
    }

    /// The guest, as far as the desk is told.
    package struct Person: Codable, Sendable {
        package let id: ID<Guest>?
        package let known: Bool
        package let age: Age
    }

    /// How sure a guest's age is.
    package enum Age: String, Codable, CaseIterable, Sendable {
        /// This brand saw an ID.
        case verified
        case stated
        case unknown
        /// Under 18.
        case minor
    }

    /// One perk, and whether this guest may have it.
    package struct Offer: Codable, Sendable {
        package let perk: PerkSummary
        package let campaign: CampaignSummary
        package let outcome: Outcome
        package var reasons: [DecisionReason]
        package let nearest: String?
        package let remaining: Int?
        package let conditions: [Condition]
        /// The revisions of the perk and of its campaign that were decided by.
        package let ruleRevision: Int
        package let campaignRevision: Int

        private enum CodingKeys: String, CodingKey {
            case perk, campaign, outcome, reasons, nearest, remaining, conditions
            case ruleRevision = "rule_revision"
            case campaignRevision = "campaign_revision"
        }
    }

    package enum Outcome: String, Codable, CaseIterable, Sendable {
        case qualified
        case notQualified = "not_qualified"
        /// Qualified, but sold out, outside its hours or used up: the reason's code says which.
        case unavailable
    }

    /// A leaf of a rule and what became of it.
    package struct Condition: Codable, Hashable, Sendable {
        package let text: String
        package let result: String

        init(_ condition: Verdict.Condition) {
            text = condition.text
            result = condition.result.rawValue
        }

        static let schema = JSONSchema.object([
            .required("text", .string()), .required("result", .word(["true", "false", "unknown"])),
        ])
    }

    /// Who checks in, and where.
    package struct Draft: Codable, Sendable {
        /// A reference to the guest.
        package var guest: String
        /// Id or slug; a bound clerk's own, if left out.
        package var venue: String?
        /// What a clerk read on an ID; kept as this brand's own verified date.
        package var birthDateOnID: LocalDate?

        package init(guest: String, venue: String?, birthDateOnID: LocalDate? = nil) {
            self.guest = guest
            self.venue = venue
            self.birthDateOnID = birthDateOnID
        }

        private enum CodingKeys: String, CodingKey {
            case guest, venue
            case birthDateOnID = "birth_date_on_id"
        }
    }
}

/// A perk in an answer about something else.
package struct PerkSummary: Codable, Hashable, Sendable {
    package let id: ID<Perk>
    package let slug: String
    package let name: String
    package let benefit: Benefit

    init(_ perk: Perk) {
        (id, slug, name, benefit) = (perk.id, perk.slug, perk.name, perk.benefit)
    }

    static let schema = JSONSchema.object([
        .required("id", .id(of: Perk.self)), .required("slug", .slug), .required("name", .name),
        .required("benefit", Benefit.reference),
    ])
}

/// A campaign in an answer about something else.
package struct CampaignSummary: Codable, Hashable, Sendable {
    package let id: ID<Campaign>
    package let slug: String

    init(id: ID<Campaign>, slug: String) {
        self.id = id
        self.slug = slug
    }

    init(_ campaign: Campaign) {
        self.init(id: campaign.id, slug: campaign.slug)
    }

    static let schema = JSONSchema.object([.required("id", .id(of: Campaign.self)), .required("slug", .slug)])
}

extension CheckIn.Draft: Described {
    package static let schemaName = "CheckInDraft"
    package static let schema = JSONSchema.object([
        .required("guest", .string(1...300), "twitter:ana_w, member:<number> or guest_01k…"),
        .optional("venue", .string(1...90), "Id or slug; a bound clerk's own, if left out."),
        .optional("birth_date_on_id", .date, "What a clerk read on an ID."),
    ])
}

extension CheckIn: Described {
    package static let schemaName = "CheckIn"
    package static let schema = JSONSchema.object(
        [.required("id", .id(of: CheckIn.self))] + decided)

    /// What a check-in and an eligibility check have in common.
    static let decided: [JSONSchema.Property] = [
        .required("at", .timestamp),
        .required("venue", .slug),
        .required(
            "guest",
            .object([
                .optional("id", .id(of: Guest.self)), .required("known", .boolean),
                .required("age", .word(Age.allCases.map(\.rawValue))),
            ])),
        .required(
            "perks",
            .array(
                of: .object([
                    .required("perk", PerkSummary.schema),
                    .required("campaign", CampaignSummary.schema),
                    .required("outcome", .word(Outcome.allCases.map(\.rawValue))),
                    .required("reasons", .array(of: DecisionReason.schema)),
                    .optional("nearest", .string(), "The smallest change that would qualify."),
                    .optional("remaining", .integer(0...Int.max)),
                    .required("conditions", .array(of: Condition.schema)),
                    .required("rule_revision", .integer(1...Int.max), "The perk's revision that was decided by."),
                    .required("campaign_revision", .integer(1...Int.max)),
                ]), 0...10_000)),
        .required("best", .array(of: .id(of: Perk.self), 0...10_000)),
        .optional("reason", .word(["guest_unknown"])),
    ]
}

extension CheckIn {
    init(_ decisions: Decisions, _ guest: GuestFacts?, at venue: Venue, at now: Timestamp) {
        at = now
        self.venue = venue.slug
        self.guest = Person(
            id: guest?.guest, known: guest != nil, age: guest?.age(on: venue.zone.local(now).date) ?? .unknown)
        perks = decisions.shown.map(Offer.init)
        best = decisions.best
        reason = guest == nil ? "guest_unknown" : nil
    }

    /// The same without the guest, of whom nothing is to be kept.
    var withoutGuest: CheckIn {
        var checkIn = self
        checkIn.guest = Person(id: nil, known: false, age: .minor)
        return checkIn
    }

    /// The answer as this principal may see it.
    func shown(to principal: Principal) -> CheckIn {
        var checkIn = self
        checkIn.record = nil
        guard !principal.seesNumbers else { return checkIn }
        for index in checkIn.perks.indices {
            checkIn.perks[index].reasons = checkIn.perks[index].reasons.map(\.withoutNumbers)
        }
        return checkIn
    }

    /// Finds a check-in of the principal's brand.
    package static func find(
        _ id: ID<CheckIn>, as principal: Principal, in connection: isolated Connection
    ) throws -> CheckIn {
        try stored(id, as: principal, in: connection).shown(to: principal)
    }

    /// A check-in with all that was kept of it; throws `check_in_not_found`.
    static func stored(
        _ id: ID<CheckIn>, as principal: Principal, in connection: isolated Connection
    ) throws -> CheckIn {
        let row = try connection.query(
            """
            select decision from check_in
            where brand_id = \(principal.requiredBrand().id) and id = \(id)
                and (\(principal.venue)::uuid is null or venue_id = \(principal.venue))
            """
        ).first
        guard let row else { throw notFound() }
        return try (row["decision"] as JSONValue).decode()
    }

    /// The brand's check-ins, newest first; those of one guest or venue if named.
    package static func list(
        _ page: PageRequest, guest: String? = nil, venue: Reference<Venue>? = nil, as principal: Principal,
        in connection: isolated Connection
    ) throws -> Page<CheckIn> {
        let brand = try principal.requiredBrand()
        var filter: Query = page.after == .zero ? "true" : "c.id < \(page.after)"
        if let guest {
            let condition = try Guest.condition(GuestReference(guest, at: "guest"), as: principal)
            filter =
                "\(fragment: filter) and c.guest_id = (select g.guest_id from guest g where \(fragment: condition))"
        }
        let place = try venue.map { try Venue.find($0, as: principal, in: connection).id } ?? principal.venue
        guard principal.venue == nil || place == principal.venue else {
            throw PerksError(.forbidden, "This key is bound to another venue.")
        }
        if let place { filter = "\(fragment: filter) and c.venue_id = \(place)" }
        let rows = try connection.query(
            """
            select c.decision from check_in c
            where c.brand_id = \(brand.id) and \(fragment: filter) order by c.id desc limit \(page.rows)
            """)
        let checkIns = try rows.map { row in
            try (row["decision"] as JSONValue).decode(as: CheckIn.self).shown(to: principal)
        }
        return Page(checkIns, for: page) { $0.id?.uuid ?? .zero }
    }

    static func notFound(at pointer: String? = nil) -> PerksError {
        let detail = "There is no such check-in of this guest in this brand."
        return PerksError(
            .checkInNotFound, detail, violations: pointer.map { [.init($0, "check_in_not_found", detail)] } ?? [])
    }
}

extension CheckIn.Offer {
    fileprivate init(_ decision: PerkDecision) {
        perk = PerkSummary(decision.perk)
        campaign = CampaignSummary(decision.campaign)
        outcome =
            switch decision.outcome {
            case .qualified: .qualified
            case .notQualified, .hidden: .notQualified
            case .unavailable: .unavailable
            }
        reasons = decision.reasons
        nearest = decision.nearest
        remaining = decision.remaining
        conditions = decision.verdict.conditions.map(CheckIn.Condition.init)
        ruleRevision = decision.perk.revision
        campaignRevision = decision.campaign.revision
    }
}
