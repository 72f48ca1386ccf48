import CLibPQ

extension Connection {
    /// All that came back for one request.
    struct Replies {
        var completion: Wire.Completion?
        var failure: PostgresError?
        /// Why the connection cannot be used any longer.
        var loss: Wire.Failure?
    }

    /// When a statement that starts now is given up: a little after the server should have given it up itself.
    ///
    /// - Parameter statements: how many statements follow each other.
    /// - Returns: nil when statements may take for ever.
    func deadline(statements: Int = 1) -> ContinuousClock.Instant? {
        limit == .zero ? nil : .now + limit * statements + configuration.answerMargin
    }

    /// Sends a request and reads all answers to it; `row` gets those that come one row at a time.
    func exchange(
        columns: Columns?,
        before deadline: ContinuousClock.Instant?,
        row: (Rows) -> Void = { _ in },
        _ request: (OpaquePointer) -> Int32
    ) throws -> Replies {
        guard let wire else { throw PostgresError(.unavailable, "the connection is closed") }
        var replies = Replies()
        do {
            try wire.send(before: deadline, request)
            while let reply = try wire.next(columns: columns, before: deadline) {
                switch reply {
                case .completed(let completion): replies.completion = completion
                case .row(let rows): row(rows)
                case .failed(let error): replies.failure = replies.failure ?? error
                case .copying, .unexpected:
                    self.wire = nil
                    throw PostgresError(.usage, "COPY and replication are not statements; use Database.copy")
                }
            }
            if wire.isLost { replies.loss = .lost(replies.failure?.message ?? "the server closed the connection") }
        } catch let loss as Wire.Failure {
            replies.loss = loss
        }
        if replies.loss != nil { self.wire = nil }
        return replies
    }

    /// What the replies amount to.
    ///
    /// - Throws: the server's error, or what the loss of the connection means at this point.
    @discardableResult
    func settle(_ replies: Replies) throws -> Wire.Completion {
        if let loss = replies.loss { throw error(for: loss, replies) }
        if var failure = replies.failure {
            if failure.sqlState == "25006", !isReadOnly {
                // The server has become a standby: the next connection looks for the primary.
                wire = nil
                failure.kind = .unavailable
            }
            throw failure
        }
        return replies.completion ?? Wire.Completion()
    }

    private func error(for loss: Wire.Failure, _ replies: Replies) -> PostgresError {
        var error = PostgresError(loss)
        error.sqlState = replies.failure?.sqlState
        // A statement that the server itself broke off has not been committed.
        let wasBrokenOff = replies.completion == nil && replies.failure?.endsConnection == true
        let mayHaveHappened = phase == .committing || phase == .autocommit && !wasBrokenOff
        if mayHaveHappened {
            error.kind = .inDoubt
            error.message += "; whether it was done is unknown, so repeat it with the same key or look"
        }
        return error
    }
}
