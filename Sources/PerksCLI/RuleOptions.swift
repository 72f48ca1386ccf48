import ArgumentParser
import Foundation
import Perks

/// Who qualifies: a rule, or short flags for its commonest conditions, or both, all of which have to be true.
struct RuleOptions: ParsableArguments {
    @Option(help: "Who qualifies: text, JSON, @file or - (such as 'score >= 60 and country in (US, CA)').")
    var rule: String?

    @Option(help: "The least score.")
    var minScore: String?

    @Option(help: "A topic of which one is needed; may be repeated.")
    var topic: [String] = []

    @Option(help: "The least age in years.")
    var minAge: Int?

    @Option(help: "A country of residence of which one is needed; may be repeated.")
    var country: [String] = []

    @Option(help: "A segment of which one is needed; may be repeated.")
    var segment: [String] = []

    /// States the rule, if there is one; throws `invalid_rule` where it has to be taken apart and cannot be.
    func state(in fields: inout Fields) throws {
        let source = try rule.map { RuleSource(try InputFile.text($0)) }
        let conditions = try conditions()
        guard source != nil || !conditions.isEmpty else { return }
        fields.set("rule_text", try RuleSource.text(demanding: source, and: conditions))
    }

    private func conditions() throws -> [JSONValue] {
        func leaf(_ name: String, _ argument: String, _ value: JSONValue) -> JSONValue {
            .object([name: .object([argument: value])])
        }
        func texts(_ list: [String]) -> JSONValue { .array(list.map(JSONValue.string)) }
        var conditions: [JSONValue] = []
        if let minScore {
            guard let number = Decimal(string: minScore), minScore.allSatisfy({ $0.isNumber || $0 == "." }) else {
                throw PerksError.invalid("/min_score", "wrong_type", "A score is a number such as 60, not \(minScore).")
            }
            conditions.append(leaf("score", "min", .number(number)))
        }
        if !topic.isEmpty { conditions.append(leaf("topic", "any_of", texts(topic))) }
        if let minAge { conditions.append(leaf("age", "min", .number(Decimal(minAge)))) }
        if !country.isEmpty { conditions.append(leaf("country", "in", texts(country))) }
        if !segment.isEmpty { conditions.append(leaf("segment", "in", texts(segment))) }
        return conditions
    }
}
