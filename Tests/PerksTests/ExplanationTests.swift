import Eligibility
import Foundation
import Perks
import Postgres
import Testing

@Suite struct ExplanationTests {
    @Test func whyNotThenIsAnsweredLater() async throws {
        let palms = try await Palms()
        try await palms.importTopics([(1, "drinks"), (2, "wine")], [(1, 2)])
        let campaign = try await palms.makeCampaign { $0.ruleText = "country in (US)" }
        let perk = try await palms.makePerk { $0.ruleText = "score >= 60 and topic(drinks) >= 30" }
        try await palms.importGuests(
            """
            network,handle,birth_date,country,score,topics
            net,ana,1980-01-01,US,50,wine:40
            net,teen,2010-01-01,US,70,wine:40
            """)
        let asked = try #require(try await palms.checkIn("net:ana", as: palms.clerk).id)
        let teen = try #require(try await palms.checkIn("net:teen").id)
        // The guest, the rules and the names change; what was decided does not.
        try await palms.importGuests("network,handle,score\nnet,ana,90")
        try await palms.backend.transaction(as: palms.owner) { connection in
            _ = try Perk.patch(
                .id(perk.id), with: .object(["rule_text": .string("score >= 10"), "slug": .string("renamed")]),
                as: palms.owner, at: Palms.now, in: connection)
            _ = try Campaign.patch(
                .id(campaign.id), with: .object(["rule": .null]), as: palms.owner, at: Palms.now, in: connection)
        }
        let explanation = try await explain(asked, palms)
        #expect(explanation.facts?.scores.map(\.value) == [50])
        #expect(explanation.facts?.topics == ["drinks": 40])
        #expect(explanation.facts?.age == 46)
        #expect(explanation.facts?.ageSource == "stated")
        #expect(explanation.rules.map(\.ruleText) == ["score >= 60 and topic(drinks) >= 30"])
        #expect(explanation.rules.map(\.campaignRuleText) == ["country in (US)"])
        #expect(explanation.checkIn.perks[0].reasons.map(\.code) == ["score_below_minimum"])
        #expect(explanation.checkIn.perks[0].reasons[0].actual == .number(50))
        let text = String(decoding: try JSON.encoder.encode(explanation), as: UTF8.self)
        #expect(!text.contains("1980"), "a date of birth is kept with the decision")

        // What the desk was told nothing of is told here.
        #expect(try await explain(teen, palms).hidden.map(\.slug) == ["suite-upgrade"])
        // An ordinary answer holds none of it.
        let read = try await palms.backend.transaction(as: palms.owner) { connection in
            try CheckIn.find(asked, as: palms.owner, in: connection)
        }
        #expect(!String(decoding: try JSON.encoder.encode(read), as: UTF8.self).contains("\"facts\""))

        let revisions = try await palms.backend.transaction(as: palms.owner) { connection in
            try Revision.list(try PageRequest(), of: Reference<Perk>.id(perk.id), as: palms.owner, in: connection)
        }
        #expect(revisions.data.map(\.revision) == [1, 2])
        #expect(revisions.data.map(\.actor) == ["test:owner", "test:owner"])
        await palms.close()
    }

    @Test func savingWhatIsThereMakesNoRevision() async throws {
        let palms = try await Palms()
        try await palms.makeCampaign()
        let perk = try await palms.makePerk { $0.ruleText = "(score >= 60 and (age >= 21))" }
        let same = try await palms.backend.transaction(as: palms.owner) { connection in
            try Perk.patch(
                .id(perk.id), with: .object(["name": .string(perk.name), "stock": .null]), as: palms.owner,
                at: Palms.now, in: connection)
        }
        #expect(same.revision == 1)
        let sameText = try await palms.backend.transaction(as: palms.owner) { connection in
            try Perk.patch(
                .id(perk.id), with: .object(["rule_text": .string("score >= 60 and age >= 21")]), as: palms.owner,
                at: Palms.now, in: connection)
        }
        #expect(sameText.revision == 1)
        await palms.close()
    }

    @Test func aPatchReplacesARuleAndABenefitWhole() async throws {
        let palms = try await Palms()
        try await palms.makeCampaign()
        let perk = try await palms.makePerk { $0.ruleText = "score >= 60" }
        func patch(_ json: String) async throws -> Perk {
            let patch = try JSONValue(parsing: Data(json.utf8))
            return try await palms.backend.transaction(as: palms.owner) { connection in
                try Perk.patch(.id(perk.id), with: patch, as: palms.owner, at: Palms.now, in: connection)
            }
        }
        #expect(try await patch(#"{"rule": {"age": {"min": 30}}}"#).ruleText == "age >= 30")
        #expect(try await patch(#"{"rule_text": "reach >= 5"}"#).ruleText == "reach >= 5")
        #expect(try await patch(#"{"benefit": {"kind": "points", "points": 5}}"#).benefit == .points(points: 5))
        #expect(try await patch(#"{"benefit": {"points": 6}}"#).benefit == .points(points: 6))
        #expect(try await patch(#"{"rule": null}"#).rule == nil)
        await palms.close()
    }

    private func explain(_ id: ID<CheckIn>, _ palms: Palms) async throws -> CheckIn.Explanation {
        try await palms.backend.transaction(as: palms.owner) { connection in
            try CheckIn.explain(id, as: palms.owner, in: connection)
        }
    }
}
