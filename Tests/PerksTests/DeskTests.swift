import Foundation
import Postgres
import Testing

@testable import Perks

@Suite struct DeskTests {
    /// Holds the brand up until so many requests of a body have queued behind its first one.
    private func queueing<Result: Sendable>(
        _ count: Int, in palms: Palms, _ body: @Sendable @escaping () async throws -> Result
    ) async throws -> Result {
        let (locked, isLocked) = AsyncStream.makeStream(of: Void.self)
        let allQueued = DispatchSemaphore(value: 0)
        let brand = try #require(palms.owner.brand).id
        let other = Palms.backend(palms.url, connections: 1)
        async let holding: Void = other.transaction(as: palms.owner) { connection in
            try Catalogue.lockForChange(of: brand, in: connection)
            isLocked.yield()
            // The body of a transaction runs on a thread of its own, which may wait.
            allQueued.wait()
        }
        _ = await locked.first { _ in true }
        async let result = body()
        while await palms.backend.desk.waiting < count { await Task.yield() }
        allQueued.signal()
        try await holding
        await other.database.close()
        return try await result
    }

    @Test func whatIsWrongWithOneRequestIsNoNeighboursFault() async throws {
        let palms = try await Palms()
        try await palms.makeCampaign()
        try await palms.makePerk { $0.stock = 25 }
        try await palms.makePerk("drink")
        try await palms.importCrowd(31)
        // PostgreSQL keeps no NUL in JSON: the whole batch fails with it, and is taken apart.
        let bad = try #require(IdempotencyKey("bad"))
        let codes = try await queueing(30, in: palms) {
            try await withThrowingTaskGroup(of: (Int, PerksError.Code?).self) { group in
                for guest in 0..<30 {
                    group.addTask {
                        (guest, try await refusal { _ = try await palms.redeem("net:g\(guest)", key: "\(guest)") })
                    }
                }
                group.addTask {
                    let code = try await refusal {
                        _ = try await palms.backend.redeem(
                            .init(
                                guest: "net:g30", perk: "drink", venue: "las-vegas",
                                order: .init(reference: "a\u{0}b")), key: bad, as: palms.owner, at: Palms.now)
                    }
                    return (-1, code)
                }
                return try await group.reduce(into: [(Int, PerksError.Code?)]()) { $0.append($1) }
            }
        }
        #expect(codes.first { $0.0 == -1 }?.1 == .invalidRequest)
        #expect(codes.count { $0.1 == nil } == 25)
        #expect(codes.count { $0.1 == .soldOut } == 5)
        #expect(try await palms.count("select count(*) from claim") == 25)
        #expect(try await palms.count("select remaining as count from perk_stock") == 0)
        await palms.close()
    }

    @Test func aBatchDecidesEachAsIfItCameAlone() async throws {
        let palms = try await Palms()
        try await palms.makeCampaign { $0.budget = .init(amount: 1000, currency: "USD") }
        try await palms.makePerk {
            $0.stock = 7
            $0.cost = 200
            $0.perGuest = .init(limit: 2, period: .day)
        }
        try await palms.importCrowd(3)
        // Each guest asks four times, twice with each key: two units at most, one answer a key.
        let answers = try await queueing(23, in: palms) {
            try await withThrowingTaskGroup(of: (String, ID<Redemption>?, PerksError.Code?).self) { group in
                for (guest, attempt) in (0..<3).flatMap({ guest in (0..<8).map { (guest, $0 / 2) } }) {
                    group.addTask {
                        let key = "\(guest)-\(attempt)"
                        do {
                            return (key, try await palms.redeem("net:g\(guest)", key: key).answer.id, nil)
                        } catch let error as PerksError {
                            return (key, nil, error.code)
                        }
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
        }
        // The budget is for five; who comes when is for the queue to say.
        let given = Dictionary(grouping: answers.filter { $0.1 != nil }, by: \.0)
        #expect(given.count == 5)
        #expect(given.values.allSatisfy { Set($0.map(\.1)).count == 1 })
        #expect(Set(answers.compactMap(\.2)).isSubset(of: [.limitReached, .budgetSpent]))
        #expect(try await palms.count("select count(*) from claim") == 5)
        #expect(try await palms.count("select remaining as count from perk_stock") == 2)
        #expect(try await palms.count("select remaining_amount as count from campaign_budget") == 0)
        #expect(
            try await palms.count("select max(n) as count from (select count(*) n from claim group by guest_id) c") == 2
        )
        await palms.close()
    }

    @Test func whoGoesAwayHasBeenServed() async throws {
        let palms = try await Palms()
        try await palms.makeCampaign()
        try await palms.makePerk()
        try await palms.importCrowd(2)
        try await queueing(1, in: palms) {
            let gone = Task { try await palms.redeem("net:g0", key: "gone") }
            gone.cancel()
            _ = try await palms.redeem("net:g1", key: "stays")
            _ = await gone.result
        }
        let replay = try await palms.redeem("net:g0", key: "gone")
        #expect(replay.isReplay)
        #expect(try await palms.count("select count(*) from claim") == 2)
        await palms.close()
    }

    @Test func aCheckInWithAKeyIsRecordedOnce() async throws {
        let palms = try await Palms()
        try await palms.makeCampaign()
        try await palms.makePerk()
        try await palms.importCrowd(2)
        let key = try #require(IdempotencyKey("visit"))
        @Sendable func visit(_ guest: String, now: Timestamp = Palms.now) async throws -> Replayable<CheckIn> {
            try await palms.backend.checkIn(
                .init(guest: guest, venue: "las-vegas"), key: key, as: palms.clerk, at: now)
        }
        let answers = try await queueing(9, in: palms) {
            try await withThrowingTaskGroup(of: Replayable<CheckIn>.self) { group in
                for _ in 0..<10 { group.addTask { try await visit("net:g0") } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
        }
        #expect(answers.count { !$0.isReplay } == 1)
        #expect(Set(try answers.map { try JSON.encoder.encode($0.answer) }).count == 1)
        #expect(try await refusal { _ = try await visit("net:g1") } == .idempotencyKeyReused)
        #expect(try await refusal { _ = try await palms.redeem("net:g0", key: "visit") } == .idempotencyKeyReused)
        #expect(try await palms.count("select count(*) from check_in") == 1)
        // After a week the key is as good as new.
        #expect(try await visit("net:g1", now: Palms.now.adding(seconds: 7 * 86_400)).isReplay == false)
        #expect(try await palms.count("select count(*) from check_in") == 2)
        await palms.close()
    }

    /// The key is written before the unit, in the same transaction: what fails in between leaves neither.
    @Test func whatFailsLeavesNoKey() async throws {
        let palms = try await Palms()
        try await palms.makeCampaign()
        try await palms.makePerk { $0.stock = 1 }
        try await palms.importCrowd(1)
        let key = try #require(IdempotencyKey("one"))
        // PostgreSQL keeps no NUL in JSON, which it notices where the unit is written.
        let bad = Redemption.Draft(
            guest: "net:g0", perk: "suite-upgrade", venue: "las-vegas", order: .init(reference: "a\u{0}b"))
        #expect(
            try await refusal { _ = try await palms.backend.redeem(bad, key: key, as: palms.owner, at: Palms.now) }
                == .invalidRequest)
        #expect(try await palms.count("select count(*) from idempotency_key") == 0)
        #expect(try await palms.count("select count(*) from claim") == 0)
        #expect(try await palms.redeem("net:g0", key: "one").isReplay == false)
        try await palms.expectInvariants()
        await palms.close()
    }

    @Test func aCommitThatIsInDoubtIsDoneAgain() async throws {
        let palms = try await Palms()
        try await palms.makeCampaign()
        try await palms.makePerk { $0.stock = 1 }
        try await palms.importCrowd(1)
        let database = Database(.init(url: palms.url, maximumConnections: 1), logger: Palms.logger)
        // The first connection that commits a unit is lost doing so; a sequence counts what is rolled back, too.
        try await database.session { connection in
            try connection.script(
                """
                create sequence commits;
                create function die_once() returns trigger language plpgsql security definer as $$
                begin
                    if nextval('public.commits') = 1 then perform pg_terminate_backend(pg_backend_pid()); end if;
                    return null;
                end $$;
                create constraint trigger last after insert on claim deferrable initially deferred
                    for each row execute function die_once();
                """)
        }
        #expect(try await palms.redeem("net:g0", key: "one").isReplay == false)
        let commits: Int = try await database.read("select last_value from commits")[0]["last_value"]
        #expect(commits == 2)
        await database.close()
        try await palms.expectInvariants()
        await palms.close()
    }

    /// As when the answer to COMMIT is lost: what is found of itself is the first answer, not a replay.
    @Test func whatWasKeptAfterAllIsAnsweredAsNew() async throws {
        let palms = try await Palms()
        try await palms.makeCampaign()
        try await palms.makePerk()
        try await palms.importCrowd(1)
        let draft = Redemption.Draft(guest: "net:g0", perk: "suite-upgrade", venue: "las-vegas")
        let key = try #require(IdempotencyKey("one"))
        let request = Desk.Request(
            .redemption(draft), try Idempotency(key, "POST", "/v1/redemptions", body: draft), as: palms.owner,
            at: Palms.now)
        try await palms.backend.transaction(as: palms.owner) { connection in
            _ = try DeskBatch.answer([request], palms.backend.catalogues, in: connection)
        }
        #expect(try await palms.backend.desk.answer(request).isReplay == false)
        #expect(try await palms.redeem("net:g0", key: "one").isReplay)
        #expect(try await palms.count("select count(*) from claim") == 1)
        await palms.close()
    }
}
