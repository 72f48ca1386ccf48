import CLibPQ

extension Connection {
    /// The most that is handed to libpq at once, which keeps what it buffers small.
    private static let pieceSize = 1 << 16

    /// Begins a transaction, lets `prepare` make the table, and starts `COPY … FROM STDIN`.
    func beginCopy(_ copy: Query, prepare: (isolated Connection) throws -> Void) throws {
        guard copy.parameters.isEmpty else { throw PostgresError(.usage, "COPY takes no values") }
        if let error = errorIfDead() { throw error }
        try begin(readOnly: false)
        try limitStatements(to: configuration.bulkTimeout)
        try prepare(self)
        // The server would count the time that it waits for data, which is the sender's affair. A server that takes no
        // data for as long as a statement may take is given up all the same.
        try script("set local statement_timeout = 0")
        limit = configuration.statementTimeout
        guard let wire else { throw PostgresError(.unavailable, "the connection was lost") }
        let deadline = deadline()
        do {
            try wire.send(before: deadline) { PQsendQuery($0, copy.sql) }
            guard case .copying? = try wire.next(columns: nil, before: deadline).map(accepted) else {
                throw PostgresError(.usage, "the statement is not COPY … FROM STDIN")
            }
        } catch let loss as Wire.Failure {
            throw lost(loss)
        }
    }

    private func accepted(_ reply: Wire.Reply) throws -> Wire.Reply {
        if case .failed(let error) = reply { throw error }
        return reply
    }

    /// Sends a chunk; returns when the system has taken all of it, so that a fast source has to wait.
    func send(_ chunk: [UInt8]) throws {
        guard let wire else { throw PostgresError(.unavailable, "the connection was lost") }
        do {
            try chunk.withUnsafeBytes { bytes in
                var rest = bytes
                while !rest.isEmpty {
                    let piece = UnsafeRawBufferPointer(rebasing: rest.prefix(Self.pieceSize))
                    rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(piece.count))
                    try wire.send(before: deadline()) {
                        PQputCopyData($0, piece.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(piece.count))
                    }
                }
            }
        } catch let loss as Wire.Failure {
            throw lost(loss)
        }
    }

    /// Ends the copy, lets `merge` use what was copied, and commits.
    ///
    /// A merge that another transaction gets in the way of is undone and run again; the copied rows stay.
    func endCopy<R>(merge: (isolated Connection) throws -> R) throws -> R {
        limit = configuration.bulkTimeout
        try settle(exchange(columns: nil, before: deadline()) { PQputCopyEnd($0, nil) })
        try limitStatements(to: configuration.bulkTimeout)
        var attempt = 1
        while true {
            do {
                let result = try savepoint { try merge(self) }
                try commit()
                return result
            } catch let error as PostgresError where error.isConflict || error.isStale {
                guard phase == .transaction, attempt < Database.maximumAttempts else { throw error }
                attempt += 1
            }
        }
    }

    /// Breaks off a copy that has not been ended, which leaves nothing of it.
    ///
    /// - Returns: whether the connection can be used again.
    func endCopying() -> Bool {
        if wire?.transactionStatus == PQTRANS_ACTIVE {
            do {
                _ = try exchange(columns: nil, before: deadline()) { PQputCopyEnd($0, "broken off by the sender") }
            } catch {
                wire = nil
            }
        }
        rollBackWhatIsOpen()
        if isExpired { close() }
        return wire != nil
    }

    private func lost(_ loss: Wire.Failure) -> PostgresError {
        wire = nil
        return PostgresError(loss)
    }
}
