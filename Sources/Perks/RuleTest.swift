import Eligibility
import Foundation
import Postgres

/// A rule held against the facts of one guest, without a database.
package struct RuleTest: Sendable {
    private let rule: Rule
    private let guest: SuppliedFacts

    /// Reads a rule, as text or JSON, and the facts, as JSON: a guest as the API shows one, and what else a rule may ask.
    ///
    /// That is `venue`, `segments`, `redeemed`, older `scores`, and the `ancestors` of topics. Throws `invalid_rule` or
    /// `invalid_request` with every fault's place.
    package init(rule: String, facts: Data) throws {
        self.rule = try RuleSource(rule).rule()
        do {
            guest = try SuppliedFacts(validating: JSONValue(parsing: facts))
        } catch var error as PerksError {
            // Both sides come from one caller, who has to be told which of them is meant.
            for index in error.violations.indices {
                error.violations[index].pointer.insert(contentsOf: "/facts", at: "".startIndex)
            }
            throw error
        }
    }

    /// Decides at a moment.
    package func answer(at now: Timestamp) throws -> Answer {
        let verdict = CompiledRule(rule).verdict(guest.facts(at: now))
        return Answer(
            verdict: verdict.qualifies ? .qualified : .notQualified, result: verdict.result.rawValue,
            conditions: verdict.conditions.map(CheckIn.Condition.init),
            reasons: verdict.reasons.map(DecisionReason.init), nearest: verdict.nearest, text: rule.text,
            rule: try JSONValue(of: rule))
    }

    /// What became of it.
    package struct Answer: Encodable, Sendable {
        package let verdict: CheckIn.Outcome
        /// `true`, `false` or `unknown`.
        package let result: String
        package let conditions: [CheckIn.Condition]
        package let reasons: [DecisionReason]
        /// The smallest change that would qualify; nil when none was found or none is needed.
        package let nearest: String?
        /// The rule in its text form.
        package let text: String
        package let rule: JSONValue

        private enum CodingKeys: CodingKey {
            case verdict, result, conditions, reasons, nearest, text, rule
        }

        /// Encodes every member, also a missing `nearest`, as null.
        package func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(verdict, forKey: .verdict)
            try container.encode(result, forKey: .result)
            try container.encode(conditions, forKey: .conditions)
            try container.encode(reasons, forKey: .reasons)
            try container.encode(nearest, forKey: .nearest)
            try container.encode(text, forKey: .text)
            try container.encode(rule, forKey: .rule)
        }
    }
}

/// A rule as a person types it: the text form, or the JSON form, which alone begins with a brace.
package struct RuleSource: Sendable {
    package let text: String

    package init(_ text: String) {
        self.text = text
    }

    private init(json: JSONValue) throws {
        text = String(decoding: try JSON.encoder.encode(json), as: UTF8.self)
    }

    /// Whether it is the JSON form.
    private var isJSON: Bool { text.first { !$0.isWhitespace } == "{" }

    /// The text form of a rule that demands this one and each of the conditions, which are JSON.
    ///
    /// Throws `invalid_rule` with every fault's place.
    package static func text(demanding source: RuleSource?, and conditions: [JSONValue]) throws -> String {
        // The text as it was typed keeps the places that later refusals speak of.
        if let source, conditions.isEmpty, !source.isJSON { return source.text }
        let rules = try (source.map { [try $0.rule()] } ?? []) + conditions.map { try RuleSource(json: $0).rule() }
        return Rule.all(rules).flattened().text
    }

    /// The rule, flattened and found to be one that may be saved wherever its names are known.
    fileprivate func rule() throws -> Rule {
        if isJSON {
            let rule = try decoded()
            let errors = rule.validate()
            guard errors.isEmpty else { throw PerksError.invalidRule(errors, at: "/rule") }
            return rule.flattened()
        }
        let parsed = try parsed()
        let errors = parsed.validate()
        guard errors.isEmpty else { throw PerksError.invalidRule(errors, at: "/rule_text", text: true) }
        return parsed.rule.flattened()
    }

    private func parsed() throws -> ParsedRule {
        do throws(RuleError) {
            return try ParsedRule(text)
        } catch {
            throw PerksError.invalidRule([error], at: "/rule_text", text: true)
        }
    }

    private func decoded() throws -> Rule {
        do {
            return try JSONValue(parsing: Data(text.utf8)).decode(as: Rule.self)
        } catch is PerksError {
            let (line, column) = place(ofByte: offsetOfFault)
            let message = "The rule is not valid JSON from here on; one looks like {\"score\": {\"min\": 60}}."
            let error = RuleError(code: "invalid_json", message: message, line: line, column: column)
            throw PerksError.invalidRule([error], at: "/rule", text: true)
        } catch let error as RuleError {
            throw PerksError.invalidRule([error], at: "/rule")
        }
    }

    /// Where the text stops being JSON, counted in bytes; the end where it breaks off.
    private var offsetOfFault: Int {
        do {
            _ = try JSONSerialization.jsonObject(with: Data(text.utf8))
            return 0
        } catch {
            // The decoder keeps the place to itself; the older reader tells it, in words.
            let words = (error as NSError).userInfo["NSDebugDescription"] as? String ?? ""
            return words.split(separator: " ").last.flatMap { Int($0.filter(\.isNumber)) } ?? text.utf8.count
        }
    }

    private func place(ofByte offset: Int) -> (line: Int, column: Int) {
        let before = String(decoding: text.utf8.prefix(offset), as: UTF8.self)
        let lines = before.split(separator: "\n", omittingEmptySubsequences: false)
        return (lines.count, (lines.last?.count ?? 0) + 1)
    }
}

/// The facts of a rule test as they are supplied: a member that is absent is not known, an empty list is known to be empty.
private struct SuppliedFacts: Codable, Described {
    let identities: [Identity]?
    let birthDate: LocalDate?
    let gender: String?
    let country: String?
    let region: String?
    let city: String?
    let language: String?
    let score: Guest.Score?
    let scores: [Guest.Score]?
    let reach: Int?
    let topics: [Guest.Topic]?
    let venue: Venue?
    let segments: Set<String>?
    let redeemed: [PastRedemption]?
    let ancestors: [String: [String]]?

    private enum CodingKeys: String, CodingKey {
        case identities, gender, country, region, city, language, score, scores, reach, topics, venue, segments
        case redeemed, ancestors
        case birthDate = "birth_date"
    }

    struct Identity: Codable {
        let network: String
        let verified: Bool?
    }

    struct Venue: Codable {
        let timeZone: String?

        private enum CodingKeys: String, CodingKey {
            case timeZone = "time_zone"
        }
    }

    struct PastRedemption: Codable {
        let perk: String?
        let campaign: String?
        let at: Timestamp
    }

    static let schemaName = "RuleTestFacts"
    static let schema = JSONSchema.object(
        Guest.facts.map { .optional($0.name, $0.schema) } + [
            .optional("id", .id(of: Guest.self)),
            .optional(
                "identities",
                .array(
                    of: .object([
                        .required("network", .string(1...32)), .optional("handle", .string(1...200)),
                        .optional("verified", .boolean),
                    ]))),
            .optional("opted_out_at", .timestamp),
            .optional("scores", .array(of: score), "Older ones, for rules that look back."),
            .optional(
                "venue",
                .object([
                    .optional("id", .id(of: Perks.Venue.self)), .optional("slug", .slug), .optional("name", .name),
                    .optional("time_zone", .timeZone), .optional("country", .country), .optional("region", .region),
                ])),
            .optional("segments", .array(of: .string(1...200), 0...10_000)),
            .optional(
                "redeemed",
                .array(
                    of: .object([
                        .optional("perk", .string(1...90)), .optional("campaign", .string(1...90)),
                        .required("at", .timestamp),
                    ]), 0...10_000)),
            .optional("ancestors", .map(of: .array(of: .string(1...200)))),
        ])

    private static let score = JSONSchema.object([
        .required("value", .number(1...100)), .optional("model", .string(1...64)),
        .required("measured_at", .timestamp),
    ])

    /// The facts at a moment; without a venue's zone there is no local date, and with it no age.
    func facts(at now: Timestamp) -> Facts {
        let strengths = topics.map { topics in
            Dictionary(topics.map { ($0.topic, $0.strength.hundredths) }, uniquingKeysWith: max)
        }
        var facts = Facts(now: now.microseconds)
        facts.local = venue?.timeZone.flatMap { Zone($0) }?.local(now)
        facts.birthDate = birthDate
        facts.country = country
        facts.region = region
        facts.city = city
        facts.gender = gender
        facts.language = language
        facts.reach = reach
        facts.scores = known(scores: ([score] + (scores ?? [])).compactMap { $0 })
        facts.topics = strengths
        facts.topicsBelow = strengths.flatMap { strengths in
            ancestors.map { Facts.rollUp(topics: strengths, ancestors: $0) }
        }
        facts.networks = identities?.map { Facts.Network(name: $0.network, verified: $0.verified ?? false) }
        facts.segments = segments
        facts.redeemed = redeemed?.map { past in
            Facts.Redemption(
                perk: [past.perk].compactMap { $0 }, campaign: [past.campaign].compactMap { $0 },
                at: past.at.microseconds)
        }
        return facts
    }

    /// Newest first; a score without a moment is in force, but no rule that asks for its age may count on it.
    private func known(scores: [Guest.Score]) -> [Facts.Score] {
        let dated = scores.map { score in
            Facts.Score(
                hundredths: score.value.hundredths, model: score.model ?? "",
                measuredAt: score.measuredAt?.microseconds ?? .min)
        }
        // The guest's own score comes first whenever it has no moment to be sorted by.
        return dated.prefix { $0.measuredAt == .min }
            + dated.drop { $0.measuredAt == .min }.sorted { $0.measuredAt > $1.measuredAt }
    }
}

extension Decimal {
    /// This number in hundredths, rounded half away from zero.
    fileprivate var hundredths: Int {
        var (exact, rounded) = (self * 100, Decimal())
        NSDecimalRound(&rounded, &exact, 0, .plain)
        return NSDecimalNumber(decimal: rounded).intValue
    }
}
