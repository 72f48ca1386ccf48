import Foundation
import Logging
import Postgres
import TestDatabase

/// Lends a test a database of its own, and closes it whatever happens.
@discardableResult
func withDatabase<R: Sendable>(
    _ adjust: (inout Database.Configuration) -> Void = { _ in },
    _ body: (Database) async throws -> R
) async throws -> R {
    try await withDatabase(at: TestDatabase.make(), adjust, body)
}

/// Lends a test a database at an address, and closes it whatever happens.
@discardableResult
func withDatabase<R: Sendable>(
    at url: String,
    _ adjust: (inout Database.Configuration) -> Void = { _ in },
    _ body: (Database) async throws -> R
) async throws -> R {
    var configuration = Database.Configuration(url: url, maximumConnections: 4, acquireTimeout: .seconds(30))
    adjust(&configuration)
    let database = Database(configuration, logger: Logger(label: "test"))
    do {
        let result = try await body(database)
        await database.close()
        return result
    } catch {
        await database.close()
        throw error
    }
}

/// The failure that `body` ends in.
func failure<R>(of body: () async throws -> R) async throws -> PostgresError {
    do {
        _ = try await body()
    } catch let error as PostgresError {
        return error
    }
    throw PostgresError(.usage, "no error came where one was expected")
}

extension Database {
    /// The single value of a single row.
    func value<Value: PostgresValue>(_ query: Query) async throws -> Value {
        guard let row = try await read(query).first, let name = row.columnNames.first else {
            throw PostgresError(.usage, "no row came where one was expected")
        }
        return try row[name]
    }
}

/// Ends the server's process behind a connection.
func terminate(_ processID: Int, over database: Database) async throws {
    // The function waits until the process is gone.
    let isGone: Bool = try await database.value("select pg_terminate_backend(\(processID)::int, 30000)")
    guard isGone else { throw PostgresError(.timeout, "process \(processID) did not end") }
}
