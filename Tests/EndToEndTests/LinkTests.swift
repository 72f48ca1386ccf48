import Foundation
import Glibc
import Logging
import Perks
import Postgres
import Synchronization
import Testing

extension EndToEnd {
    /// Links that many follow at once, while the server is killed or stopped or its database is away.
    struct LinkTests {
        @Test(.timeLimit(.minutes(30))) func aServerThatIsKilledLosesNoClickButOfTheLastSecondAndNoConversion()
            async throws
        {
            let (desk, key) = try await Desk.staffed()
            let server = try await Server.start(desk, key: key)
            let client = Client()
            let (seen, end) = try await loadUntilItEnds(server, client, by: SIGKILL)
            #expect(await server.program.end().status == 128 + SIGKILL)
            try await client.close()

            let recorded = try await clicks(of: desk)
            // On a machine of its own a second is enough; this runs beside hundreds of other tests.
            let owed = seen.clicks.filter { $0.value < end - .seconds(3) }.keys
            #expect(owed.count > 100)
            #expect(Set(owed).subtracting(recorded).isEmpty)
            // Whoever was being answered at that moment may be among the recorded, and nobody else.
            #expect(Set(recorded).subtracting(seen.clicks.keys).count <= Followers.clients)
            #expect(Set(recorded).count == recorded.count)
            #expect(Set(seen.conversions.keys).subtracting(recorded).isEmpty)

            try await Server.run(desk, key: key) { server, client in
                for (click, conversion) in seen.conversions {
                    let again = try await client.send(server.conversion(of: click))
                    #expect(again.status == 201)
                    #expect(again.isReplay)
                    #expect(again.json["id"].text == conversion)
                }
            }
            let kept = try await conversions(of: desk)
            #expect(Set(seen.conversions.values).subtracting(kept).isEmpty)
            #expect(kept.count <= seen.conversions.count + Followers.converters)
            #expect(seen.refusals.isEmpty, "\(seen.refusals.first ?? "")")
            try await desk.done("doctor", "--deep")
        }

        @Test(.timeLimit(.minutes(30))) func aServerThatIsToldToStopLosesNoClick() async throws {
            let (desk, key) = try await Desk.staffed()
            let server = try await Server.start(desk, key: key)
            let client = Client()
            let (seen, _) = try await loadUntilItEnds(server, client, by: SIGTERM)
            #expect(await server.program.end().status == 0)
            try await client.close()
            let recorded = try await clicks(of: desk)
            #expect(Set(seen.clicks.keys).subtracting(recorded).isEmpty)
            #expect(Set(recorded).subtracting(seen.clicks.keys).count <= Followers.clients)
            #expect(Set(recorded).count == recorded.count)
            #expect(Set(seen.conversions.values).subtracting(try await conversions(of: desk)).isEmpty)
            #expect(seen.refusals.isEmpty, "\(seen.refusals.first ?? "")")
        }

        @Test(.timeLimit(.minutes(30)), arguments: [true, false]) func linksThatAreRememberedLeadOnWithoutTheDatabase(
            politely: Bool
        ) async throws {
            let program = try Program()
            try await withPrivateDatabase(of: program) {
                try await Desk(program: program).prepare()
                let desk = program.with(["PERKS_BRAND": "palms"])
                try await Server.run(desk, key: try await desk.manager()) { server, client in
                    let followers = try await Followers(of: 20, server, client)
                    try await untilRemembered(followers, desk)
                    let before = followers.seen
                    let hasBegun = Mutex(false)
                    let isDown = Mutex(false)
                    let whileDown = Mutex(0)
                    try await followers.follow { progress in
                        let isFirst = hasBegun.withLock { hasBegun in
                            guard !hasBegun, progress.clicks >= before.clicks.count + 200 else { return false }
                            hasBegun = true
                            return true
                        }
                        if isFirst {
                            try await desk.stopDatabase(politely: politely)
                            isDown.withLock { $0 = true }
                        }
                        guard isDown.withLock({ $0 }) else { return false }
                        return whileDown.withLock { whileDown in
                            whileDown += 1
                            return whileDown >= 200
                        }
                    }
                    let seen = followers.seen
                    #expect(whileDown.withLock { $0 } >= 200)
                    #expect(seen.refusals.count == before.refusals.count, "\(seen.refusals.last ?? "")")
                    // Backends outlive a killed server for as long as they have work.
                    while try await client.send(server.readiness).status == 200 {}
                    try await desk.done("database", "start")
                    // Whoever converts after a click waits until it and all before it are recorded.
                    let last = try #require(seen.clicks.max { $0.value < $1.value }?.key)
                    while try await client.send(server.conversion(of: last)).status != 201 {}
                    let recorded = try await clicks(of: desk)
                    #expect(recorded.count == seen.clicks.count)
                    #expect(Set(recorded) == Set(seen.clicks.keys))
                }
                try await desk.done("doctor", "--deep")
            }
        }

        /// Follows links, and converts after that, until a signal has ended the server: some seconds after it began.
        ///
        /// Answers what was seen, and when the signal was sent.
        private func loadUntilItEnds(
            _ server: Server, _ client: Client, by signal: Int32
        ) async throws -> (seen: Followers.Seen, end: ContinuousClock.Instant) {
            let followers = try await Followers(of: 40, server, client)
            let end = Mutex<ContinuousClock.Instant?>(nil)
            async let converting: Void = followers.convert()
            try await followers.follow { progress in
                end.withLock { end in
                    guard end == nil, progress.elapsed > .seconds(6), progress.conversions >= Followers.converters
                    else { return }
                    end = .now
                    server.program.signal(signal)
                }
                return false
            }
            await converting
            return (followers.seen, try #require(end.withLock { $0 }, "The server ended by itself."))
        }

        /// Follows links until each is answered without the database.
        private func untilRemembered(_ followers: Followers, _ desk: Program) async throws {
            var refusals: Int
            repeat {
                try await followers.followEach()
                refusals = followers.seen.refusals.count
                try await withDatabase(of: desk) { connection in
                    try connection.script("revoke execute on function find_links(text[]) from perks_app")
                }
                try await followers.followEach()
                try await withDatabase(of: desk) { connection in
                    try connection.script("grant execute on function find_links(text[]) to perks_app")
                }
            } while followers.seen.refusals.count > refusals
        }

        private func clicks(of desk: Program) async throws -> [String] {
            try await withDatabase(of: desk) { connection in
                try connection.query("select id from click").map { "\(try $0["id"] as ID<Click>)" }
            }
        }

        private func conversions(of desk: Program) async throws -> [String] {
            try await desk.done("conversion", "list", "--all", "-o", "ndjson").lines
                .compactMap { JSON(parsing: $0)["id"].text }
        }

        /// Lends a connection to the database that a program uses.
        private func withDatabase<Result: Sendable>(
            of program: Program, _ body: @Sendable (isolated Connection) throws -> Result
        ) async throws -> Result {
            var url = program.environment["DATABASE_URL"]
            if url == nil { url = try await program.done("database", "status", "-o", "json").json["uri"].text }
            let database = Database(
                .init(url: try #require(url), maximumConnections: 1),
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            do {
                let result = try await database.session(body)
                await database.close()
                return result
            } catch {
                await database.close()
                throw error
            }
        }
    }
}
