/// Why the database did not do what it was asked to.
package struct PostgresError: Error, Sendable {
    /// What the caller can conclude.
    package enum Kind: Sendable, Hashable {
        /// PostgreSQL refused the statement; `sqlState` says why. What the transaction did is undone.
        case server
        /// No connection could be made, or it was lost before COMMIT was sent: nothing happened.
        case unavailable
        /// The connection was lost after COMMIT, or a statement outside a transaction, was sent: it may have happened.
        case inDoubt
        /// Every connection was busy for longer than `acquireTimeout`: nothing happened.
        case overloaded
        /// A statement or a lock took longer than allowed: nothing happened.
        case timeout
        /// A value does not have the type that was asked for.
        case decoding
        /// The database was used in a way that cannot work; a defect of the program or its configuration.
        case usage
    }

    package var kind: Kind
    /// PostgreSQL's five characters, such as "23505".
    package var sqlState: String?
    /// What went wrong; of a server it may quote values.
    package var message: String
    package var detail: String?
    package var hint: String?
    package var schema: String?
    package var table: String?
    package var column: String?
    package var constraint: String?

    /// Whether the statement failed only because its prepared form had become stale on this connection.
    var isStale = false
    /// Whether nothing at all had been done yet when the connection turned out to be dead.
    var isBeforeStart = false

    /// Describes a failure; the other fields are PostgreSQL's to fill.
    package init(_ kind: Kind, _ message: String, sqlState: String? = nil) {
        self.kind = kind
        self.message = message
        self.sqlState = sqlState
    }

    /// A value that does not fit the type that was asked for.
    package static func decoding(_ message: String) -> PostgresError {
        PostgresError(.decoding, message)
    }

    /// A column whose type does not decode as the type that was asked for.
    package static func mismatch<Wanted>(_ type: PostgresType, _: Wanted.Type) -> PostgresError {
        .decoding("\(type) does not decode as \(Wanted.self); cast it in the statement or ask for another type")
    }

    /// What the loss of a connection means where nothing can have been kept.
    init(_ loss: Wire.Failure) {
        switch loss {
        case .lost(let reason): self.init(.unavailable, "the connection was lost: \(reason)")
        case .deadline: self.init(.timeout, "the server did not answer in time")
        }
    }

    /// Whether another transaction got in the way, so that the same transaction may succeed when run again.
    var isConflict: Bool { sqlState == "40001" || sqlState == "40P01" }

    /// Whether this server cannot serve the connection any longer.
    var endsConnection: Bool {
        guard let sqlState else { return false }
        return sqlState.hasPrefix("57P0") || sqlState.hasPrefix("08") || sqlState == "25P03"
    }
}

extension PostgresError: CustomStringConvertible {
    /// The failure without values, which belong neither in a log nor in an answer.
    package var description: String {
        let label = sqlState.map { "PostgreSQL \($0)" } ?? "PostgreSQL"
        return "\(label): \(messageWithoutValues)"
    }

    /// The message; of a data exception, which quotes the value it is about, without what it quotes.
    private var messageWithoutValues: String {
        guard kind == .server, sqlState?.hasPrefix("22") == true else { return message }
        return message.split(separator: "\"", omittingEmptySubsequences: false).enumerated()
            .map { $0.offset.isMultiple(of: 2) ? $0.element : "…" }
            .joined(separator: "\"")
    }
}
