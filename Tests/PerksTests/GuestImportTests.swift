import Foundation
import Perks
import Postgres
import Testing

@Suite struct GuestImportTests {
    private static let header =
        "network,handle,display_name,verified,birth_date,country,score,score_model,score_measured_at,topics"

    @Test func rowsAreAddedUpdatedAndLeftAlone() async throws {
        let palms = try await Palms()
        try await palms.importTopics([(1, "wine"), (2, "csi:-crime-scene-investigation")])
        let file = """
            \(Self.header)
            twitter,@Ana_W,Ana,true,1985-02-28,us,77.69,2026.1,2026-10-01T00:00:00Z,wine:40;csi:-crime-scene-investigation:12.5
            linkedin,bo,,,,,,,,
            """
        let first = try await palms.importGuests(file)
        #expect((first.added, first.updated, first.unchanged, first.refusedCount) == (2, 0, 0, 0))
        let again = try await palms.importGuests(file)
        #expect((again.added, again.updated, again.unchanged, again.refusedCount) == (0, 0, 2, 0))
        let changed = try await palms.importGuests(file.replacing("wine:40", with: "wine:41"))
        #expect((changed.added, changed.updated, changed.unchanged) == (0, 1, 1))
        let ana = try await guest("twitter:ANA_W", palms)
        #expect(ana.identities.map(\.handle) == ["Ana_W"])
        #expect(ana.country == "US")
        #expect(ana.score?.value == Decimal(string: "77.69"))
        #expect(ana.topics.map(\.topic) == ["wine", "csi:-crime-scene-investigation"])
        #expect(ana.topics.map(\.strength) == [41, Decimal(string: "12.5")])
        await palms.close()
    }

    @Test func aBadRowStopsNothingElse() async throws {
        let palms = try await Palms()
        try await palms.importTopics([(1, "wine")])
        let outcome = try await palms.importGuests(
            """
            \(Self.header)
            net,good,,,1980-01-01,US,50,,,wine:40
            net,unknown-topic,,,,,,,,winr:40
            net,no-such-day,,,1985-02-30,,,,,
            net,child,,,2014-01-01,,,,,
            net,unborn,,,2027-01-01,,,,,
            net,high,,,,,100.5,,,
            net,low,,,,,0.5,,,
            net,,,,,,,,,
            ,nobody,,,,,,,,
            net,"broken"quote,,,,,,,,
            net,short
            net,maybe,,perhaps,,,,,,
            net,tall,,,,USA,,,,
            net,weak,,,,,,,,wine
            net,last,,,,,50,,,
            """)
        #expect((outcome.added, outcome.refusedCount) == (2, 13))
        #expect(outcome.refused.map(\.line) == Array(3...15))
        let reasons = Dictionary(uniqueKeysWithValues: outcome.refused.map { ($0.line, $0.reason) })
        #expect(reasons[3] == "There is no topic winr; is wine meant?")
        #expect(reasons[4]?.contains("1985-02-30") == true)
        #expect(reasons[5]?.contains("under 13") == true)
        #expect(reasons[7]?.contains("from 1 to 100") == true)
        #expect(reasons[9] == "There is no handle.")
        #expect(reasons[12]?.contains("2 cells") == true)
        #expect(try await palms.count("select count(*) from guest") == 2)
        await palms.close()
    }

    @Test func theThirteenthBirthdayIsTheFirstDayThatAnythingIsKept() async throws {
        let palms = try await Palms()
        // 22 November 2026 by UTC.
        let outcome = try await palms.importGuests(
            "network,handle,birth_date\nnet,twelve,2013-11-23\nnet,thirteen,2013-11-22")
        #expect((outcome.added, outcome.refused.map(\.line)) == (1, [2]))
        await palms.close()
    }

    @Test func everyScoreIsKeptAndTheLatestCounts() async throws {
        let palms = try await Palms()
        func importScore(_ score: String, _ model: String, _ measured: String) async throws {
            try await palms.importGuests(
                "network,handle,score,score_model,score_measured_at\nnet,ana,\(score),\(model),\(measured)")
        }
        try await importScore("50", "2026.1", "2026-06-01T00:00:00Z")
        try await importScore("70", "2026.1", "2026-05-01T00:00:00Z")
        #expect(try await guest("net:ana", palms).score?.value == 50)
        // Of two with one moment the later import wins.
        try await importScore("30", "2026.2", "2026-06-01T00:00:00Z")
        let ana = try await guest("net:ana", palms)
        #expect(ana.score?.value == 30)
        #expect(ana.score?.model == "2026.2")
        #expect(try await palms.count("select count(*) from guest_score") == 3)
        await palms.close()
    }

    @Test func rowsOfOnePersonAreTakenInTheirOrder() async throws {
        let palms = try await Palms()
        let outcome = try await palms.importGuests(
            """
            network,handle,city,score,score_measured_at
            net,ana,Vienna,50,2026-06-01T00:00:00Z
            net,bo,Graz,,
            net,ANA,Linz,60,2026-06-01T00:00:00Z
            net,@ana,Linz,60,2026-06-01T00:00:00Z
            """)
        // The third row writes the handle another way than the fourth: a change of its own.
        #expect((outcome.added, outcome.updated, outcome.unchanged) == (2, 2, 0))
        let ana = try await guest("net:ana", palms)
        #expect(ana.city == "Linz")
        #expect(ana.score?.value == 60)
        await palms.close()
    }

    @Test func whatAFileLacksStaysAndAnEmptyCellIsUnknown() async throws {
        let palms = try await Palms()
        try await palms.importTopics([(1, "wine")])
        try await palms.importGuests("network,handle,city,country,topics,score\nnet,ana,Vienna,AT,wine:40,55")
        try await palms.importGuests("handle,network,country\nana,net,")
        #expect(try await guest("net:ana", palms).score?.value == 55)
        try await palms.importGuests("handle,network,score\nana,net,")
        let ana = try await guest("net:ana", palms)
        #expect(ana.score == nil)
        #expect(try await palms.count("select count(*) from guest_score") == 1)
        #expect(ana.city == "Vienna")
        #expect(ana.country == nil)
        #expect(ana.topics.count == 1)
        await palms.close()
    }

    @Test(arguments: [
        ("network,handle,nickname\nnet,ana,x", "There is no column nickname"),
        ("network\nnet", "must name the column handle"),
        ("network,handle,handle\nnet,a,b", "names a column twice"),
        ("", "The file is empty"),
    ])
    func aHeaderThatDoesNotFitIsRefused(file: String, expected: String) async throws {
        let palms = try await Palms()
        let error = await #expect(throws: PerksError.self) { try await palms.importGuests(file) }
        #expect(error?.detail.contains(expected) == true, "\(error?.detail ?? "no error")")
        await palms.close()
    }

    @Test func linesOfJSONSayTheSame() async throws {
        let palms = try await Palms()
        try await palms.importTopics([(1, "wine")])
        let lines = """
            {"network": "net", "handle": "ana", "country": "US", "score": {"value": 61.5}, "topics": [{"topic": "wine", "strength": 30}]}

            {"network": "net", "handle": "bo", "colour": "red"}
            {"network": "net"
            {"network": "net", "handle": "cy", "birth_date": "2020-01-01"}
            """
        let outcome = try await GuestImport(palms.backend, as: palms.platform, at: Palms.now)
            .run(stream(lines, chunk: 7), format: .ndjson)
        #expect((outcome.added, outcome.refusedCount) == (1, 3))
        #expect(outcome.refused.map(\.line) == [3, 4, 5])
        #expect(try await guest("net:ana", palms).topics.map(\.strength) == [30])
        await palms.close()
    }

    @Test func whoOptedOutStaysOut() async throws {
        let palms = try await Palms()
        try await palms.importGuests("network,handle,birth_date\nnet,ana,1980-01-01")
        for identity in ["net:@ANA", "net:stranger"] {
            _ = try await palms.backend.transaction(as: palms.clerk) { connection in
                try OptOut.create(.init(identity: identity), as: palms.clerk, at: Palms.now, in: connection)
            }
        }
        let outcome = try await palms.importGuests(
            "network,handle,birth_date\nnet,ana,1980-01-01\nnet,Stranger,1980-01-01\nnet,bo,1980-01-01")
        #expect((outcome.added, outcome.refusedCount) == (1, 2))
        #expect(outcome.refused.map(\.line) == [2, 3])
        let checkIn = try await palms.checkIn("net:ana")
        #expect(!checkIn.guest.known)
        #expect(checkIn.reason == "guest_unknown")
        #expect(
            try await refusal {
                _ = try await palms.backend.put(
                    try JSONValue.object([:]).decode(), for: GuestReference("net:stranger"), as: palms.platform,
                    at: Palms.now)
            } == .optedOut)
        await palms.close()
    }

    @Test func anInterruptedFileLeavesNothing() async throws {
        struct Interruption: Error {}
        let palms = try await Palms()
        let broken = AsyncThrowingStream<[UInt8], any Error> { continuation in
            continuation.yield(Array("network,handle\nnet,ana\nnet,bo\n".utf8))
            continuation.finish(throwing: Interruption())
        }
        await #expect(throws: Interruption.self) {
            try await GuestImport(palms.backend, as: palms.platform, at: Palms.now).run(Chunks(broken), format: .csv)
        }
        #expect(try await palms.count("select count(*) from guest") == 0)
        try await palms.importGuests("network,handle\nnet,ana\nnet,bo")
        #expect(try await palms.count("select count(*) from guest") == 2)
        await palms.close()
    }

    @Test func twoImportsOfTheSamePeopleAtOnceMakeThemOnce() async throws {
        let palms = try await Palms()
        let people = (0..<500).map { "net,g\($0),\($0)" }
        let outcomes = try await withThrowingTaskGroup(of: GuestImport.Outcome.self) { group in
            for order in [people, people.reversed(), people.shuffled()] {
                group.addTask {
                    try await palms.importGuests((["network,handle,reach"] + order).joined(separator: "\n"))
                }
            }
            return try await group.reduce(into: [GuestImport.Outcome]()) { $0.append($1) }
        }
        #expect(outcomes.reduce(0) { $0 + $1.added } == 500)
        #expect(try await palms.count("select count(*) from guest") == 500)
        #expect(try await palms.count("select count(*) from identity") == 500)
        await palms.close()
    }

    @Test(.enabled(if: hasSharedData, "the 20,000 guests are not at hand"))
    func theTwentyThousandGuestsLoad() async throws {
        let palms = try await Palms()
        let topics = try ["topics.csv", "edges.csv"].map {
            try String(contentsOf: sharedData.appendingPathComponent("topics/\($0)"), encoding: .utf8)
        }.joined(separator: "\n")
        _ = try await TopicImport(palms.backend, as: palms.platform, at: Palms.now).run(stream(topics, chunk: 65_536))
        let guests = try String(contentsOf: sharedData.appendingPathComponent("guests/guests.csv"), encoding: .utf8)
        let outcome = try await GuestImport(palms.backend, as: palms.platform, at: Palms.now)
            .run(stream(guests, chunk: 65_536), format: .csv)
        #expect((outcome.added, outcome.refusedCount) == (20_000, 0), "\(outcome.refused.prefix(3))")
        #expect(try await guest("twitter:guest_3670", palms).score?.value == Decimal(string: "77.69"))
        await palms.close()
    }

    private func guest(_ reference: String, _ palms: Palms) async throws -> Guest {
        let reference = try GuestReference(reference)
        return try await palms.backend.transaction(as: palms.platform) { connection in
            try Guest.find(reference, as: palms.platform, in: connection)
        }
    }

    /// A throwing stream as an import takes it.
    private struct Chunks: AsyncSequence, Sendable {
        let stream: AsyncThrowingStream<[UInt8], any Error>

        init(_ stream: AsyncThrowingStream<[UInt8], any Error>) {
            self.stream = stream
        }

        func makeAsyncIterator() -> AsyncThrowingStream<[UInt8], any Error>.Iterator {
            stream.makeAsyncIterator()
        }
    }
}
