import Dispatch
import Foundation
import Logging
import Postgres
import Testing

@testable import Perks
@testable import PerksServer

@Suite struct IdempotencyTests {
    private static let bar = #"{"slug": "bar", "name": "Bar", "country": "US"}"#
    private static let other = #"{"slug": "other", "name": "Other"}"#

    // MARK: The same request

    @Test func theSameRequestGetsTheSameAnswer() async throws {
        try await RunningServer.run { server in
            let first = try await server.create("/v1/venues", Self.bar, key: "v-1")
            #expect(first.status == 201)
            #expect(first["Idempotent-Replayed"] == nil)
            for (key, json) in [
                ("v-1", Self.bar), ("\"v-1\"", Self.bar),
                ("v-1", "\n{\"country\" :\"US\",\t\"name\":\"B\\u0061r\",\"slug\":\"bar\"} "),
            ] {
                let again = try await server.create("/v1/venues", json, key: key)
                #expect(again.status == 201)
                #expect(again.body == first.body)
                #expect(again["Location"] == first["Location"])
                #expect(again["Content-Type"] == "application/json")
                #expect(again["Idempotent-Replayed"] == "true")
            }
            #expect(try await server.send("GET", "/v1/venues").json["data"]?.array.count == 1)
        }
    }

    @Test func theAnswerIsReplayedAsItWasEvenWhereTheObjectHasChanged() async throws {
        try await RunningServer.run { server in
            let first = try await server.create("/v1/venues", Self.bar, key: "v-1")
            try await server.send("PATCH", "/v1/venues/bar", #"{"slug": "lounge", "name": "Lounge"}"#)
            #expect(try await server.create("/v1/venues", Self.bar, key: "v-1").body == first.body)
            #expect(try await server.create("/v1/venues", Self.bar, key: "v-2")["Idempotent-Replayed"] == nil)
        }
    }

    @Test func anotherRequestIsRefused() async throws {
        try await RunningServer.run { server in
            try await server.create("/v1/venues", Self.bar, key: "k")
            for (path, json) in [
                ("/v1/venues", Self.other), ("/v1/venues", #"{"slug": "bar", "name": "Bar"}"#),
                ("/v1/keys", #"{"role": "clerk", "label": "Till"}"#), ("/v1/campaigns", Self.other),
            ] {
                let answered = try await server.create(path, json, key: "k")
                #expect(answered.status == 422, "\(path) \(json)")
                #expect(answered.code == "idempotency_key_reused")
            }
            #expect(try await server.create("/v1/venues", Self.bar, key: "K").code == "slug_taken")
            #expect(try await server.send("GET", "/v1/venues").json["data"]?.array.count == 1)
            #expect(try await server.send("GET", "/v1/campaigns").json["data"]?.array.isEmpty == true)
        }
    }

    @Test func everyBrandHasKeysOfItsOwn() async throws {
        try await RunningServer.run { server in
            let own = try await server.create("/v1/venues", Self.bar, key: "k")
            let header = [("Idempotency-Key", "k")]
            let rival = try await server.send("POST", "/v1/venues", key: server.rivalKey, Self.bar, headers: header)
            #expect(rival.status == 201 && rival["Idempotent-Replayed"] == nil && rival.body != own.body)
            // An operator that names no brand has its own, too.
            let operatorKey = server.headers(.operator)[0].1.replacing("Bearer ", with: "")
            let draft = #"{"slug": "new", "name": "New", "country": "US", "time_zone": "UTC"}"#
            let brand = try await server.send("POST", "/v1/brands", key: operatorKey, draft, headers: header)
            let again = try await server.send("POST", "/v1/brands", key: operatorKey, draft, headers: header)
            #expect(brand.status == 201 && brand["Idempotent-Replayed"] == nil)
            #expect(again.body == brand.body && again["Idempotent-Replayed"] == "true")
        }
    }

    @Test func ofTwentyAtOnceOneCreates() async throws {
        try await RunningServer.run { server in
            let answers = try await withThrowingTaskGroup(of: Answered.self) { group in
                for _ in 1...20 {
                    group.addTask { try await server.create("/v1/venues", Self.bar, key: "k") }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            for answer in answers { #expect(answer.status == 201, "\(answer.text)") }
            #expect(Set(answers.map(\.body)).count == 1)
            #expect(answers.count { $0["Idempotent-Replayed"] == nil } == 1)
            #expect(try await server.rows("select slug from venue") == ["bar"])
            #expect(try await server.rows("select action from audit_event where action = 'venue.create'").count == 1)
        }
    }

    @Test func aRefusalBindsNothing() async throws {
        try await RunningServer.run { server in
            try await server.create("/v1/venues", Self.bar, key: "1")
            #expect(try await server.create("/v1/venues", Self.bar, key: "2").code == "slug_taken")
            #expect(try await server.create("/v1/venues", #"{"slug": "?"}"#, key: "2").code == "invalid_request")
            #expect(try await server.rows("select key from idempotency_key") == ["1"])
            #expect(try await server.create("/v1/venues", Self.other, key: "2").status == 201)
        }
    }

    @Test func afterSevenDaysAKeyIsNew() async throws {
        try await RunningServer.run { server in
            let first = try await server.create("/v1/venues", Self.bar, key: "k")
            server.clock.advance(seconds: 7 * 86_400 - 60)
            #expect(try await server.create("/v1/venues", Self.bar, key: "k").body == first.body)
            server.clock.advance(seconds: 60)
            #expect(try await server.create("/v1/venues", Self.bar, key: "k").code == "slug_taken")
            let next = try await server.create("/v1/venues", Self.other, key: "k")
            #expect(next.status == 201 && next["Idempotent-Replayed"] == nil)
            #expect(try await server.create("/v1/venues", Self.other, key: "k").body == next.body)
            #expect(try await server.create("/v1/venues", Self.bar, key: "k").status == 422)
        }
    }

    @Test(arguments: ["", "two words", "é", String(repeating: "k", count: 256)])
    func aMalformedKeyIsRefused(key: String) async throws {
        try await RunningServer.run { server in
            let answered = try await server.create("/v1/venues", Self.bar, key: key)
            #expect(answered.status == 400)
            #expect(answered.json["errors"]?.array.first?["pointer"] == "Idempotency-Key")
            #expect(try await server.rows("select slug from venue").isEmpty)
            // What is worked out anew each time has no use for a key.
            let estimate = try await server.create("/v1/audience-estimates", #"{"rule_text": "reach >= 1"}"#, key: key)
            #expect(estimate.status == 200)
        }
    }

    // MARK: At the same time, and after a crash

    @Test func aRepeatWaitsForTheFirstToEnd() async throws {
        try await RunningServer.run { server in
            let begun = AsyncStream<Void>.makeStream()
            async let repeated: Answered = {
                for await _ in begun.stream { break }
                return try await server.create("/v1/venues", Self.bar, key: "k")
            }()
            try await server.createVenue(Self.bar, key: "k") { connection in
                begun.continuation.yield()
                while try connection.query(Self.waiting).isEmpty {}
            }
            let (status, replayed) = (try await repeated.status, try await repeated["Idempotent-Replayed"])
            #expect(status == 201 && replayed == "true")
            #expect(try await server.rows("select slug from venue") == ["bar"])
        }
    }

    @Test func aRepeatDoesNotWaitForEver() async throws {
        try await RunningServer.run { server in
            let begun = AsyncStream<Void>.makeStream()
            let answered = DispatchSemaphore(value: 0)
            async let repeated: Answered = {
                for await _ in begun.stream { break }
                defer { answered.signal() }
                return try await server.create("/v1/venues", Self.bar, key: "k")
            }()
            try await server.createVenue(Self.bar, key: "k") { _ in
                begun.continuation.yield()
                answered.wait()
            }
            let refused = try await repeated
            #expect(refused.status == 409)
            #expect(refused.code == "idempotency_key_in_flight")
            #expect(refused["Retry-After"] != nil)
            let later = try await server.create("/v1/venues", Self.bar, key: "k")
            #expect(later.status == 201 && later["Idempotent-Replayed"] == "true")
        }
    }

    @Test func anAnswerThatGotLostIsGivenByTheNextServer() async throws {
        try await RunningServer.run { server in
            let first = try await server.create("/v1/venues", Self.bar, key: "k")
            try await RunningServer.run(on: .left(by: server)) { next in
                let again = try await next.create("/v1/venues", Self.bar, key: "k")
                #expect(again.body == first.body && again["Location"] == first["Location"])
                #expect(again["Idempotent-Replayed"] == "true")
                #expect(try await next.create("/v1/venues", Self.other, key: "k").status == 422)
            }
        }
    }

    @Test func aRequestThatACrashCutOffIsDoneByItsRepeat() async throws {
        try await RunningServer.run { server in
            let begun = AsyncStream<Void>.makeStream()
            async let cutOff: Answered = {
                for await _ in begun.stream { break }
                return try await server.create("/v1/venues", Self.bar, key: "k")
            }()
            try await server.outside { database in
                try await database.transaction { connection in
                    try connection.query("select from brand where slug = 'palms' for update")
                    begun.continuation.yield()
                    let cut: Query = "select pg_terminate_backend(pid) from (\(fragment: Self.waiting)) w"
                    while try connection.query(cut).isEmpty {}
                }
            }
            let code = try await cutOff.code
            #expect(code == "unavailable")
            try await RunningServer.run(on: .left(by: server)) { next in
                let done = try await next.create("/v1/venues", Self.bar, key: "k")
                #expect(done.status == 201 && done["Idempotent-Replayed"] == nil)
                #expect(try await next.create("/v1/venues", Self.bar, key: "k").body == done.body)
                #expect(try await next.rows("select slug from venue") == ["bar"])
            }
        }
    }

    /// Who waits for a lock that this transaction holds.
    private static let waiting: Query = """
        select pid from pg_locks where not granted and pg_backend_pid() = any (pg_blocking_pids(pid))
        """

    // MARK: What must not be kept

    @Test func aKeysSecretIsNeitherKeptNorRepeated() async throws {
        try await RunningServer.run { server in
            let draft = #"{"role": "clerk", "label": "Till"}"#
            let first = try await server.create("/v1/keys", draft, key: "k")
            let secret = try #require(first.json["secret"]?.string)
            let again = try await server.create("/v1/keys", draft, key: "k")
            #expect(again.status == 201 && again["Idempotent-Replayed"] == "true")
            #expect(again["Location"] == first["Location"])
            #expect(again.json["secret"] == nil)
            #expect(again.json.members == first.json.members.filter { $0.key != "secret" })
            #expect(try await server.rows("select label from api_key where label = 'Till'").count == 1)
            let kept = try await server.rows("select k::text from idempotency_key k")
            let id = try #require(first.json["id"]?.string)
            #expect(kept.count == 1 && kept[0].contains(id))
            #expect(!kept[0].contains(secret) && !kept[0].contains("secret"))
        }
    }

    @Test func whoOptsOutIsNamedNowhere() async throws {
        try await RunningServer.run { server in
            let draft = #"{"identity": "twitter:Ana_W"}"#
            let first = try await server.create("/v1/opt-outs", draft, key: "k")
            #expect(first.status == 201)
            server.clock.advance(seconds: 60)
            let again = try await server.create("/v1/opt-outs", draft, key: "k")
            #expect(again.body == first.body)
            #expect(again["Idempotent-Replayed"] == "true")
            // Nobody is taken for somebody else who has opted out.
            #expect(try await server.create("/v1/opt-outs", #"{"identity": "twitter:ben"}"#, key: "k").status == 422)
            let request = try JSONValue(parsing: Data(draft.utf8))
            let guess = try Idempotency(#require(IdempotencyKey("k")), "POST", "/v1/opt-outs", body: request)
            let hash = guess.fingerprint.map { String(0x100 | UInt32($0), radix: 16).dropFirst() }.joined()
            let kept = try await server.rows("select k::text from idempotency_key k")
            #expect(kept.count == 1 && kept[0].contains("opted_out_at"))
            #expect(!kept[0].lowercased().contains("ana_w") && !kept[0].contains(hash))
        }
    }

    @Test func theAnswerAboutAGuestIsForgottenWithTheGuest() async throws {
        try await RunningServer.run { server in
            try await server.open()
            let (path, draft) = ("/v1/guests/twitter:ana_w/identities", #"{"network": "web", "handle": "ana"}"#)
            let first = try await server.create(path, draft, key: "k", as: .operator)
            let again = try await server.create(path, draft, key: "k", as: .operator)
            #expect(first.status == 201 && again.body == first.body && again["Idempotent-Replayed"] == "true")
            #expect(try await server.rows("select key from idempotency_key where answer like '%ana_w%'") == ["k"])
            try await server.send("DELETE", "/v1/guests/web:ana", as: .operator)
            #expect(try await server.rows("select key from idempotency_key").isEmpty)
            #expect(try await server.create(path, draft, key: "k", as: .operator).code == "guest_not_found")
        }
    }

    // MARK: Units

    @Test func aReversalIsAnsweredAgain() async throws {
        try await RunningServer.run { server in
            try await server.open()
            let path = try #require(try await server.redeem("twitter:ana_w", key: "1")["Location"]) + "/reversal"
            let first = try await server.create(path, #"{"reason": "guest left"}"#, key: "2")
            let again = try await server.create(path, #"{"reason": "guest left"}"#, key: "2")
            #expect(again.status == 201 && again.body == first.body && again["Location"] == first["Location"])
            #expect(again["Idempotent-Replayed"] == "true")
            #expect(try await server.create(path, #"{"reason": "x"}"#, key: "2").status == 422)
            #expect(try await server.create(path, #"{"reason": "guest left"}"#, key: "3").code == "already_reversed")
            #expect(try await server.send("GET", "/v1/perks/suite-upgrade").json["remaining"] == 2)
        }
    }

    @Test func theKeyOfARedemptionIsGoodForNothingElse() async throws {
        try await RunningServer.run { server in
            try await server.open()
            let redemption = try await server.redeem("twitter:ana_w", key: "k")
            #expect(redemption.status == 201)
            // It is bound for ever.
            server.clock.advance(seconds: 8 * 86_400)
            #expect(try await server.create("/v1/venues", Self.bar, key: "k").code == "idempotency_key_reused")
            #expect(try await server.redeem("twitter:ana_w", key: "k").body == redemption.body)
        }
    }
}

extension RunningServer {
    /// Asks for something to be created, with a key.
    @discardableResult
    fileprivate func create(
        _ path: String, _ json: String, key: String, as role: Role = .owner
    ) async throws -> Answered {
        try await send("POST", path, as: role, json, headers: [("Idempotency-Key", key)])
    }

    /// Creates a venue as the server would, and does something more before it is committed.
    fileprivate func createVenue(
        _ json: String, key: String, beforeCommit: @Sendable (isolated Connection) throws -> Void
    ) async throws {
        let request = try JSONValue(parsing: Data(json.utf8))
        let draft = try Venue.Draft(validating: request)
        let idempotency = try Idempotency(#require(IdempotencyKey(key)), "POST", "/v1/venues", body: request)
        let platform = Principal(role: .operator, actor: "test", brand: nil)
        let brand = try await backend.transaction(as: platform) { connection in
            try Brand.find(.slug("palms"), as: platform, in: connection)
        }
        let owner = Principal(role: .owner, actor: "test", brand: brand)
        let now = clock.now()
        try await backend.transaction(as: owner) { connection in
            _ = try CreationAnswer.creating(
                by: request, idempotency, at: { (venue: Venue) in "/v1/venues/\(venue.id)" }, as: owner, at: now,
                in: connection
            ) {
                let venue = try Venue.create(draft, as: owner, at: now, in: connection)
                try beforeCommit(connection)
                return venue
            }
        }
    }

    /// Lends the database behind every policy.
    fileprivate func outside<Result: Sendable>(
        _ body: (Postgres.Database) async throws -> Result
    ) async throws -> Result {
        let database = Postgres.Database(
            .init(url: url, maximumConnections: 1), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        do {
            let result = try await body(database)
            await database.close()
            return result
        } catch {
            await database.close()
            throw error
        }
    }

    /// A column of text out of the whole database.
    fileprivate func rows(_ query: Query) async throws -> [String] {
        try await outside { database in
            try await database.read("select line from (\(fragment: query)) q (line)").map { try $0["line"] }
        }
    }
}
