import Postgres
import Testing

/// Failures carry what a program needs, and show nothing that does not belong in a log.
@Suite struct ErrorTests {
    private let schema = """
        create table venue (id int8 constraint venue_key primary key, name text constraint venue_name not null);
        insert into venue values (1, 'secret name');
        """

    private func failure(of query: Query) async throws -> PostgresError {
        try await withDatabase { database in
            try await database.session { try $0.script(schema) }
            return try await PostgresTests.failure { try await database.read(query) }
        }
    }

    @Test func aViolatedConstraintIsNamed() async throws {
        let error = try await failure(of: "insert into venue values (\(1), \("other"))")
        #expect(error.kind == .server && error.sqlState == "23505")
        #expect(error.schema == "public" && error.table == "venue" && error.constraint == "venue_key")
        #expect(error.detail == "Key (id)=(1) already exists.")
        #expect(
            error.description
                == #"PostgreSQL 23505: duplicate key value violates unique constraint "venue_key""#)
    }

    @Test func anEmptyColumnIsNamed() async throws {
        let error = try await failure(of: "insert into venue values (\(2), \(String?.none))")
        #expect(error.sqlState == "23502" && error.table == "venue" && error.column == "name")
    }

    @Test func valuesAreLeftOutOfDescriptions() async throws {
        let error = try await failure(of: "select name::int8 from venue")
        #expect(error.sqlState == "22P02")
        #expect(error.message.contains("secret name"))
        #expect(!error.description.contains("secret"))
        #expect(error.description == #"PostgreSQL 22P02: invalid input syntax for type bigint: "…""#)
    }

    @Test func hintsAreKept() async throws {
        let error = try await failure(of: "select nam from venue")
        #expect(error.sqlState == "42703" && error.hint?.contains("venue.name") == true)
    }

    @Test(arguments: ["", "  -- nothing"]) func anEmptyStatementIsRefused(sql: String) async throws {
        #expect(try await failure(of: Query(stringLiteral: sql)).kind == .usage)
    }

    @Test func copyIsNoStatementAndDoesNoHarm() async throws {
        try await withDatabase({ $0.maximumConnections = 1 }) { database in
            let error = try await PostgresTests.failure { try await database.read("copy pg_class to stdout") }
            #expect(error.kind == .usage)
            let one: Int = try await database.value("select 1")
            #expect(one == 1)
        }
    }

    @Test func tooManyValuesAreRefusedAndDoNoHarm() async throws {
        try await withDatabase({ $0.maximumConnections = 1 }) { database in
            let many = (0..<17).reduce(into: "\(1)" as Query) { query, _ in query = "\(query), \(query)" }
            let error = try await PostgresTests.failure { try await database.read("select \(many)") }
            #expect(error.kind == .usage && error.message.contains("65535"))
            let one: Int = try await database.value("select 1")
            #expect(one == 1)
        }
    }

    @Test(arguments: [
        "postgres://ana:hush@@nowhere.invalid/x", "host=nowhere.invalid password='hush' dbname",
        "postgres://ana:hush@[::1",
    ]) func anUnreadableAddressIsNotRepeated(url: String) async throws {
        let error = try await PostgresTests.failure {
            try await withDatabase(at: url) { try await $0.read("select 1") }
        }
        #expect(error.kind == .usage)
        #expect(!error.message.contains("hush") && !error.message.contains("nowhere"))
    }

    @Test func anUnreachableServerIsToldAtOnceAndWithoutThePassword() async throws {
        let error = try await PostgresTests.failure {
            try await withDatabase(at: "postgres://ana:hush@/hush?host=/nowhere-at-all") {
                try await $0.read("select 1")
            }
        }
        #expect(error.kind == .unavailable && error.message.contains("/nowhere-at-all"))
        #expect(!error.description.contains("hush"))
        let configuration = Database.Configuration(url: "postgres://ana:hush@h/x")
        #expect(!"\(configuration)".contains("hush"))
    }

    @Test func anUnknownRoleIsTold() async throws {
        let error = try await PostgresTests.failure {
            try await withDatabase({ $0.role = #"no "body"# }) { try await $0.read("select 1") }
        }
        #expect(error.message == #"cannot prepare the connection: role "no "body" does not exist"#)
    }
}
