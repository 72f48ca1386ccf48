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
        private var count = 0
        fileprivate var isClosed = false

        fileprivate mutating func add(_ task: Task<Void, Never>) -> Int {
            if isClosed { task.cancel() }
            count += 1
            tasks[count] = task
            return count
        }
    }

    /// The most events that wait for a slow reader; of more the oldest are dropped, and `.reconnected` says so.
    private static let capacity = 1024

    /// Everything that is notified on a channel from now on, on a connection of its own that is renewed when lost.
    ///
    /// Begins with `.reconnected`, from which moment on nothing is missed unless it says so again. Ends with `close`.
    package func notifications(on channel: String) -> AsyncStream<Notification> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: Notification.self, bufferingPolicy: .bufferingNewest(Self.capacity))
        let task = Task { [configuration, logger] in
            await Self.listen(on: channel, configuration, logger: logger) { notification in
                if case .dropped = continuation.yield(notification) { continuation.yield(.reconnected) }
            }
            continuation.finish()
        }
        let number = subscriptions.withLock { $0.add(task) }
        continuation.onTermination = { [weak self] _ in
            task.cancel()
            self?.subscriptions.withLock { $0.tasks[number] = nil }
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
