import Foundation
import Logging
import Postgres
import TestDatabase
import Testing

/// A lock on the table of redemptions, so that requests wait for as long as a test needs them to.
struct Lock: Sendable {
    private let database: Database
    private let released = DispatchSemaphore(value: 0)

    /// Holds the lock while a body runs, or until the body releases it.
    static func hold<Result: Sendable>(
        in program: Program, _ body: (Lock) async throws -> Result
    ) async throws -> Result {
        let url = try #require(program.environment["DATABASE_URL"])
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let database = Database(.init(url: url, maximumConnections: 2), logger: logger)
        let lock = Lock(database: database)
        let (taken, continuation) = AsyncStream.makeStream(of: Void.self)
        // The body of a transaction runs on a thread of its own, which may wait.
        async let holding: Void = database.transaction { connection in
            try connection.script("lock table claim in access exclusive mode")
            continuation.yield()
            lock.released.wait()
        }
        _ = await taken.first { _ in true }
        do {
            let result = try await body(lock)
            lock.release()
            try await holding
            await database.close()
            return result
        } catch {
            lock.release()
            try? await holding
            await database.close()
            throw error
        }
    }

    /// Lets go.
    func release() {
        released.signal()
    }

    /// Waits until somebody waits for the lock.
    func waitUntilWanted() async throws {
        while true {
            let rows = try await database.read(
                """
                select count(*)::int as waiting from pg_locks
                where not granted and relation = 'claim'::regclass
                """)
            let waiting: Int = try rows[0]["waiting"]
            if waiting > 0 { return }
        }
    }
}

/// Databases with nothing in them.
enum Empty {
    static func make() async throws -> String {
        try await TestDatabase.make()
    }
}
