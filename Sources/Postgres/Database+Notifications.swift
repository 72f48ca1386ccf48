import Logging
import Synchronization

extension Database {
    /// What a subscription tells.
    package enum Notification: Hashable, Sendable {
        /// Someone ran `notify`, with this payload.
        case payload(String)
        /// The subscription has begun, or begun anew, or could not keep up: what came before may have been missed.
        case reconnected
    }

    /// The subscriptions in force.
    struct Subscriptions {
        fileprivate var tasks: [Int: Task<Void, Never>] = [:]
        fileprivate var count = 0
        fileprivate var isClosed = false
    }

    /// The most events that wait for a slow reader; of more the oldest are dropped, and `.reconnected` says so.
    private static let capacity = 1024

    /// Everything that is notified on a channel from now on, on a connection of its own that is renewed when lost.
    ///
    /// Begins with `.reconnected`, from which moment on nothing is missed unless it says so again. Ends with `close`.
    package func notifications(on channel: String) -> AsyncStream<Notification> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: Notification.self, bufferingPolicy: .bufferingNewest(Self.capacity))
        let task = subscriptions.withLock { subscriptions -> Task<Void, Never>? in
            guard !subscriptions.isClosed else { return nil }
            subscriptions.count += 1
            let number = subscriptions.count
            let task = Task { [configuration, logger, weak self] in
                await Self.listen(on: channel, configuration, logger: logger) { notification in
                    continuation.deliver(notification)
                }
                continuation.finish()
                self?.subscriptions.withLock { $0.tasks[number] = nil }
            }
            subscriptions.tasks[number] = task
            return task
        }
        if let task {
            continuation.onTermination = { _ in task.cancel() }
        } else {
            continuation.finish()
        }
        return stream
    }

    /// Ends all subscriptions and waits until their connections are closed.
    func endSubscriptions() async {
        let tasks = subscriptions.withLock { subscriptions in
            subscriptions.isClosed = true
            return Array(subscriptions.tasks.values)
        }
        tasks.forEach { $0.cancel() }
        for task in tasks { await task.value }
    }

    /// Listens until the task is cancelled, on one connection after the other.
    private static func listen(
        on channel: String,
        _ configuration: Configuration,
        logger: Logger,
        _ deliver: @escaping @Sendable (Notification) -> Void
    ) async {
        var backoff = Backoff()
        while !Task.isCancelled {
            do {
                let bell = try Bell()
                let connection = Connection(configuration, logger: logger)
                try await connection.open()
                backoff = Backoff()
                try await withTaskCancellationHandler {
                    try await connection.listen(on: channel, until: bell, deliver)
                } onCancel: {
                    bell.ring()
                }
            } catch {
                guard !Task.isCancelled else { return }
                logger.info("Waiting to listen again", metadata: ["channel": "\(channel)", "error": "\(error)"])
                try? await Task.sleep(for: backoff.next())
            }
        }
    }
}

extension AsyncStream<Database.Notification>.Continuation {
    /// Yields a notification, and when another had to make room for it, word of that.
    func deliver(_ notification: Database.Notification) {
        if case .dropped = yield(notification) { yield(.reconnected) }
    }
}
