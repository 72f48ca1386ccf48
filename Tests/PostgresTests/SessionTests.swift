import Postgres
import TestDatabase
import Testing

/// A session has its connection to itself and leaves it as it was.
@Suite struct SessionTests {
    private struct Refusal: Error {}

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
            let ids: [Int] = try await database.read("select id from t").map { try $0["id"] }
            #expect(ids == [1])
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
