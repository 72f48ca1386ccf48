import Postgres
import TestDatabase
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
            try await database.session { try $0.script("create sequence arrivals") }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (first, second) in [(1, 2), (2, 1)] {
                    group.addTask {
                        try await database.transaction { connection in
                            try connection.execute("update t set n = n + 1 where id = \(first)")
                            try connection.execute("select nextval('arrivals')")
                            try connection.script(
                                """
                                do $$ begin
                                    while (select last_value from arrivals) < 2 loop perform pg_sleep(0.001); end loop;
                                end $$
                                """)
                            try connection.execute("update t set n = n + 1 where id = \(second)")
                        }
                    }
                }
                try await group.waitForAll()
            }
            let sums = try await database.read("select n from t").map { try $0["n"] as Int }
            #expect(sums == [2, 2])
            let rounds: Int = try await database.value("select last_value from arrivals")
            #expect(rounds == 3)
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

    @Test func statementsArePreparedAnewWhenTheirTableChanges() async throws {
        let url = try await TestDatabase.make()
        let query: Query = "select * from t"
        try await withDatabase(at: url) { owner in
            try await owner.session { try $0.script("create table t (id int8); insert into t values (1)") }
            try await withDatabase(at: url, { $0.maximumConnections = 1 }) { database in
                for columns in [1, 3, 5] {
                    let outside = try await database.read(query)
                    #expect(outside.first?.columnNames.count == columns)
                    try await owner.session { try $0.script("alter table t add column c\(columns) text") }
                    let inside = try await database.transaction { connection in
                        try connection.query("select 1")
                        return try connection.query(query)
                    }
                    #expect(inside.first?.columnNames.count == columns + 1)
                    try await owner.session { try $0.script("alter table t add column d\(columns) text") }
                }
                let prepared: Int = try await database.value("select count(*) from pg_prepared_statements")
                #expect(prepared == 3)
            }
        }
    }

    @Test func statementsArePreparedAnewWhenTheServerForgotThem() async throws {
        try await withDatabase({ $0.maximumConnections = 1 }) { database in
            for _ in 0..<2 {
                let outside: Int = try await database.value("select \(1)")
                #expect(outside == 1)
                try await database.transaction { try $0.script("deallocate all") }
            }
            let inside = try await database.transaction { try $0.query("select \(1)").count }
            #expect(inside == 1)
        }
    }

    @Test func preparedStatementsAreBounded() async throws {
        try await withDatabase({
            $0.maximumConnections = 1
            $0.maximumStatements = 5
        }) { database in
            for number in 0..<20 {
                let sql: Query = "select \(1) as \(identifier: "c\(number)")"
                try await database.read(sql)
                let frequent: Int = try await database.value("select count(*) from pg_prepared_statements")
                #expect(frequent <= 6)
            }
        }
    }

    @Test func rowsArriveOneByOne() async throws {
        try await withDatabase { database in
            try await database.transaction { connection in
                var sum = 0
                try connection.forEach("select n from generate_series(1, \(1000)) n") { sum += try $0["n"] as Int }
                #expect(sum == 500_500)
                var count = 0
                #expect(throws: Refusal.self) {
                    try connection.forEach("select n from generate_series(1, 1000) n") { _ in
                        count += 1
                        if count == 3 { throw Refusal() }
                    }
                }
                #expect(count == 3)
                let failing = "select 1 / (500 - n) as n from generate_series(1, 1000) n" as Query
                let error = #expect(throws: PostgresError.self) {
                    try connection.savepoint { try connection.forEach(failing) { _ in } }
                }
                #expect(error?.sqlState == "22012")
                try connection.query("select 1")
            }
        }
    }

    @Test func sessionsHoldTransactionsAndLeaveNothingBehind() async throws {
        try await withDatabase({
            $0.maximumConnections = 1
            $0.role = "pg_monitor"
        }) { database in
            let before: Int = try await database.value("select pg_backend_pid()")
            try await database.session { connection in
                try connection.query("reset role")
                try connection.query("select pg_advisory_lock(7)")
                try connection.script(
                    """
                    create table t (id int8); grant select on t to public;
                    create temporary table passing (id int8);
                    set application_name = 'left behind';
                    """)
                try connection.limitStatements(to: .seconds(300))
                try connection.transaction { try connection.execute("insert into t values (1)") }
                #expect(throws: Refusal.self) {
                    try connection.transaction {
                        try connection.execute("insert into t values (2)")
                        throw Refusal()
                    }
                }
            }
            try await expectIDs([1], database)
            let name: String = try await database.value("show application_name")
            #expect(name == "")
            let held: Int = try await database.value(
                "select count(*) from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()")
            #expect(held == 0)
            let limit: String = try await database.value("show statement_timeout")
            #expect(limit == "30s")
            let temporary: String? = try await database.read("select to_regclass('passing')::text as t").first?["t"]
            #expect(temporary == nil)
            let role: String = try await database.value("select current_user")
            #expect(role == "pg_monitor")
            let after: Int = try await database.value("select pg_backend_pid()")
            #expect(after == before)
        }
    }

    @Test func sessionsRunWhatNoTransactionMay() async throws {
        let url = try await TestDatabase.make()
        try await withDatabase(at: url) { database in
            let name = "made \"by\" a test \(Int.random(in: 0..<Int.max))"
            try await database.session { connection in
                try connection.query("create database \(identifier: name)")
                try connection.query("vacuum pg_class")
                try connection.query("drop database \(identifier: name)")
            }
        }
    }

    @Test func sessionSettingsAreInForce() async throws {
        try await withDatabase({
            $0.applicationName = "perks test"
            $0.lockTimeout = .milliseconds(1500)
        }) { database in
            for (setting, value) in [
                ("TimeZone", "UTC"), ("jit", "off"), ("client_encoding", "UTF8"), ("statement_timeout", "30s"),
                ("lock_timeout", "1500ms"), ("application_name", "perks test"),
                ("idle_in_transaction_session_timeout", "1min"),
            ] {
                let present: String = try await database.value("select current_setting(\(setting))")
                #expect(present == value, "\(setting)")
            }
        }
    }

    @Test func aRoleIsTakenOn() async throws {
        let url = try await withDatabaseThatHasRole("perks_test_role")
        try await withDatabase(at: url, { $0.role = "perks_test_role" }) { database in
            let user: String = try await database.value("select current_user")
            #expect(user == "perks_test_role")
        }
    }

    private func withDatabaseThatHasRole(_ role: String) async throws -> String {
        let url = try await TestDatabase.make()
        try await withDatabase(at: url) { database in
            try await database.session { try $0.query("create role \(identifier: role)") }
        }
        return url
    }
}
