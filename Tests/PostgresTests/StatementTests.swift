import Postgres
import TestDatabase
import Testing

/// Statements are prepared once, anew when they must be, and hand out rows as they come.
@Suite struct StatementTests {
    private struct Refusal: Error {}

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
}
