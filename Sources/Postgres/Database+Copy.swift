extension Database {
    /// Streams bytes into a table and merges them, in one transaction.
    ///
    /// Each chunk is taken when the one before it is on its way, so that only a few are ever in memory. An error thrown by
    /// `chunks`, or the task's cancellation while it streams, undoes everything.
    ///
    /// - Parameters:
    ///   - chunks: what `copy` expects, cut anywhere.
    ///   - copy: `copy … from stdin`, usually of a temporary table.
    ///   - prepare: makes that table: `create temporary table … on commit drop`.
    ///   - merge: uses the table; run again when another transaction got in its way, so without other effects.
    /// - Returns: what `merge` returns, once it is committed.
    /// - Throws: what `chunks`, `prepare` or `merge` throw; `PostgresError`; `CancellationError`.
    @discardableResult
    nonisolated(nonsending) package func copy<Bytes: AsyncSequence, R: Sendable>(
        _ chunks: Bytes,
        _ copy: Query,
        prepare: @Sendable (isolated Connection) throws -> Void,
        merge: @Sendable (isolated Connection) throws -> R
    ) async throws -> R where Bytes.Element == [UInt8] {
        let connection = try await begin(copy, prepare: prepare)
        do {
            for try await chunk in chunks { try await connection.send(chunk) }
            // A sequence may simply end when its task is cancelled, which must not pass for the end of the data.
            try Task.checkCancellation()
            let result = try await connection.endCopy(merge: merge)
            await giveBack(connection)
            return result
        } catch {
            await giveBack(connection)
            throw error
        }
    }

    /// A connection on which the copy has begun.
    private func begin(
        _ copy: Query, prepare: @Sendable (isolated Connection) throws -> Void
    ) async throws -> Connection {
        let deadline = ContinuousClock.now + configuration.acquireTimeout
        while true {
            let connection = try await pool.acquire(before: deadline)
            do {
                try await connection.beginCopy(copy, prepare: prepare)
                return connection
            } catch {
                await giveBack(connection)
                let isWorthAnother = (error as? PostgresError)?.isBeforeStart == true && .now < deadline
                guard isWorthAnother else { throw error }
            }
        }
    }

    private func giveBack(_ connection: Connection) async {
        let isReusable = await connection.endCopying()
        pool.release(connection, isReusable: isReusable)
    }
}
