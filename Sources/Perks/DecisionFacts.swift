import Eligibility
import Foundation
import Postgres

/// What a decision was made from, as it is kept beside the decision: enough to answer "why not on 3 May?" later.
///
/// A date of birth is not among it; the age in whole years is.
package struct DecisionFacts: Codable, Sendable {
    /// The venue's clock, as `2026-11-21 19:02`.
    package let local: String
    /// Whole years on the venue's date.
    package let age: Int?
    package let ageSource: String
    package let country: String?
    package let region: String?
    package let city: String?
    package let gender: String?
    package let language: String?
    package let reach: Int?
    /// Newest first; the first twenty.
    package let scores: [Score]
    /// Strength by topic, of those that a rule names, counting what lies below them.
    package let topics: [String: Decimal]
    package let networks: [String]
    package let segments: [String]

    private enum CodingKeys: String, CodingKey {
        case local, age, country, region, city, gender, language, reach, scores, topics, networks, segments
        case ageSource = "age_source"
    }

    package struct Score: Codable, Sendable {
        package let value: Decimal
        package let model: String
        package let measuredAt: Timestamp

        private enum CodingKeys: String, CodingKey {
            case value, model
            case measuredAt = "measured_at"
        }
    }

    init(_ guest: GuestFacts, at now: Timestamp, _ local: Facts.Local) {
        let facts = guest.facts(at: now, local)
        let (birthDate, source) = guest.birthDate
        let (hour, minute) = local.minute.quotientAndRemainder(dividingBy: 60)
        self.local = "\(local.date) \(hour < 10 ? "0" : "")\(hour):\(minute < 10 ? "0" : "")\(minute)"
        age = birthDate?.age(on: local.date)
        ageSource = source.rawValue
        country = facts.country
        region = facts.region
        city = facts.city
        gender = facts.gender
        language = facts.language
        reach = facts.reach
        scores = facts.scores.prefix(20).map { score in
            Score(
                value: Decimal(score.hundredths) / 100, model: score.model,
                measuredAt: Timestamp(microseconds: score.measuredAt))
        }
        topics = (facts.topicsBelow ?? [:]).mapValues { Decimal($0) / 100 }
        networks = (facts.networks ?? []).map { $0.name + ($0.verified ? " (verified)" : "") }.sorted()
        segments = (facts.segments ?? []).sorted()
    }

    static let schema = JSONSchema.object([
        .required("local", .string(), "The venue's clock."),
        .optional("age", .integer(0...200), "Whole years on the venue's date."),
        .required("age_source", .word(["verified", "stated", "unknown"])),
        .optional("country", .string()), .optional("region", .string()), .optional("city", .string()),
        .optional("gender", .string()), .optional("language", .string()), .optional("reach", .integer(0...Int.max)),
        .required(
            "scores",
            .array(
                of: .object([
                    .required("value", .number(1...100)), .required("model", .string()),
                    .required("measured_at", .timestamp),
                ]))),
        .required("topics", .map(of: .number(0...100))),
        .required("networks", .array(of: .string())),
        .required("segments", .array(of: .string(), 0...10_000)),
    ])
}
