import Foundation
import Perks
import Postgres
import Testing

@Suite struct RuleEvaluationTests {
    private static let guests = """
        network,handle,verified,birth_date,country,score,score_measured_at,reach,topics
        twitter,a,true,1980-01-01,US,77.69,2026-11-01T00:00:00Z,5000,casinos:81.5
        twitter,b,false,1990-02-28,CA,58.24,2026-10-01T00:00:00Z,10,wine:40;beer:20
        twitter,broken,,1990-02-30,,,,,
        net,c,,,,,,,champagne:60
        """

    /// A file gives the same verdicts before its guests are imported as an audience counts afterwards.
    @Test(arguments: [
        "score >= 60", "not country in (US)", "topic(drinks) >= 40", "topic(wine; exact)", "age >= 21 or reach >= 10",
        "network in (twitter; verified)",
    ])
    func aFileAndAnAudienceAgree(rule: String) async throws {
        let palms = try await Palms()
        try await palms.importTopics(
            [(1, "drinks"), (2, "wine"), (3, "champagne"), (4, "beer"), (5, "casinos")], [(1, 2), (2, 3), (1, 4)])
        let evaluation = try await palms.backend.transaction(as: palms.owner) { connection in
            try RuleEvaluation(.init(ruleText: rule), as: palms.owner, at: Palms.now, in: connection)
        }
        var lines: [RuleEvaluation.Line] = []
        try await evaluation.run(stream(Self.guests, chunk: 11)) { lines.append($0) }
        #expect(lines.map(\.line) == [2, 3, 4, 5])
        #expect(lines[2].refused?.contains("1990-02-30") == true)
        try await palms.importGuests(Self.guests)
        let audience = try await palms.backend.transaction(as: palms.owner) { connection in
            try Audience.estimate(.init(ruleText: rule), as: palms.owner, at: Palms.now, in: connection)
        }
        #expect(lines.count { $0.verdict == "qualified" } == audience.qualifying)
        #expect(lines.count { $0.result == "unknown" } == audience.unknown)
        #expect(lines.allSatisfy { ($0.verdict == "qualified") == ($0.reasons?.isEmpty == true) })
        await palms.close()
    }

    @Test func aPerksRuleIsExplainedWithItsLimits() async throws {
        let palms = try await Palms()
        try await palms.makeCampaign {
            $0.ruleText = "country in (US)"
            $0.budget = .init(redemptions: 7)
        }
        let perk = try await palms.makePerk {
            $0.ruleText = "score >= 60 or not reach <= 10"
            $0.stock = 3
        }
        let explanation = try await palms.backend.transaction(as: palms.owner) { connection in
            try RuleExplanation(of: .id(perk.id), as: palms.owner, at: Palms.now, in: connection)
        }
        #expect(explanation.text == "country in (US) and (score >= 60 or not reach <= 10)")
        #expect(
            explanation.tree == [
                "all of", "  country in (US)", "  any of", "    score >= 60", "    not", "      reach <= 10",
            ])
        #expect(explanation.sql.contains("leaf_2"))
        #expect(explanation.limits.count == 4)
        await palms.close()
    }
}
