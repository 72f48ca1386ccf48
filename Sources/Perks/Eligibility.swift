import Eligibility
import Postgres

extension CheckIn {
    /// Says what a guest may have at a venue and moment, and records nothing.
    package static func check(
        _ draft: EligibilityDraft, as principal: Principal, at now: Timestamp, _ catalogues: Catalogues,
        in connection: isolated Connection
    ) throws -> CheckIn {
        guard draft.at == nil || principal.role != .clerk else {
            throw PerksError(.forbidden, "Only managers may ask about another moment. Leave `at` out.")
        }
        let now = draft.at ?? now
        let reference = try GuestReference(draft.guest, at: "/guest")
        let catalogue = try catalogues.current(of: principal, in: connection)
        let venue = try catalogue.venue(draft.venue, for: principal)
        let known = try Guest.find([reference], as: principal, in: connection)[0]
        let guest = try GuestFacts.load([known].compactMap { $0 }, catalogue, as: principal, at: now, in: connection)
            .values.first
        let counters = try Counters(
            of: catalogue.perks.map(\.id), catalogue.campaigns.map(\.campaign.id), of: principal.requiredBrand().id,
            at: now, in: connection)
        let decisions = Decisions(for: guest, at: venue, catalogue, counters, at: now)
        return CheckIn(decisions, guest, at: venue, at: now).shown(to: principal)
    }
}

/// Who is asked about, where and when; nothing is recorded.
package struct EligibilityDraft: Codable, Sendable {
    package var guest: String
    package var venue: String?
    /// Another moment than now; managers only.
    package var at: Timestamp?

    package init(guest: String, venue: String?, at: Timestamp? = nil) {
        self.guest = guest
        self.venue = venue
        self.at = at
    }
}

extension EligibilityDraft: Described {
    package static let schemaName = "EligibilityDraft"
    package static let schema = JSONSchema.object([
        .required("guest", .string(1...300), "twitter:ana_w, member:<number> or guest_01k…"),
        .optional("venue", .string(1...90), "Id or slug; a bound clerk's own, if left out."),
        .optional("at", .timestamp, "Another moment than now; managers only."),
    ])
}

/// The answer to an eligibility check: a check-in that was recorded nowhere.
package struct EligibilityAnswer: Codable, Described {
    package static let schemaName = "Eligibility"
    package static let schema = JSONSchema.object(CheckIn.decided)
}
