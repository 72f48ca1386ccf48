import CLibPQ
import Logging

/// A connection of its own to PostgreSQL, on a thread of its own.
///
/// Its functions are synchronous: they are called in the body of `Database.transaction` or `Database.session`, which runs on
/// the connection's thread from beginning to end and cannot be interleaved with another.
package actor Connection {
    /// What is lost when the connection is.
    enum Phase {
        /// Every statement commits by itself.
        case autocommit
        case transaction
        case committing
    }

    private nonisolated let queue = ConnectionQueue()
    let configuration: Database.Configuration
    let logger: Logger
    /// Nil before `open` and once the connection is lost.
    var wire: Wire?
    var phase = Phase.autocommit
    var isReadOnly = false
    /// How long a statement may take at present.
    var limit: Duration
    /// How long a statement may take outside a transaction.
    var sessionLimit: Duration
    /// When the connection has served long enough.
    private var expiry = ContinuousClock.now
    private var statements: StatementCache
    private var savepoints = 0

    package nonisolated var unownedExecutor: UnownedSerialExecutor { queue.asUnownedSerialExecutor() }

    init(_ configuration: Database.Configuration, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
        limit = configuration.statementTimeout
        sessionLimit = configuration.statementTimeout
        statements = StatementCache(capacity: configuration.maximumStatements)
    }

    /// Connects and prepares the session: role, time-outs, time zone.
    ///
    /// - Throws: `unavailable`, or `usage` when the address makes no sense.
    func open() throws {
        wire = try Wire(Address(configuration), logger: logger)
        do {
            try script(configuration.sessionSettings)
        } catch var error as PostgresError {
            wire = nil
            error.message = "cannot prepare the connection: \(error.message)"
            throw error
        }
        expiry = .now + configuration.connectionLifetime * Double.random(in: 0.8...1.2)
    }

    var isExpired: Bool { ContinuousClock.now >= expiry }

    /// Runs a statement and returns its rows.
    @discardableResult
    package func query(_ query: Query) throws -> Rows {
        try run(query).rows
    }

    /// Runs a statement and returns how many rows it inserted, updated, deleted or found.
    @discardableResult
    package func execute(_ query: Query) throws -> Int {
        try run(query).affected
    }

    /// Runs several statements without parameters, as one transaction unless they say otherwise.
    package func script(_ sql: String) throws {
        // The server grants each statement its time; a semicolon too many only makes the deadline generous.
        let deadline = deadline(statements: sql.utf8.count { $0 == UInt8(ascii: ";") } + 1)
        try settle(exchange(columns: nil, before: deadline) { PQsendQuery($0, sql) })
    }

    /// Calls `body` with each row as it arrives, so that a large result takes no more memory than a small one.
    ///
    /// When `body` throws, the rest is read and dropped. The statement may take as long as any other, `body` included.
    package func forEach(_ query: Query, _ body: (Row) throws -> Void) throws {
        var failure: (any Error)?
        _ = try run(query, singleRows: true) { rows in
            guard failure == nil, let row = rows.first else { return }
            do { try body(row) } catch { failure = error }
        }
        if let failure { throw failure }
    }

    /// Undoes what `body` did when it throws, and only that.
    ///
    /// - Throws: what `body` throws; a `usage` error outside a transaction.
    @discardableResult
    package func savepoint<R>(_ body: () throws -> R) throws -> R {
        guard phase == .transaction else {
            throw PostgresError(.usage, "a savepoint needs a transaction around it")
        }
        savepoints += 1
        defer { savepoints -= 1 }
        let name = "p\(savepoints)"
        let limitBefore = limit
        try script("savepoint \(name)")
        do {
            let result = try body()
            try script("release savepoint \(name)")
            return result
        } catch {
            limit = limitBefore
            guard wire != nil else { throw error }
            try script("rollback to savepoint \(name); release savepoint \(name)")
            throw error
        }
    }
}

extension Connection {
    /// Notes that the server has dropped all prepared statements.
    func forgetStatements() {
        statements.forgetAll()
    }

    /// Runs a statement; one that has become stale is prepared anew and run again where nothing is lost by that.
    private func run(_ query: Query, singleRows: Bool = false, row: (Rows) -> Void = { _ in }) throws -> Wire.Completion
    {
        do {
            return try runOnce(query, singleRows: singleRows, row: row)
        } catch let error as PostgresError where error.isStale && phase == .autocommit {
            return try runOnce(query, singleRows: singleRows, row: row)
        }
    }

    private func runOnce(_ query: Query, singleRows: Bool, row: (Rows) -> Void) throws -> Wire.Completion {
        let key = StatementCache.Key(sql: query.sql, types: query.parameters.map(\.type))
        let known = statements.find(key)
        let name = try known?.name ?? prepare(key)
        do {
            let replies = try exchange(columns: known?.columns, before: deadline(), row: row) { handle in
                let sent = query.withParameters { values, lengths, formats in
                    PQsendQueryPrepared(handle, name, Int32(values.count), values, lengths, formats, 1)
                }
                return sent == 1 && singleRows ? PQsetSingleRowMode(handle) : sent
            }
            let completion = try settle(replies)
            if known?.columns == nil { statements.learn(completion.rows.columns, of: key) }
            return completion
        } catch var error as PostgresError {
            switch error.sqlState {
            case "26000": statements.forgetAll()
            case "0A000" where known != nil: statements.abandon(key)
            default: throw error
            }
            error.isStale = true
            throw error
        }
    }

    private func prepare(_ key: StatementCache.Key) throws -> String {
        if !statements.abandoned.isEmpty {
            try script(statements.abandoned.map { "deallocate \($0)" }.joined(separator: ";"))
            statements.forgetAbandoned()
        }
        let name = statements.newName()
        try settle(
            exchange(columns: nil, before: deadline()) {
                PQsendPrepare($0, name, key.sql, Int32(key.types.count), key.types)
            })
        statements.insert(name, for: key)
        return name
    }
}

extension Query {
    /// Lends libpq the values: pointers (null for null), lengths, and that all are binary.
    fileprivate func withParameters<R>(_ body: ([UnsafePointer<CChar>?], [Int32], [Int32]) -> R) -> R {
        // One byte more, so that an empty value has an address too: a null pointer would mean null.
        (bytes + [0]).withUnsafeBytes { bytes in
            let base = bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
            return body(
                parameters.map { parameter in parameter.place.flatMap { base?.advanced(by: $0.lowerBound) } },
                parameters.map { Int32($0.place?.count ?? 0) },
                parameters.map { _ in 1 }
            )
        }
    }
}
