import Eligibility
import Foundation
import Postgres
import Testing

@testable import Perks

/// A rule means the same wherever it is read: by the evaluator, in the explanation, in SQL, in its text and in its JSON.
///
/// `PERKS_SEED` repeats a run, `PERKS_RULES` says how many rules are tried.
@Suite struct RuleAgreementTests {
    private static let environment = ProcessInfo.processInfo.environment
    private let seed = Self.environment["PERKS_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 0 ... .max)
    private let count = Self.environment["PERKS_RULES"].flatMap { Int($0) } ?? 2000

    @Test func everyReadingOfARuleSaysTheSame() async throws {
        print("PERKS_SEED=\(seed)")
        let (seed, count) = (seed, count)
        let palms = try await Palms()
        let world = try await World(palms, seed: seed)
        // A catalogue asks for no more than its rules need, so what it leaves out is tried as well.
        try await palms.makeCampaign("topics") {
            $0.rule = try? JSONValue(of: Rule.leaf(.topic(TopicLeaf(World.topicNames))))
        }
        let frugal = try await world.loadGuests()
        try await palms.makeCampaign("history") {
            $0.ruleText = "score(best 1 days) >= 1 or redeemed(perk no-such) >= 1"
        }
        let full = try await world.loadGuests()

        var disagreements: [String] = []
        var verdicts = ""
        try await withThrowingTaskGroup { group in
            // One task for each of two cores.
            for first in 0..<2 {
                group.addTask {
                    try await palms.backend.transaction(as: palms.owner, readOnly: true) { connection in
                        var readings = Readings()
                        for index in stride(from: first, to: count, by: 2) where readings.disagreements.count < 5 {
                            var chance = RuleChance(state: seed &+ UInt64(index), subjects: world.subjects)
                            let moment = index / 2 % World.moments.count
                            let rule = try world.savableRule(&chance, in: connection)
                            let guests = rule.needsHistory || chance.flip() ? full[moment] : frugal[moment]
                            let reading = RuleReading(rule, of: guests)
                            readings.disagreements += try reading.disagreements(
                                at: World.moments[moment], withAudience: index.isMultiple(of: 4), as: palms.owner,
                                in: connection)
                            readings.verdicts += reading.verdicts
                        }
                        return readings
                    }
                }
            }
            for try await readings in group {
                disagreements += readings.disagreements
                verdicts += readings.verdicts
            }
        }
        await palms.close()
        for disagreement in disagreements {
            Issue.record("PERKS_SEED=\(seed)\n\(disagreement)")
        }
        // Rules that are never true, or never unknown, would prove little.
        for truth in "tf?" { #expect(verdicts.count { $0 == truth } > verdicts.count / 20) }
    }

    /// Every letter of Unicode 13 and before that has another case, alone and at the end of a word.
    @Test func theDatabaseFoldsLettersAsTheEvaluatorDoes() async throws {
        let scalars = (UInt32(1)...0x1_FFFF).compactMap(Unicode.Scalar.init)
            .filter { $0.properties.age.map { $0.major <= 13 } ?? false && $0.properties.isCased }
        let texts = scalars.map(String.init).flatMap { [$0, "a" + $0, $0 + "\u{301}"] }
        let palms = try await Palms()
        let folded = try await palms.backend.transaction(as: palms.owner) { connection in
            try connection.query(
                """
                select array_agg(\(RuleQuery.withoutCase("t.text")) order by t.place) as folded
                from unnest(\(texts)) with ordinality t (text, place)
                """)[0].decode("folded", as: [String].self)
        }
        #expect(texts.count > 5000)
        for (text, folded) in zip(texts, folded) where folded != text.withoutCase {
            Issue.record("\(text) is \(folded) in SQL, not \(text.withoutCase)")
        }
        await palms.close()
    }

    private struct Readings: Sendable {
        var disagreements: [String] = []
        /// A letter for each rule and guest.
        var verdicts = ""
    }
}
