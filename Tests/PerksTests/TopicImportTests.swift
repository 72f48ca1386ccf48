import Foundation
import Perks
import Postgres
import Testing

@Suite struct TopicImportTests {
    @Test func anOntologyLoadsWithItsClosure() async throws {
        let palms = try await Palms()
        let outcome = try await palms.importTopics(
            [(1, "food"), (2, "drink"), (3, "wine"), (4, "champagne")],
            [(0, 0), (0, 1), (1, 2), (2, 3), (3, 4), (1, 4), (99, 4)])
        // The root and the orphan parent 99 stand in the edges alone; the orphan is a topic all the same.
        #expect((outcome.topics, outcome.added, outcome.retired) == (5, 5, 0))
        // Ancestors: food 1, drink 2, wine 3, champagne 4 and the orphan.
        #expect(outcome.pairs == 1 + 2 + 3 + 5)
        #expect(try await palms.count("select count(*) from topic_closure") == 11 + 6)
        await palms.close()
    }

    @Test func importingAgainChangesNothing() async throws {
        let palms = try await Palms()
        let topics = [(1, "food"), (2, "wine")]
        try await palms.importTopics(topics, [(0, 0), (0, 1), (1, 2)])
        let again = try await palms.importTopics(topics, [(0, 0), (0, 1), (1, 2)])
        #expect((again.added, again.updated, again.unchanged, again.retired) == (0, 0, 2, 0))
        await palms.close()
    }

    @Test func renamedAndRetiredTopicsKeepTheirRules() async throws {
        let palms = try await Palms()
        try await palms.importTopics([(1, "drink"), (2, "wine"), (3, "beer")], [(1, 2), (1, 3)])
        try await palms.makeCampaign()
        try await palms.makePerk { $0.ruleText = "topic(drink) and topic(wine)" }
        try await palms.importGuests("network,handle,birth_date,topics\nnet,ana,1980-01-01,wine:50")
        // Wine becomes vino, drink is no longer published, and slugs change hands: beer takes the name of drink.
        let outcome = try await palms.importTopics([(2, "vino"), (3, "beverage")])
        #expect((outcome.updated, outcome.retired) == (2, 1))
        let checkIn = try await palms.checkIn("net:ana")
        #expect(checkIn.perks.map(\.outcome) == [.qualified])
        await palms.close()
    }

    @Test func slugsMayChangeHandsWithinOneImport() async throws {
        let palms = try await Palms()
        try await palms.importTopics([(1, "a"), (2, "b"), (3, "c")])
        let outcome = try await palms.importTopics([(1, "b"), (2, "a"), (4, "c")])
        #expect((outcome.added, outcome.updated, outcome.retired) == (1, 2, 1))
        #expect(
            try await palms.count(
                "select count(*) from topic t join topic_name n on n.slug = t.slug and n.topic_id = t.id where t.retired_at is null"
            ) == 3)
        await palms.close()
    }

    @Test(arguments: [
        ("topicId,topicSlug,topicDisplayName\nx,a,A", "Line 2: A topic needs an id of digits"),
        ("topicId,topicSlug,topicDisplayName\n1,a,A\n1,b,B", "Two topics have the id 1."),
        ("topicId,topicSlug,topicDisplayName\n1,a,A\n2,a,B", "Two topics have the slug a."),
        ("network,handle\nx,y", "Line 1: The file must begin with topicId"),
        ("", "There are no topics in it."),
        ("topicId,topicSlug,topicDisplayName\n1,\"a,A", "Line 2: A quote is opened and never closed."),
    ])
    func aBrokenFileIsRefusedWhole(file: String, expected: String) async throws {
        let palms = try await Palms()
        let error = await #expect(throws: PerksError.self) {
            try await TopicImport(palms.backend, as: palms.platform, at: Palms.now).run(stream(file))
        }
        #expect(error?.detail.contains(expected) == true, "\(error?.detail ?? "no error")")
        #expect(try await palms.count("select count(*) from topic") == 0)
        await palms.close()
    }

    @Test func aLineEndIsMissingBetweenTheTwoFiles() async throws {
        let palms = try await Palms()
        let text =
            "topicId,topicSlug,topicDisplayName\n1,a,A\nparentTopicId,parrentTopicSlug,childTopicId,childTopicSlug\n0,_ROOT_,1,a"
        let outcome = try await TopicImport(palms.backend, as: palms.platform, at: Palms.now).run(
            stream(text, chunk: 1))
        #expect((outcome.topics, outcome.pairs) == (1, 1))
        await palms.close()
    }

    @Test(.enabled(if: hasSharedData, "the published ontology is not at hand"))
    func thePublishedOntologyLoadsWhole() async throws {
        let palms = try await Palms()
        let folder = sharedData.appendingPathComponent("topics")
        let text = try ["topics.csv", "edges.csv"].map {
            try String(contentsOf: folder.appendingPathComponent($0), encoding: .utf8)
        }.joined(separator: "\n")
        let outcome = try await TopicImport(palms.backend, as: palms.platform, at: Palms.now)
            .run(stream(text, chunk: 65_536))
        #expect((outcome.topics, outcome.added, outcome.pairs) == (8034, 8034, 35_587))
        #expect(try await palms.count("select count(*) from topic_closure") == 43_622)
        let again = try await TopicImport(palms.backend, as: palms.platform, at: Palms.now)
            .run(stream(text, chunk: 65_536))
        #expect((again.added, again.updated, again.unchanged, again.retired) == (0, 0, 8034, 0))
        for slug in ["3dtv", "r/ga", "csi:-crime-scene-investigation", "french-overseas-(dom-tom)", "réunion", "LSU"] {
            #expect(try await palms.count("select count(*) from topic where slug = \(slug)") == 1, "\(slug)")
        }
        await palms.close()
    }
}
