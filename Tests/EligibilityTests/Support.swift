import Eligibility
import Foundation
import Testing

/// 2026-11-21, a Saturday, 11:02 in Las Vegas.
let noon = Facts.Local(date: LocalDate(daysSinceEpoch: 20_778), minute: 11 * 60 + 2)
let now: Int64 = 1_795_287_731_000_000
let day: Int64 = 86_400_000_000

/// A guest of whom everything is known and nothing is special, then changed.
func guest(_ change: (inout Facts) -> Void = { _ in }) -> Facts {
    var facts = Facts(
        now: now, local: noon, birthDate: LocalDate("1990-05-05"), country: "US", region: "NV", city: "Las Vegas",
        gender: "f", language: "en", reach: 500,
        scores: [Facts.Score(hundredths: 5824, model: "2026.2", measuredAt: now - 10 * day)],
        topics: [:], topicsBelow: [:], networks: [], segments: [], redeemed: [])
    change(&facts)
    return facts
}

func decoded(_ json: String) throws -> Rule {
    try JSONDecoder().decode(Rule.self, from: Data(json.utf8))
}

func encoded(_ rule: Rule) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(rule), as: UTF8.self)
}

/// The refusal of a text, or of what it says.
func refusal(ofText text: String) -> RuleError? {
    do {
        return try ParsedRule(text).validate().first
    } catch {
        return error
    }
}

/// The refusal of a JSON form, or of what it says.
func refusal(ofJSON json: String) throws -> RuleError? {
    do {
        return try decoded(json).validate().first
    } catch let error as RuleError {
        return error
    }
}
