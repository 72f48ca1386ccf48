import Eligibility
import Foundation
import Postgres

/// What is decided of one perk for one guest at one venue and moment.
struct PerkDecision {
    enum Outcome {
        case qualified
        case notQualified
        /// Qualified, but there is none to be had: the first reason's code says why.
        case unavailable(PerksError.Code)
        /// Below the age gate: nothing is said of the perk at all.
        case hidden
    }

    let campaign: Campaign
    let perk: Perk
    private(set) var outcome: Outcome
    let verdict: Verdict
    private(set) var reasons: [DecisionReason]
    let nearest: String?
    let remaining: Int?

    var qualifies: Bool { if case .qualified = outcome { true } else { false } }
    var isHidden: Bool { if case .hidden = outcome { true } else { false } }

    /// Decides by age gate, rules, hours, allowance, stock, codes and budget.
    ///
    /// With a hold of the guest's own, what it has taken is theirs already, and hours are those it was made at.
    init(
        _ perk: Perk, rule: CompiledRule, of campaign: Campaign, for guest: GuestFacts, at venue: Venue,
        _ catalogue: Catalogue, _ counters: Counters, at now: Timestamp, _ local: Facts.Local,
        confirming hold: GuestFacts.LiveClaim? = nil
    ) {
        self.campaign = campaign
        self.perk = perk
        remaining = counters.remaining(of: perk.id)

        let (birthDate, source) = guest.birthDate
        let gate = catalogue.ageGate(of: campaign, at: venue)
        let age = guest.isUnder13 ? .tooYoung : gate.decide(birthDate: birthDate, source: source, on: local.date)
        var facts = guest.facts(at: now, local)
        facts.birthDate = age == .unknown ? nil : birthDate
        verdict = rule.verdict(facts)

        var reasons = verdict.reasons.map(DecisionReason.init)
        switch age {
        case .tooYoung:
            outcome = .hidden
            nearest = nil
        case .unknown:
            if !reasons.contains(where: { $0.code == DecisionReason.ageUnknown.code }) {
                reasons.append(.ageUnknown)
            }
            outcome = .notQualified
            nearest =
                verdict.qualifies
                ? "An ID that shows an age of \(gate.minimum) or more would qualify." : verdict.nearest
        case .passes where !verdict.qualifies:
            outcome = .notQualified
            nearest = verdict.nearest
        case .passes:
            let obstacle =
                hold == nil
                ? PerkDecision.obstacle(perk, of: campaign, for: guest, at: venue, counters, local) : nil
            if let obstacle {
                outcome = .unavailable(obstacle.code)
                reasons = [DecisionReason(code: obstacle.code.rawValue, text: obstacle.sentence)]
            } else {
                outcome = .qualified
            }
            nearest = nil
        }
        self.reasons = reasons
    }

    /// What stands between a qualified guest and the perk, if anything.
    private static func obstacle(
        _ perk: Perk, of campaign: Campaign, for guest: GuestFacts, at venue: Venue, _ counters: Counters,
        _ local: Facts.Local
    ) -> (code: PerksError.Code, sentence: String)? {
        if let hours = perk.availability, !hours.contains(where: { $0.contain(local) }) {
            return (.outsideHours, "The perk is not available at this hour.")
        }
        if guest.used(perk, on: local.date, in: venue.zone) >= perk.perGuest.limit {
            let period = perk.perGuest.period == .campaign ? "" : " this \(perk.perGuest.period.rawValue)"
            return (.limitReached, "The guest has already had it\(period).")
        }
        if let group = perk.group, guest.claims.contains(where: { $0.group == group }) {
            return (.limitReached, "The guest has already had a perk of the group \(group).")
        }
        if let stock = counters.stock[perk.id], stock < 1 {
            return (.soldOut, "The perk is sold out.")
        }
        if let codes = counters.codes[perk.id], codes.left < 1 {
            return (.codesExhausted, "The perk has no codes left. Import more, or generate them.")
        }
        if let budget = counters.budgets[campaign.id], !budget.covers(cost: perk.cost) {
            return (.budgetSpent, "The campaign's budget is spent.")
        }
        return nil
    }

    /// The same where another perk of the group, which ranks better, is to be had: a guest gets the best one only.
    func yielding(to better: Perk) -> PerkDecision {
        var decision = self
        let code = PerksError.Code.limitReached
        decision.outcome = .unavailable(code)
        decision.reasons = [
            DecisionReason(code: code.rawValue, text: "The guest gets \(better.name), the better perk of its group.")
        ]
        return decision
    }

    /// The refusal that this decision means for a redemption; nil when there is none.
    func refusal(for principal: Principal) -> PerksError? {
        switch outcome {
        case .qualified: nil
        case .hidden: PerksError(.minorBlocked, "This guest is below the age that the law or the brand demands.")
        case .notQualified:
            PerksError(
                .notQualified, nearest.map { "The guest does not qualify. \($0)" } ?? "The guest does not qualify.",
                reasons: reasons.map { principal.seesNumbers ? $0 : $0.withoutNumbers })
        case .unavailable(let code): PerksError(code, reasons.first?.text ?? "The perk is not available.")
        }
    }
}

/// One thing that keeps a guest from a perk, as callers see it.
package struct DecisionReason: Codable, Hashable, Sendable {
    package let code: String
    /// A sentence without the guest's own numbers.
    package let text: String
    package var required: JSONValue?
    /// What the guest has; for managers only.
    package var actual: JSONValue?

    init(code: String, text: String) {
        self.code = code
        self.text = text
    }

    init(_ reason: Reason) {
        code = reason.code
        text = reason.text
        required = reason.required.map(JSONValue.init)
        actual = reason.actual.map(JSONValue.init)
    }

    static let ageUnknown = DecisionReason(code: "age_unknown", text: "The age is not known: check an ID.")

    /// The same without what the guest has.
    var withoutNumbers: DecisionReason {
        var reason = self
        reason.actual = nil
        return reason
    }

    static let schema = JSONSchema.object([
        .required("code", .string()),
        .required("text", .string()),
        .optional("required", .anything, "What the rule asks for."),
        .optional("actual", .anything, "What the guest has; shown to managers and up."),
    ])
}

extension JSONValue {
    init(_ value: ReasonValue) {
        self =
            switch value {
            case .number(let hundredths): .number(Decimal(hundredths) / 100)
            case .text(let text): .string(text)
            case .list(let texts): .array(texts.map(JSONValue.string))
            }
    }
}
