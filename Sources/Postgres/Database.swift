import Logging
import ServiceLifecycle
import Synchronization

/// A PostgreSQL database, reached over a bounded number of connections.
package final class Database: Service, Sendable {
    /// How often a transaction is run at most when others get in its way.
    static let maximumAttempts = 3

    let configuration: Configuration
    let logger: Logger
    let pool: Pool
    let subscriptions = Mutex(Subscriptions())

    /// Prepares a database; the first statement connects.
    package init(_ configuration: Configuration, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
        pool = Pool(configuration, logger: logger)
    }

    /// Waits for graceful shutdown, then closes.
    package func run() async throws {
        try? await gracefulShutdown()
        await close()
    }

    /// Refuses what is new, waits for what is in use, and closes all connections.
    package func close() async {
        await endSubscriptions()
        await pool.close()
    }

    /// Runs one statement, outside any transaction.
    ///
    /// - Throws: `PostgresError`, of which `inDoubt` alone leaves open whether a statement that writes was kept; `CancellationError` when the task is cancelled while it waits for a connection.
    @discardableResult
    package func read(_ query: Query) async throws -> Rows {
        try await perform(isAtomic: true) { try $0.query(query) }
    }

    /// Runs `body` between begin and commit; what it did is undone when it throws.
    ///
    /// `body` is run again from its start, three times at most, when another transaction got in its way (40001, 40P01) or a
    /// prepared statement had become stale: it must have no effect but on the database. Once it has begun it is not
    /// cancelled with its task.
    ///
    /// - Throws: what `body` throws; `PostgresError`, of which `inDoubt` alone leaves open whether it was kept;
    ///   `CancellationError` when the task is cancelled while it waits for a connection.
    @discardableResult
    package func transaction<R: Sendable>(
        readOnly: Bool = false, isolation: Isolation = .readCommitted,
        _ body: @Sendable (isolated Connection) throws -> R
    ) async throws -> R {
        try await perform(isAtomic: true) { connection in
            try connection.transaction(readOnly: readOnly, isolation: isolation) { try body(connection) }
        }
    }

    /// Lends `body` a connection without a transaction, for advisory locks, `create database` and the like.
    ///
    /// What the session has set, locked, prepared or made temporarily is cleared away afterwards.
    ///
    /// - Throws: what `body` throws; `PostgresError`; `CancellationError` when the task is cancelled while it waits.
    @discardableResult
    package func session<R: Sendable>(_ body: @Sendable (isolated Connection) throws -> R) async throws -> R {
        try await perform(isAtomic: false, body)
    }

    /// Runs work on a connection of the pool; atomic work again where that is safe and helps.
    private func perform<R: Sendable>(
        isAtomic: Bool, _ work: @Sendable (isolated Connection) throws -> R
    ) async throws -> R {
        let deadline = ContinuousClock.now + configuration.acquireTimeout
        var attempt = 1
        while true {
            let connection = try await pool.acquire(before: deadline)
            switch await connection.attempt(isSession: !isAtomic, work) {
            case .neverStarted(let error):
                pool.release(connection, isReusable: false)
                guard ContinuousClock.now < deadline else { throw error }
            case .finished(.success(let result), let isReusable):
                pool.release(connection, isReusable: isReusable)
                return result
            case .finished(.failure(let error), let isReusable):
                pool.release(connection, isReusable: isReusable)
                guard isAtomic, attempt < Self.maximumAttempts, Self.isWorthRepeating(error) else { throw error }
                attempt += 1
            }
        }
    }

    private static func isWorthRepeating(_ error: any Error) -> Bool {
        guard let error = error as? PostgresError else { return false }
        return error.isConflict || error.isStale
    }
}
