import Dispatch
import Postgres
import Synchronization
import Testing

/// A transaction happens whole or not at all, and what is safe to repeat is repeated.
@Suite struct TransactionTests {
    private struct Refusal: Error {}

    private func withTable(_ body: (Database) async throws -> Void) async throws {
        try await withDatabase { database in
            try await database.session { connection in
                try connection.script("create table t (id int8 primary key, n int8 not null default 0)")
            }
            try await body(database)
        }
    }

    private func expectIDs(
        _ expected: [Int], _ database: Database, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let ids: [Int] = try await database.read("select id from t order by id").map { try $0["id"] }
        #expect(ids == expected, sourceLocation: sourceLocation)
    }

    @Test func whatIsReturnedIsKept() async throws {
        try await withTable { database in
            let affected = try await database.transaction { connection in
                try connection.execute("insert into t select * from generate_series(1, \(3))")
            }
            #expect(affected == 3)
            try await expectIDs([1, 2, 3], database)
        }
    }

    @Test(arguments: [Isolation.readCommitted, .repeatableRead], [true, false])
    func aTransactionIsAsIsolatedAsItAsks(isolation: Isolation, isReadOnly: Bool) async throws {
        try await withDatabase { database in
            let level: String = try await database.transaction(readOnly: isReadOnly, isolation: isolation) {
                connection in
                try connection.query("show transaction_isolation")[0]["transaction_isolation"]
            }
            #expect(level == isolation.rawValue)
        }
    }

    @Test func whatThrowsIsUndone() async throws {
        try await withTable { database in
            await #expect(throws: Refusal.self) {
                try await database.transaction { connection in
                    try connection.execute("insert into t values (1)")
                    throw Refusal()
                }
            }
            try await expectIDs([], database)
        }
    }

    @Test func aDroppedErrorDoesNotPassForSuccess() async throws {
        try await withTable { database in
            let error = try await failure {
                try await database.transaction { connection in
                    try connection.execute("insert into t values (1)")
                    _ = try? connection.execute("insert into t values (1)")
                }
            }
            #expect(error.kind == .usage && error.message.contains("dropped"))
            try await expectIDs([], database)
        }
    }

    @Test(arguments: ["commit", "rollback"]) func aBodyCannotEndItsTransaction(statement: String) async throws {
        try await withTable { database in
            let error = try await failure {
                try await database.transaction { try $0.script(statement) }
            }
            #expect(error.kind == .usage && error.message.contains("inside its own body"))
        }
    }

    @Test func aConstraintCheckedAtCommitFailsTheTransaction() async throws {
        try await withTable { database in
            try await database.session { connection in
                try connection.script(
                    "create table u (t int8 constraint known references t deferrable initially deferred)")
            }
            let error = try await failure {
                try await database.transaction { try $0.execute("insert into u values (9)") }
            }
            #expect(error.kind == .server && error.constraint == "known")
        }
    }

    @Test func savepointsUndoOnlyTheirOwn() async throws {
        try await withTable { database in
            try await database.transaction { connection in
                try connection.execute("insert into t values (1)")
                let inner = Result {
                    try connection.savepoint {
                        try connection.execute("insert into t values (2)")
                        try connection.savepoint { try connection.execute("insert into t values (3)") }
                        try connection.execute("insert into t values (1)")
                    }
                }
                #expect(throws: PostgresError.self) { try inner.get() }
                try connection.savepoint { try connection.execute("insert into t values (4)") }
            }
            try await expectIDs([1, 4], database)
        }
    }

    @Test func savepointsAndNestedTransactionsKnowTheirPlace() async throws {
        try await withTable { database in
            let outside = try await failure { try await database.session { try $0.savepoint {} } }
            #expect(outside.kind == .usage)
            let nested = try await failure {
                try await database.transaction { connection in try connection.transaction {} }
            }
            #expect(nested.kind == .usage)
        }
    }

    @Test func aReadOnlyTransactionRefusesWritesAndKeepsItsConnection() async throws {
        try await withTable { database in
            let error = try await failure {
                try await database.transaction(readOnly: true) { try $0.execute("insert into t values (1)") }
            }
            #expect(error.kind == .server && error.sqlState == "25006")
        }
    }

    @Test func aServerThatTurnedReadOnlyIsLeft() async throws {
        try await withDatabase({ $0.maximumConnections = 1 }) { database in
            try await database.session { try $0.script("create table t (id int8)") }
            let before = try await database.transaction { connection in
                // What a standby answers, brought about without one.
                try connection.script("set default_transaction_read_only = on")
                return try connection.query("select pg_backend_pid() as pid").first?.decode("pid", as: Int.self)
            }
            let error = try await failure { try await database.read("insert into t values (1) returning id") }
            #expect(error.kind == .unavailable && error.sqlState == "25006")
            let after: Int = try await database.value("select pg_backend_pid()")
            #expect(after != before)
        }
    }

    @Test func deadlocksAreRunAgain() async throws {
        try await withTable { database in
            try await database.transaction { try $0.execute("insert into t values (1), (2)") }
            // Each waits until both hold their first lock, so that the first round is a deadlock for certain.
            let bothArrived = Meeting()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (first, second) in [(1, 2), (2, 1)] {
                    group.addTask {
                        try await database.transaction { connection in
                            try connection.execute("update t set n = n + 1 where id = \(first)")
                            bothArrived.arrive()
                            try connection.execute("update t set n = n + 1 where id = \(second)")
                        }
                    }
                }
                try await group.waitForAll()
            }
            let sums = try await database.read("select n from t").map { try $0["n"] as Int }
            #expect(sums == [2, 2])
            // Where both find the deadlock at the same moment, both are run again.
            #expect(bothArrived.arrivals >= 3)
        }
    }

    @Test func conflictsThatStayAreTold() async throws {
        try await withTable { database in
            try await database.session { try $0.script("create sequence rounds") }
            let error = try await failure {
                try await database.transaction { connection in
                    try connection.execute("select nextval('rounds')")
                    try connection.script("do $$ begin raise exception sqlstate '40001'; end $$")
                }
            }
            #expect(error.sqlState == "40001")
            let rounds: Int = try await database.value("select last_value from rounds")
            #expect(rounds == 3)
        }
    }
}

/// Where the first to arrive waits for the second; whoever comes later passes.
private final class Meeting: Sendable {
    private let count = Mutex(0)
    private let second = DispatchSemaphore(value: 0)

    var arrivals: Int { count.withLock { $0 } }

    /// Blocks the thread of a connection, which is its own.
    func arrive() {
        let number = count.withLock { count in
            count += 1
            return count
        }
        if number == 1 { second.wait() }
        if number == 2 { second.signal() }
    }
}
