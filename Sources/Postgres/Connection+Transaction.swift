import CLibPQ
import Logging

/// Which state of the database the statements of a transaction see.
package enum Isolation: String, Sendable {
    /// Each statement sees what was committed before it began.
    case readCommitted = "read committed"
    /// All statements see what was committed before the first one began.
    case repeatableRead = "repeatable read"
}

extension Connection {
    /// What became of a piece of work.
    enum Attempt<R: Sendable>: Sendable {
        /// The connection was dead before anything was done.
        case neverStarted(PostgresError)
        case finished(Result<R, any Error>, isReusable: Bool)
    }

    /// Runs a piece of work, unless the connection has died meanwhile, and leaves no transaction open.
    ///
    /// - Parameters:
    ///   - isSession: whether the work may leave settings, locks and the like behind, to be cleared away.
    ///   - work: what to run.
    /// - Returns: what became of it.
    func attempt<R: Sendable>(isSession: Bool, _ work: (isolated Connection) throws -> R) -> Attempt<R> {
        if let error = errorIfDead() { return .neverStarted(error) }
        let result = Result { try work(self) }
        if case .failure(let error as PostgresError) = result, error.isBeforeStart, !isSession {
            return .neverStarted(error)
        }
        rollBackWhatIsOpen()
        if isSession { clear() }
        if isExpired { close() }
        return .finished(result, isReusable: wire != nil)
    }

    /// What is wrong when the server closed the connection while it was idle, told without a round trip.
    func errorIfDead() -> PostgresError? {
        guard wire?.isAlive() != true else { return nil }
        close()
        var error = PostgresError(.unavailable, "the server closed the connection")
        error.isBeforeStart = true
        return error
    }

    /// Makes the connection as good as new, or gives it up.
    private func clear() {
        guard wire != nil else { return }
        do {
            try script("discard all")
            forgetStatements()
            try script(configuration.sessionSettings)
            limit = configuration.statementTimeout
            sessionLimit = limit
        } catch {
            logger.debug("A connection could not be cleared and is closed", metadata: ["error": "\(error)"])
            close()
        }
    }

    /// Closes the connection; nothing can be run on it afterwards.
    func close() {
        wire = nil
    }

    /// Runs `body` between begin and commit; what it did is undone when it throws.
    ///
    /// For a `Database.session` that needs several transactions. Never repeated.
    ///
    /// - Throws: what `body` throws; `inDoubt` when the connection was lost while committing.
    @discardableResult
    package func transaction<R>(
        readOnly: Bool = false, isolation: Isolation = .readCommitted, _ body: () throws -> R
    ) throws -> R {
        guard phase == .autocommit else {
            throw PostgresError(.usage, "a transaction is open already; use a savepoint inside it")
        }
        try begin(readOnly: readOnly, isolation: isolation)
        do {
            let result = try body()
            try commit()
            return result
        } catch {
            rollBackWhatIsOpen()
            throw error
        }
    }

    func begin(readOnly: Bool, isolation: Isolation = .readCommitted) throws {
        phase = .transaction
        isReadOnly = readOnly
        do {
            try script("begin isolation level \(isolation.rawValue) \(readOnly ? "read only" : "read write")")
        } catch var error as PostgresError {
            error.isBeforeStart = wire == nil
            rollBackWhatIsOpen()
            throw error
        }
    }

    func commit() throws {
        switch wire?.transactionStatus {
        case PQTRANS_INTRANS: break
        case PQTRANS_INERROR:
            throw PostgresError(.usage, "a statement failed and its error was dropped, so nothing can be kept")
        case nil: throw PostgresError(.unavailable, "the connection was lost; nothing was kept")
        default: throw PostgresError(.usage, "the transaction was ended inside its own body")
        }
        phase = .committing
        let replies = try exchange(columns: nil, before: deadline()) { PQsendQuery($0, "commit") }
        // Once the server has said so, it is done, whatever became of the connection afterwards.
        if replies.completion?.tag != "COMMIT" { try settle(replies) }
        endTransaction()
    }

    /// Brings the connection back to where a statement commits by itself, or gives it up.
    func rollBackWhatIsOpen() {
        endTransaction()
        guard let wire, wire.transactionStatus != PQTRANS_IDLE else { return }
        do {
            try script("rollback")
        } catch {
            logger.debug("A connection could not be rolled back and is closed", metadata: ["error": "\(error)"])
            self.wire = nil
        }
    }

    private func endTransaction() {
        phase = .autocommit
        isReadOnly = false
        limit = sessionLimit
    }

    /// Lets each statement take that long, until the end of the transaction or, outside one, of the session.
    ///
    /// - Parameter duration: at least a millisecond; zero for no limit at all.
    /// - Throws: `PostgresError`.
    package func limitStatements(to duration: Duration) throws {
        let scope = phase == .transaction ? "local" : "session"
        try script("set \(scope) statement_timeout = \(duration.wholeMilliseconds)")
        limit = duration
        if phase == .autocommit { sessionLimit = duration }
    }
}
