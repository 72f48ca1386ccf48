import Logging
import Synchronization

/// The connections of a database: who waits longest is served first.
final class Pool: Sendable {
    private struct Waiter {
        let number: UInt64
        let continuation: CheckedContinuation<Connection, any Error>
    }

    private struct State {
        var idle: [Connection] = []
        /// How many connections there are: idle, in use or being opened.
        var size = 0
        /// How many of them are being opened.
        var opening = 0
        var waiters: [Waiter] = []
        var numbers: UInt64 = 0
        var hasConnected = false
        /// Why the last attempt to open a connection failed.
        var failure: PostgresError?
        var isClosed = false
        var drained: [CheckedContinuation<Void, Never>] = []
    }

    /// What to do once the lock is released.
    private struct Duties {
        var served: (Waiter, Result<Connection, any Error>)?
        var refused: [(Waiter, PostgresError)] = []
        var mustOpen = false
        /// What the pool, being closed, has no use for.
        var retired: [Connection] = []
        var drained: [CheckedContinuation<Void, Never>] = []
    }

    private let configuration: Database.Configuration
    private let logger: Logger
    private let state = Mutex(State())

    init(_ configuration: Database.Configuration, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
    }

    /// A connection that nobody else uses; it must be given back.
    ///
    /// - Throws: `overloaded`, `unavailable`, or `CancellationError` when the task is cancelled while it waits.
    func acquire(before deadline: ContinuousClock.Instant) async throws -> Connection {
        try Task.checkCancellation()
        if let connection = state.withLock({ $0.waiters.isEmpty ? $0.idle.popLast() : nil }) { return connection }
        let number = state.withLock { state in
            state.numbers += 1
            return state.numbers
        }
        let timer = Task {
            try await Task.sleep(until: deadline, clock: .continuous)
            expire(number)
        }
        defer { timer.cancel() }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { wait(Waiter(number: number, continuation: $0)) }
        } onCancel: {
            leave(number, CancellationError())
        }
    }

    /// How many callers wait for a connection.
    var waiting: Int { state.withLock { $0.waiters.count } }

    /// Takes a connection back; one that cannot be used again makes room for another.
    func release(_ connection: Connection, isReusable: Bool) {
        perform { state in
            if isReusable { return give(connection, &state) }
            state.size -= 1
            return replenish(&state)
        }
    }

    /// Refuses newcomers, waits until all connections have come back, and closes them.
    func close() async {
        await withCheckedContinuation { continuation in
            perform { state in
                state.isClosed = true
                state.drained.append(continuation)
                var duties = settle(&state)
                swap(&duties.retired, &state.idle)
                return duties
            }
        }
    }

    private func wait(_ waiter: Waiter) {
        perform { state in
            var duties = Duties()
            if Task.isCancelled {
                // Whoever cancelled may have come before the waiter stood in the queue.
                duties.served = (waiter, .failure(CancellationError()))
            } else if state.isClosed {
                duties.served = (waiter, .failure(PostgresError(.unavailable, "the database has been closed")))
            } else if state.waiters.isEmpty, let connection = state.idle.popLast() {
                duties.served = (waiter, .success(connection))
            } else {
                state.waiters.append(waiter)
                duties = replenish(&state)
            }
            return duties
        }
    }

    private func expire(_ number: UInt64) {
        leave(number, nil)
    }

    /// Takes a waiter out of the queue, if it still stands there.
    private func leave(_ number: UInt64, _ reason: (any Error)?) {
        perform { state in
            var duties = Duties()
            guard let index = state.waiters.firstIndex(where: { $0.number == number }) else { return duties }
            let waiter = state.waiters.remove(at: index)
            duties.served = (waiter, .failure(reason ?? reasonForWaiting(state)))
            return duties
        }
    }

    private func reasonForWaiting(_ state: State) -> PostgresError {
        let isDown = state.opening == state.size
        if isDown, let failure = state.failure { return failure }
        if isDown { return PostgresError(.unavailable, "the server did not accept a connection in time") }
        return PostgresError(.overloaded, "every connection was busy for too long; try again later")
    }

    private func give(_ connection: Connection, _ state: inout State) -> Duties {
        if !state.waiters.isEmpty {
            return Duties(served: (state.waiters.removeFirst(), .success(connection)))
        }
        if state.isClosed { return Duties(retired: [connection]) }
        state.idle.append(connection)
        return Duties()
    }

    private func retire(_ connection: Connection) async {
        await connection.close()
        perform { state in
            state.size -= 1
            return settle(&state)
        }
    }

    private func replenish(_ state: inout State) -> Duties {
        guard !state.waiters.isEmpty, state.size < configuration.maximumConnections else { return settle(&state) }
        state.size += 1
        state.opening += 1
        return Duties(mustOpen: true)
    }

    private func settle(_ state: inout State) -> Duties {
        guard state.isClosed, state.size == 0 else { return Duties() }
        defer { state.drained.removeAll() }
        return Duties(drained: state.drained)
    }

    private func perform(_ change: (inout State) -> Duties) {
        let duties = state.withLock { change(&$0) }
        if let (waiter, result) = duties.served { waiter.continuation.resume(with: result) }
        for (waiter, error) in duties.refused { waiter.continuation.resume(throwing: error) }
        if duties.mustOpen { Task { await open() } }
        for connection in duties.retired { Task { await retire(connection) } }
        duties.drained.forEach { $0.resume() }
    }

    /// Opens a connection for whoever waits, as often as it takes while anybody does.
    private func open() async {
        var backoff = Backoff()
        while true {
            do {
                let connection = Connection(configuration, logger: logger)
                try await connection.open()
                perform { state in
                    state.opening -= 1
                    state.hasConnected = true
                    state.failure = nil
                    return give(connection, &state)
                }
                return
            } catch {
                logger.debug("No connection to PostgreSQL", metadata: ["error": "\(error)"])
                guard isWorthRetrying(after: error) else { return }
                try? await Task.sleep(for: backoff.next())
            }
        }
    }

    /// Whether somebody still waits for a connection that could not be opened.
    ///
    /// Until a first connection has succeeded a failure is more likely a wrong address than a restart: it is told at once.
    private func isWorthRetrying(after error: any Error) -> Bool {
        var isWanted = true
        perform { state in
            let failure = error as? PostgresError ?? PostgresError(.unavailable, "\(error)")
            state.failure = failure
            var refused: [Waiter] = []
            if !state.hasConnected || state.isClosed || failure.kind == .usage { swap(&refused, &state.waiters) }
            isWanted = !state.waiters.isEmpty
            if !isWanted {
                state.size -= 1
                state.opening -= 1
            }
            var duties = settle(&state)
            duties.refused = refused.map { ($0, failure) }
            return duties
        }
        return isWanted
    }
}
