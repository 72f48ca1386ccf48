import Eligibility
import Foundation
import Postgres
import Testing

@testable import Perks

@Suite struct AudienceTests {
    private static let guests = """
        network,handle,verified,birth_date,gender,country,region,city,language,score,score_model,score_measured_at,reach,topics
        twitter,a,true,1980-01-01,female,US,NV,Las Vegas,en,77.69,2026.1,2026-11-01T00:00:00Z,5000,casinos:81.5
        twitter,b,false,1990-02-28,male,CA,ON,Toronto,fr,58.24,2026.2,2026-10-01T00:00:00Z,10,wine:40;beer:20
        linkedin,c,true,,female,BR,SP,São Paulo,pt,60,2026.1,2025-01-01T00:00:00Z,,champagne:60
        net,d,,2008-11-22,,,,,,,,,,
        net,e,,2000-02-29,nonbinary,us,CA,SÃO PAULO,EN,99.99,2026.2,2026-11-20T00:00:00Z,1000,beer:19.99
        """

    /// Counts by SQL against the verdicts of the evaluator, guest by guest.
    @Test(arguments: [
        "score >= 60", "score <= 58.24", "score between 58 and 70", "not score >= 60",
        "score(fresh 30 days) >= 1", "score(best 90 days) >= 58", "score(model \"2026.1\") >= 60",
        "score(model \"2026.2\", fresh 10 days) >= 60", "score(best 90 days, fresh 30 days) >= 50",
        "topic(wine) >= 40", "topic(wine; exact)", "topic(drinks)", "topic(beer, wine; all)", "topic(beer)",
        "not topic(drinks)", "age >= 21", "age between 18 and 26", "not age >= 18", "age >= 17 and age <= 18",
        "country in (US, ca)", "region in (NV)", "city in (\"são paulo\")", "gender in (female)",
        "not language in (EN)", "network in (twitter)", "network in (TWITTER, linkedin; verified)", "reach >= 1000",
        "reach <= 10", "local_time(sat, 18:00-20:00)", "local_time(sun)", "redeemed(perk suite-upgrade) >= 1",
        "redeemed(campaign opening-night) <= 0", "not redeemed(perk suite-upgrade; within 1 days) >= 1",
        "score >= 60 or country in (CA)", "not (score >= 60 and age >= 21)",
        "(score >= 60 and topic(drinks)) or (reach >= 1000 and not gender in (male))",
    ])
    func countsAreTheVerdictsOfEveryGuest(rule text: String) async throws {
        let palms = try await Palms()
        try await palms.importTopics(
            [(1, "drinks"), (2, "wine"), (3, "champagne"), (4, "beer"), (5, "casinos")], [(1, 2), (2, 3), (1, 4)])
        try await palms.importGuests(Self.guests)
        try await palms.importGuests(
            """
            network,handle,score,score_model,score_measured_at
            twitter,b,70,2026.1,2026-09-30T00:00:00Z
            """)
        try await palms.makeCampaign { $0.ruleText = text }
        try await palms.makeCampaign("opening")
        try await palms.makePerk("suite-upgrade", in: "opening")
        try await palms.makePerk("probe")
        _ = try await palms.redeem("twitter:a", key: "1")
        let audience = try await palms.backend.transaction(as: palms.owner) { connection in
            try Audience.estimate(.init(ruleText: text), as: palms.owner, at: Palms.now, in: connection)
        }
        let rule = CompiledRule(try Rule(parsing: text))
        let verdicts = try await palms.backend.transaction(as: palms.owner) { connection in
            let catalogue = try palms.backend.catalogues.current(of: palms.owner, in: connection)
            let venue = try catalogue.venue("las-vegas", for: palms.owner)
            let references = try ["twitter:a", "twitter:b", "linkedin:c", "net:d", "net:e"].map {
                try GuestReference($0)
            }
            let ids = try Guest.find(references, as: palms.owner, in: connection).compactMap { $0 }
            let guests = try GuestFacts.load(ids, catalogue, as: palms.owner, at: Palms.now, in: connection)
            return try ids.map { id in
                let guest = try #require(guests[id])
                var facts = guest.facts(at: Palms.now, venue.zone.local(Palms.now))
                facts.birthDate = guest.birthDate.date
                return rule.verdict(facts)
            }
        }
        #expect(audience.total == 5)
        #expect(audience.qualifying == verdicts.count { $0.result == .true })
        #expect(audience.unknown == verdicts.count { $0.result == .unknown })
        #expect(audience.conditions.map(\.text) == verdicts[0].conditions.map(\.text))
        let passes = audience.conditions.indices.map { index in
            verdicts.count { $0.conditions[index].result == .true }
        }
        #expect(audience.conditions.map(\.passes) == passes)
        await palms.close()
    }

    @Test func aConditionIsToldWhomItRemovesAlone() async throws {
        let palms = try await Palms()
        try await palms.importGuests(
            """
            network,handle,country,score
            net,both,US,70
            net,poor,US,50
            net,foreign,DE,70
            net,neither,DE,50
            net,unknown,,70
            """)
        let audience = try await palms.backend.transaction(as: palms.owner) { connection in
            try Audience.estimate(
                .init(ruleText: "score >= 60 and country in (US)"), as: palms.owner, at: Palms.now, in: connection)
        }
        #expect((audience.total, audience.qualifying, audience.unknown) == (5, 1, 1))
        #expect(audience.conditions.map(\.passes) == [3, 2])
        #expect(audience.conditions.map(\.removesAlone) == [1, 2])
        _ = try await palms.backend.transaction(as: palms.owner) { connection in
            try OptOut.create(.init(identity: "net:both"), as: palms.owner, at: Palms.now, in: connection)
        }
        let afterwards = try await palms.backend.transaction(as: palms.owner) { connection in
            try Audience.estimate(.init(ruleText: "score >= 60"), as: palms.owner, at: Palms.now, in: connection)
        }
        #expect((afterwards.total, afterwards.qualifying) == (4, 2))
        await palms.close()
    }

    @Test(arguments: [
        "score >=", "topic(no-such)", "score >= 0", "segment in (vip)", "topic(casinos) or not topic(casinos)",
    ])
    func aRuleThatCannotBeSavedCannotBeCounted(rule: String) async throws {
        let palms = try await Palms()
        let error = await #expect(throws: PerksError.self) {
            try await palms.backend.transaction(as: palms.owner) { connection in
                try Audience.estimate(.init(ruleText: rule), as: palms.owner, at: Palms.now, in: connection)
            }
        }
        #expect(error?.code == .invalidRule)
        #expect(error?.violations.isEmpty == false)
        await palms.close()
    }
}
