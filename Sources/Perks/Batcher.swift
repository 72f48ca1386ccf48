/// Does the work of many callers together: whatever has queued while one batch was under way is the next batch.
///
/// There is no timer: a lone caller is served at once, and batches grow with load by themselves. The batches of one key follow
/// one another; those of different keys run side by side. What was queued is done even if its caller has gone away.
actor Batcher<Key: Hashable & Sendable, Element: Sendable, Outcome: Sendable> {
    /// Does a batch; answers an outcome for each element, in their order.
    typealias Work = @Sendable ([Element]) async -> [Result<Outcome, any Error>]

    private struct Caller {
        let element: Element
        let deadline: ContinuousClock.Instant
        let answer: CheckedContinuation<Outcome, any Error>
    }

    private let largestBatch: Int
    private let longestQueue: Int
    private let patience: Duration
    private let work: Work
    /// Why an element that has waited too long is refused, given the batch that it waited for.
    private let lateness: @Sendable (Element, _ previous: [Element]) -> any Error
    /// Who waits, by key; a key is here for as long as its batches run.
    private var queues: [Key: [Caller]] = [:]
    private(set) var waiting = 0

    /// - Parameters:
    ///   - largestBatch: how many elements are done together at most.
    ///   - longestQueue: how many callers may wait, of all keys; the next one is refused.
    ///   - patience: how long a caller waits for its batch to begin.
    ///   - lateness: why an element that has waited longer is refused, given the batch that it waited for.
    ///   - work: does a batch.
    init(
        largestBatch: Int, longestQueue: Int, patience: Duration,
        lateness: @escaping @Sendable (Element, [Element]) -> any Error, _ work: @escaping Work
    ) {
        self.largestBatch = largestBatch
        self.longestQueue = longestQueue
        self.patience = patience
        self.lateness = lateness
        self.work = work
    }

    /// Has an element done with others of its key; answers its own outcome.
    ///
    /// - Throws: what the work says of this element; `overloaded` when too many wait, or this one has waited too long.
    func submit(_ element: Element, for key: Key) async throws -> Outcome {
        guard waiting < longestQueue else { throw Self.overloaded }
        waiting += 1
        return try await withCheckedThrowingContinuation { answer in
            let caller = Caller(element: element, deadline: .now + patience, answer: answer)
            if queues[key] != nil {
                queues[key]?.append(caller)
            } else {
                queues[key] = [caller]
                Task { await serve(key) }
            }
        }
    }

    private func serve(_ key: Key) async {
        var batch: [Element] = []
        while let callers = next(of: key, after: batch) {
            batch = callers.map(\.element)
            let outcomes = await work(batch)
            for (caller, outcome) in zip(callers, outcomes) { caller.answer.resume(with: outcome) }
        }
    }

    /// The next batch of a key; nil when nobody waits any longer.
    private func next(of key: Key, after previous: [Element]) -> [Caller]? {
        while let queue = queues[key], !queue.isEmpty {
            let callers = queue.prefix(largestBatch)
            queues[key] = Array(queue.dropFirst(callers.count))
            waiting -= callers.count
            // Whoever comes first has waited for nobody.
            let now = previous.isEmpty ? nil : ContinuousClock.now
            var timely: [Caller] = []
            for caller in callers {
                if let now, caller.deadline <= now {
                    caller.answer.resume(throwing: lateness(caller.element, previous))
                } else {
                    timely.append(caller)
                }
            }
            if !timely.isEmpty { return timely }
        }
        queues[key] = nil
        return nil
    }

    private static var overloaded: PerksError {
        PerksError(.overloaded, "Too many requests are waiting. Try again in a moment, with the same Idempotency-Key.")
    }
}
