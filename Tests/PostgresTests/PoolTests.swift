import Logging
import ServiceLifecycle
import TestDatabase
import Testing

@testable import Postgres

/// Connections are few, and whoever waits longest is served first.
@Suite(.timeLimit(.minutes(30))) struct PoolTests {
    private func soon() -> ContinuousClock.Instant { .now + .seconds(30) }

    /// Returns when that many callers wait.
    private func wait(for count: Int, in pool: Pool) async {
        while pool.waiting != count { await Task.yield() }
    }

    @Test func manyTasksShareFewConnections() async throws {
        try await withDatabase { database in
            let pids = try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<64 {
                    group.addTask {
                        try await database.transaction { connection in
                            let row = try connection.query("select \(number) as n, pg_backend_pid() as pid").first
                            #expect(try row?["n"] == number)
                            return try row?["pid"] ?? 0
                        }
                    }
                }
                return try await group.reduce(into: Set<Int>()) { $0.insert($1) }
            }
            #expect(pids.count <= 4 && !pids.contains(0))
        }
    }

    @Test func callersAreServedInOrder() async throws {
        try await withDatabase({ $0.maximumConnections = 1 }) { database in
            let pool = database.pool
            let held = try await pool.acquire(before: soon())
            let (order, served) = AsyncStream.makeStream(of: Int.self)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<20 {
                    group.addTask {
                        try await database.transaction { _ in _ = served.yield(number) }
                    }
                    await wait(for: number + 1, in: pool)
                }
                pool.release(held, isReusable: true)
                try await group.waitForAll()
            }
            served.finish()
            let numbers = await order.reduce(into: []) { $0.append($1) }
            #expect(numbers == Array(0..<20))
        }
    }

    @Test func waitingHasAnEnd() async throws {
        try await withDatabase({
            $0.maximumConnections = 1
            $0.acquireTimeout = .milliseconds(50)
        }) { database in
            let held = try await database.pool.acquire(before: soon())
            let error = try await failure { try await database.read("select 1") }
            #expect(error.kind == .overloaded)
            #expect(database.pool.waiting == 0)
            database.pool.release(held, isReusable: true)
            let one: Int = try await database.value("select 1")
            #expect(one == 1)
        }
    }

    @Test func aCancelledCallerLeavesTheQueue() async throws {
        try await withDatabase({ $0.maximumConnections = 1 }) { database in
            let pool = database.pool
            let held = try await pool.acquire(before: soon())
            let cancelled = Task { try await database.read("select 1") }
            await wait(for: 1, in: pool)
            let patient = Task { try await database.read("select 2") }
            await wait(for: 2, in: pool)
            cancelled.cancel()
            await #expect(throws: CancellationError.self) { try await cancelled.value }
            #expect(pool.waiting == 1)
            pool.release(held, isReusable: true)
            #expect(try await patient.value.count == 1)
        }
    }

    @Test func aRunningTransactionIsNotCancelled() async throws {
        try await withDatabase { database in
            try await database.session { try $0.script("create table t (id int8)") }
            let (started, start) = AsyncStream.makeStream(of: Void.self)
            let task = Task {
                try await database.transaction { connection in
                    start.yield()
                    while !Task.isCancelled { try connection.query("select 1") }
                    try connection.execute("insert into t values (1)")
                }
            }
            _ = await started.first { _ in true }
            task.cancel()
            try await task.value
            let count: Int = try await database.value("select count(*) from t")
            #expect(count == 1)
        }
    }

    @Test func aConnectionThatServedLongEnoughIsReplaced() async throws {
        try await withDatabase({
            $0.maximumConnections = 1
            $0.connectionLifetime = .zero
        }) { database in
            let first: Int = try await database.value("select pg_backend_pid()")
            let second: Int = try await database.value("select pg_backend_pid()")
            #expect(first != second)
        }
    }

    @Test func closingWaitsForWhatIsInUseAndRefusesWhatIsNew() async throws {
        let url = try await TestDatabase.make()
        try await withDatabase(at: url) { witness in
            try await withDatabase(at: url, { $0.applicationName = "closing" }) { database in
                let pool = database.pool
                let held = try await pool.acquire(before: soon())
                try await database.read("select 1")
                let closing = Task { await database.close() }
                while true {
                    do { try await database.read("select 1") } catch { break }
                }
                let refusal = try await failure { try await database.read("select 1") }
                #expect(refusal.kind == .unavailable && refusal.message.contains("closed"))
                pool.release(held, isReusable: true)
                await closing.value
            }
            // A process of the server that is told to go takes a moment, one that is not told would stay.
            let left: Query = "select 1 from pg_stat_activity where application_name = 'closing'"
            while try await !witness.read(left).isEmpty {}
        }
    }

    @Test func gracefulShutdownEndsTheService() async throws {
        let configuration = Database.Configuration(url: try await TestDatabase.make())
        let database = Database(configuration, logger: Logger(label: "test"))
        let group = ServiceGroup(
            configuration: .init(services: [.init(service: database)], logger: Logger(label: "test")))
        let running = Task { try await group.run() }
        let one: Int = try await database.value("select 1")
        #expect(one == 1)
        await group.triggerGracefulShutdown()
        try await running.value
        await #expect(throws: PostgresError.self) { try await database.read("select 1") }
    }
}
