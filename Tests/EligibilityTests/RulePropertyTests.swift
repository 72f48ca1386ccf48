import Foundation
import Testing

@testable import Eligibility

/// Random rules and random guests; a failure prints the seed, and `ELIGIBILITY_SEED` repeats it.
@Suite struct RulePropertyTests {
    private let seed =
        ProcessInfo.processInfo.environment["ELIGIBILITY_SEED"].flatMap { UInt64($0) }
        ?? UInt64.random(in: 0 ... .max)

    private func forEach(_ count: Int, _ body: (inout Chance, Comment) throws -> Void) rethrows {
        print("ELIGIBILITY_SEED=\(seed)")
        for round in 0..<UInt64(count) {
            var chance = Chance(state: seed &+ round)
            try body(&chance, "ELIGIBILITY_SEED=\(seed &+ round)")
        }
    }

    @Test func bothFormsComeBackUnchanged() throws {
        try forEach(1500) { chance, comment in
            let rule = chance.rule(depth: 4)
            let text = rule.text
            let read = try Rule(parsing: text)
            #expect(read.text == text, comment)
            #expect(try decoded(encoded(rule)) == rule, comment)
            #expect(try decoded(encoded(read)).text == text, comment)
            let flat = rule.flattened()
            #expect(try Rule(parsing: flat.text) == flat, comment)
        }
    }

    @Test func verdictsAreThoseOfThePlainTree() throws {
        forEach(3000) { chance, comment in
            let rule = chance.rule(depth: 4)
            let facts = chance.guest()
            let verdict = CompiledRule(rule).verdict(facts)
            #expect(verdict.result == value(rule, facts), comment)
            #expect(CompiledRule(rule.flattened()).result(facts) == verdict.result, comment)
            #expect(verdict.qualifies == verdict.reasons.isEmpty, comment)
            #expect(verdict.conditions.count == rule.leaves.count, comment)
            #expect(!verdict.qualifies || verdict.nearest == nil, comment)
            #expect(verdict.reasons.allSatisfy { !$0.text.contains("{") && !$0.text.contains("  ") }, comment)
        }
    }

    @Test func theNearestChangeQualifiesAndNoSingleOneIsCheaper() throws {
        var found = 0
        try forEach(1500) { chance, comment in
            let rule = chance.rule(depth: 3)
            let facts = chance.guest()
            let compiled = CompiledRule(rule)
            guard !compiled.result(facts).holds else { return }
            let nearest = Nearest(compiled).search(facts)
            if let nearest {
                found += 1
                var changed = facts
                for change in nearest { change.apply(&changed) }
                #expect(value(rule, changed) == .true, comment)
                #expect(!Sentences.english.nearest(nearest).contains("{"), comment)
            }
            for leaf in compiled.failingLeaves(compiled.truths(facts)) {
                for change in compiled.leaves[leaf].kind.changes(facts, negated: compiled.leaves[leaf].negated) {
                    var changed = facts
                    change.apply(&changed)
                    guard value(rule, changed) == .true, compiled.truth(ofLeaf: leaf, changed).holds else { continue }
                    let cost = try #require(nearest, comment).map(\.cost).reduce(0, +)
                    #expect(cost <= change.cost, comment)
                }
            }
        }
        #expect(found > 100)
    }

    @Test func alwaysTrueMeansTrueOfEveryGuest() throws {
        forEach(600) { chance, comment in
            let part = chance.rule(depth: 2)
            let rule = Rule.any([part, chance.flip() ? .not(part) : chance.rule(depth: 1)])
            guard rule.isAlwaysTrue else { return }
            for _ in 0..<50 {
                var facts = chance.guest()
                // Lists that are not given are unknown to every leaf; of a real guest they always are given.
                facts.local = facts.local ?? noon
                facts.segments = facts.segments ?? []
                facts.networks = facts.networks ?? []
                facts.topics = facts.topics ?? [:]
                facts.redeemed = facts.redeemed ?? []
                #expect(value(rule, facts) == .true, comment)
            }
        }
    }

    @Test func noTextCrashesTheParser() {
        let words = [
            "score", "topic", "(", ")", ">=", "60", "and", "or", "not", "in", ",", ";", "\"", "\\", "between", "exact",
            "local_time", "mon-fri", "22:00-02:00", "redeemed", "perk", "within", "days", "country", " ", "\n", "\u{0}",
            "\u{301}", "🇺🇸", "-", "99999999999999999999", "0.001", "x",
        ]
        forEach(4000) { chance, comment in
            let text: String
            if chance.flip() {
                text = String(decoding: (0..<chance.below(60)).map { _ in UInt8(chance.below(256)) }, as: UTF8.self)
            } else {
                text = (0..<chance.below(30)).map { _ in chance.pick(words) }.joined(
                    separator: chance.flip() ? " " : "")
            }
            guard let error = refusal(ofText: text) else { return }
            #expect(!error.message.isEmpty && !error.code.isEmpty, comment)
        }
    }

    @Test func damagedRulesAreReadOrRefused() {
        forEach(2000) { chance, comment in
            var scalars = Array(chance.rule(depth: 3).text.unicodeScalars)
            let place = chance.below(scalars.count)
            if chance.flip() {
                scalars.remove(at: place)
            } else {
                scalars[place] = chance.pick(["(", "\"", "é", "0", ";"])
            }
            let text = String(String.UnicodeScalarView(scalars))
            guard let rule = try? Rule(parsing: text) else { return }
            #expect((try? Rule(parsing: rule.text))?.text == rule.text, comment)
        }
    }

    @Test(arguments: [
        (String(repeating: "(", count: 1_000_000), "too_deep"),
        (String(repeating: "not ", count: 250_000), "too_deep"),
        (String(repeating: "a", count: 1_000_000), "unknown_condition"),
        (String(repeating: "score >= 1 and ", count: 70_000), "too_many_conditions"),
        ("country in (" + String(repeating: "US, ", count: 250_000), "too_many_values"),
        ("city in (\"" + String(repeating: "x", count: 1_000_000), "syntax"),
        ("city in (\"" + String(repeating: "x", count: 1_000_000) + "\")", "value_too_long"),
        (String(repeating: "\n", count: 1_000_000) + "?", "syntax"),
        ("score >= " + String(repeating: "9", count: 1_000_000), "number_too_large"),
    ])
    func aMegabyteIsRefused(text: String, code: String) {
        #expect(refusal(ofText: text)?.code == code)
    }

    /// Kleene's logic by the book, to hold the flat form against.
    private func value(_ rule: Rule, _ facts: Facts) -> Truth {
        switch rule {
        case .leaf(let leaf): leaf.arguments.test().run(facts)
        case .not(let inner): value(inner, facts).negated
        case .all(let rules): rules.reduce(.true) { $0.and(value($1, facts)) }
        case .any(let rules): rules.reduce(.false) { $0.or(value($1, facts)) }
        }
    }
}
