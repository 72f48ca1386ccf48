import Foundation
import Synchronization
import TestDatabase
import Testing

@testable import Postgres

/// Connections and servers go away; callers learn the truth about what that did, and no more than they must.
@Suite struct LossTests {
    @Test func anIdleConnectionThatDiedCostsNothing() async throws {
        let url = try await TestDatabase.make()
        try await withDatabase(at: url) { killer in
            try await withDatabase(at: url, { $0.maximumConnections = 1 }) { database in
                for _ in 0..<3 {
                    let pid: Int = try await database.value("select pg_backend_pid()")
                    try await terminate(pid, over: killer)
                    let next = try await database.transaction { connection in
                        try connection.query("select pg_backend_pid() as pid").first?.decode("pid", as: Int.self)
                    }
                    #expect(next != nil && next != pid)
                }
            }
        }
    }

    @Test func aBusyConnectionThatDiedIsToldAsNothingDone() async throws {
        let url = try await TestDatabase.make()
        try await withDatabase(at: url) { killer in
            try await withDatabase(at: url, { $0.maximumConnections = 1 }) { database in
                let (pids, pid) = AsyncStream.makeStream(of: Int.self)
                let task = Task {
                    try await database.transaction { connection in
                        try connection.script("create table t (id int8)")
                        pid.yield(try connection.query("select pg_backend_pid() as pid").first?["pid"] ?? 0)
                        try connection.query(endless)
                    }
                }
                try await terminate(try #require(await pids.first { _ in true }), over: killer)
                let error = try await failure { try await task.value }
                #expect(error.kind == .unavailable && error.sqlState == "57P01")
                let table: String? = try await database.read("select to_regclass('t')::text as t").first?["t"]
                #expect(table == nil)
            }
        }
    }

    @Test func aStatementThatTheServerBrokeOffIsToldAsNothingDone() async throws {
        try await withDatabase { database in
            let error = try await failure {
                try await database.session { try $0.query("select pg_terminate_backend(pg_backend_pid())") }
            }
            #expect(error.kind == .unavailable)
        }
    }

    @Test func aStatementWhoseServerVanishedIsInDoubt() async throws {
        let cluster = try await TestDatabase.cluster(durable: false)
        try await withDatabase(at: try await cluster.start()) { database in
            let error = try await failure {
                try await database.session { connection in
                    let row = try connection.query("select pg_backend_pid() as pid").first
                    let pid: Int = try row?["pid"] ?? 0
                    let killer = Thread { kill(pid_t(pid), SIGKILL) }
                    killer.start()
                    try connection.query(endless)
                }
            }
            #expect(error.kind == .inDoubt)
        }
        try await cluster.stop(.immediate)
    }

    @Test func aSessionIsNeverRunTwice() async throws {
        try await withDatabase { database in
            try await database.session { try $0.script("create sequence rounds") }
            let error = try await failure {
                try await database.session { connection in
                    try connection.query("select nextval('rounds')")
                    _ = try? connection.query("select pg_terminate_backend(pg_backend_pid())")
                    try connection.transaction { try connection.query("select 1") }
                }
            }
            #expect(error.kind == .unavailable)
            let rounds: Int = try await database.value("select last_value from rounds")
            #expect(rounds == 1)
        }
    }

    @Test func aDeadHostIsPassedOver() async throws {
        let url = try await TestDatabase.make().replacing(
            "host=", with: "target_session_attrs=read-write&host=/nowhere,")
        try await withDatabase(at: url) { database in
            let one: Int = try await database.value("select 1")
            #expect(one == 1)
        }
    }

    @Test func aLossWhileCommittingIsInDoubt() async throws {
        try await withDatabase { database in
            try await database.session { connection in
                try connection.script(
                    """
                    create table t (id int8);
                    create function die() returns trigger language plpgsql as
                        $$ begin perform pg_terminate_backend(pg_backend_pid()); return null; end $$;
                    create constraint trigger last after insert on t deferrable initially deferred
                        for each row execute function die();
                    """)
            }
            let error = try await failure {
                try await database.transaction { try $0.execute("insert into t values (1)") }
            }
            #expect(error.kind == .inDoubt)
        }
    }

    @Test func aStatementTakesNoLongerThanAllowed() async throws {
        try await withDatabase({
            $0.statementTimeout = .milliseconds(50)
            $0.answerMargin = .milliseconds(150)
        }) { database in
            let error = try await failure { try await database.read(endless) }
            #expect(error.kind == .timeout && error.sqlState == "57014")
            try await database.transaction { connection in
                try connection.limitStatements(to: .seconds(20))
                let limit: String = try connection.query("show statement_timeout")[0]["statement_timeout"]
                #expect(limit == "20s")
            }
            try await database.session { connection in
                try connection.limitStatements(to: .seconds(20))
                try connection.transaction {
                    let limit: String = try connection.query("show statement_timeout")[0]["statement_timeout"]
                    #expect(limit == "20s")
                }
                // Time itself is what is tested: longer than the client would wait by the configured limit.
                try connection.query("select pg_sleep(0.3)")
            }
            let again = try await failure { try await database.transaction { try $0.query(endless) } }
            #expect(again.kind == .timeout)
        }
    }

    @Test func aLockIsNotWaitedForTooLong() async throws {
        try await withDatabase({ $0.lockTimeout = .milliseconds(50) }) { database in
            let held = try await database.pool.acquire(before: .now + .seconds(30))
            try await held.script("select pg_advisory_lock(1)")
            let error = try await failure {
                try await database.transaction { try $0.query("select pg_advisory_xact_lock(1)") }
            }
            #expect(error.kind == .timeout && error.sqlState == "55P03")
            database.pool.release(held, isReusable: false)
        }
    }

    /// Stops the server's process inside a transaction, as a cut wire would.
    @Test func aServerThatFreezesIsNotWaitedForForEver() async throws {
        try await withDatabase({
            $0.statementTimeout = .milliseconds(100)
            $0.answerMargin = .milliseconds(100)
        }) { database in
            let frozen = Mutex<pid_t>(0)
            let error = try await failure {
                try await database.transaction { connection in
                    let row = try connection.query("select pg_backend_pid() as pid").first
                    let pid = pid_t(try row?["pid"] ?? 0)
                    frozen.withLock { $0 = pid }
                    kill(pid, SIGSTOP)
                    try connection.query("select 1")
                }
            }
            #expect(error.kind == .timeout && error.sqlState == nil)
            kill(frozen.withLock { $0 }, SIGCONT)
            let one: Int = try await database.value("select 1")
            #expect(one == 1)
        }
    }

    @Test func aRestartBetweenStatementsCostsNothing() async throws {
        let cluster = try await TestDatabase.cluster(durable: false)
        try await withDatabase(at: try await cluster.start()) { database in
            let first: Int = try await database.value("select pg_backend_pid()")
            try await cluster.stop()
            _ = try await cluster.start()
            let second: Int = try await database.value("select pg_backend_pid()")
            #expect(first != second)
        }
        try await cluster.stop()
    }

    @Test func aCallerWaitsForARestart() async throws {
        let cluster = try await TestDatabase.cluster(durable: false)
        try await withDatabase(at: try await cluster.start()) { database in
            try await database.read("select 1")
            try await cluster.stop()
            let caller = Task { try await database.read("select 2").count }
            while database.pool.waiting == 0 { await Task.yield() }
            _ = try await cluster.start()
            #expect(try await caller.value == 1)
        }
        try await cluster.stop()
    }

    @Test func aServerThatStaysAwayIsToldAsSuch() async throws {
        let cluster = try await TestDatabase.cluster(durable: false)
        try await withDatabase(at: try await cluster.start(), { $0.acquireTimeout = .seconds(3) }) { database in
            try await database.read("select 1")
            try await cluster.stop()
            let error = try await failure { try await database.read("select 1") }
            #expect(error.kind == .unavailable && error.message.hasPrefix("cannot connect"))
        }
    }

    /// Every insert that was reported done is there, none that was reported undone, and doubts are few.
    @Test(arguments: [Cluster.StopMode.fast, .immediate]) func aRestartUnderLoadLosesNothing(
        mode: Cluster.StopMode
    ) async throws {
        let cluster = try await TestDatabase.cluster(durable: true)
        try await withDatabase(at: try await cluster.start(), { $0.acquireTimeout = .seconds(20) }) { database in
            try await database.session { try $0.script("create table t (id int8 primary key)") }
            let journal = Journal()
            let (successes, success) = AsyncStream.makeStream(of: Void.self)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<16 {
                    group.addTask {
                        while journal.goesOn {
                            if await journal.insert(into: database) { success.yield() }
                        }
                    }
                }
                var reader = successes.makeAsyncIterator()
                for _ in 0..<200 { await reader.next() }
                try await cluster.stop(mode)
                _ = try await cluster.start()
                journal.noteReturn()
                try await group.waitForAll()
            }
            let kept = try await Set(database.read("select id from t").map { try $0["id"] as Int })
            journal.entries.withLock { entries in
                #expect(entries.done.isSubset(of: kept))
                #expect(kept.isSubset(of: entries.done.union(entries.doubtful)))
                #expect(entries.unexpected.isEmpty)
                #expect(entries.doubtful.count <= 4)
            }
        }
        try await cluster.stop()
    }
}

/// What became of each insert.
private final class Journal: Sendable {
    struct Entries {
        var last = 0
        var done: Set<Int> = []
        var doubtful: Set<Int> = []
        var unexpected: [String] = []
        /// How many more have to succeed once the server is back.
        var missing: Int?
    }

    let entries = Mutex(Entries())

    var goesOn: Bool { entries.withLock { $0.missing != 0 } }

    func noteReturn() {
        entries.withLock { $0.missing = 100 }
    }

    func insert(into database: Database) async -> Bool {
        let id = entries.withLock { entries in
            entries.last += 1
            return entries.last
        }
        do {
            try await database.transaction { try $0.execute("insert into t values (\(id))") }
            entries.withLock { entries in
                entries.done.insert(id)
                entries.missing = entries.missing.map { max(0, $0 - 1) }
            }
            return true
        } catch let error as PostgresError where error.kind == .inDoubt {
            entries.withLock { _ = $0.doubtful.insert(id) }
        } catch let error as PostgresError where error.kind == .unavailable {
            // Nothing was done, and nothing needs noting.
        } catch {
            entries.withLock { $0.unexpected.append("\(error)") }
        }
        return false
    }
}

/// A statement that goes on until somebody ends it.
private let endless: Query = "select count(*) from (select generate_series(1, 1000000000000)) n"
