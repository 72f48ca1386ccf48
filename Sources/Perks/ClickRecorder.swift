import Logging
import Postgres
import Synchronization

/// Writes clicks down behind the redirects that they were answered with: whatever has gathered while the last ones were
/// being written goes next, a brand at a time.
///
/// What could not be written is tried again until it is; writing it twice changes nothing.
package final class ClickRecorder: Sendable {
    /// A click that is not written yet.
    struct Pending: Sendable {
        let id: ID<Click>
        let at: Timestamp
        let brand: ID<Brand>
        let campaign: ID<Campaign>
        let share: ID<Share>
        let visit: Visit

        init(id: ID<Click>, at: Timestamp, link: ShareLink, visit: Visit) {
            (self.id, self.at, self.visit) = (id, at, visit)
            (brand, campaign, share) = (link.brand, link.campaign, link.share)
        }
    }

    private struct State {
        var pending: [Pending] = []
        /// When the first of those that are pending was taken.
        var pendingSince = ContinuousClock.now
        /// When the first of those that are being written was taken.
        var writingSince = ContinuousClock.now
        var isWriting = false
        var isFull = false
        /// Who waits until all that was pending when they came is written.
        var waiting: [CheckedContinuation<Void, any Error>] = []
    }

    /// The most clicks that wait to be written, such as while the database is away; what comes then is lost.
    static let capacity = 200_000
    /// The most clicks that one transaction writes.
    private static let largestBatch = 5000
    /// How long clicks gather that come while others are being written: a transaction costs as much as a hundred of them.
    private static let timeToGather = Duration.milliseconds(50)
    private static let gatheringStep = Duration.milliseconds(10)
    private static let brandsAtOnce = 4
    private static let pauseAfterFailure = Duration.milliseconds(500)
    /// How old the oldest click that is being written may be when its writing is behind; an older one waits for the database.
    private static let behind = Duration.milliseconds(500)...Duration.seconds(2)
    private static let pauseWhenBehind = Duration.milliseconds(10)

    private let database: Database
    private let logger: Logger
    private let state = Mutex(State())
    /// The keys of the day that clicks were last written on.
    private let hasher = Mutex<VisitorHasher?>(nil)
    /// What each brand's visitors did within the last moments.
    private let bursts = Mutex<[ID<Brand>: ClickBursts]>([:])

    init(_ database: Database, logger: Logger) {
        self.database = database
        self.logger = logger
    }

    /// Takes a click, to be written at once but waited for by nobody.
    ///
    /// While clicks come faster than they are written, whoever makes one has to pause, so that no more than the last second
    /// waits to be written. Where it is not the load that keeps them from being written, a pause would not help.
    func record(_ click: Pending) async {
        let now = ContinuousClock.now
        let (begins, overflows, age) = state.withLock { state in
            guard state.pending.count < Self.capacity else {
                defer { state.isFull = true }
                return (false, !state.isFull, Duration.zero)
            }
            if state.pending.isEmpty { state.pendingSince = now }
            if !state.isWriting { state.writingSince = now }
            state.pending.append(click)
            defer { state.isWriting = true }
            return (!state.isWriting, false, now - state.writingSince)
        }
        if overflows {
            logger.error("clicks are lost: too many wait for the database", metadata: ["at_most": "\(Self.capacity)"])
        }
        if begins { Task { await write() } }
        if Self.behind.contains(age) { try? await Task.sleep(for: Self.pauseWhenBehind) }
    }

    /// Waits until every click taken so far is written.
    ///
    /// - Throws: what has kept one of them from being written; it will be tried again.
    func settle() async throws {
        try await withCheckedThrowingContinuation { continuation in
            let isDone = state.withLock { state in
                guard state.isWriting else { return true }
                state.waiting.append(continuation)
                return false
            }
            if isDone { continuation.resume() }
        }
    }

    /// Writes until nothing is left.
    private func write() async {
        while true {
            let (round, waiting) = state.withLock { state in
                defer { (state.pending, state.waiting, state.isFull) = ([], [], false) }
                state.isWriting = !state.pending.isEmpty
                state.writingSince = state.pendingSince
                return (state.pending, state.waiting)
            }
            guard !round.isEmpty else {
                waiting.forEach { $0.resume() }
                return
            }
            let failure = await writeRound(round)
            for continuation in waiting {
                if let failure { continuation.resume(throwing: failure) } else { continuation.resume() }
            }
            await gather()
        }
    }

    /// Lets clicks gather, unless there are none, enough, or somebody who waits for them to be written.
    private func gather() async {
        let end = ContinuousClock.now + Self.timeToGather
        while state.withLock({ $0.waiting.isEmpty && (1..<Self.largestBatch).contains($0.pending.count) }),
            ContinuousClock.now < end
        {
            try? await Task.sleep(for: Self.gatheringStep)
        }
    }

    /// Writes what has gathered: a few brands side by side, a brand's in order; answers why some of it was not.
    private func writeRound(_ round: [Pending]) async -> (any Error)? {
        var brands = Array(Dictionary(grouping: round, by: \.brand).values)[...]
        let failed = await withTaskGroup(of: (left: [Pending], error: (any Error)?).self) { group in
            for _ in 0..<Self.brandsAtOnce {
                guard let clicks = brands.popFirst() else { break }
                group.addTask { await self.writeBrand(clicks) }
            }
            var failed: (left: [Pending], error: (any Error)?) = ([], nil)
            while let outcome = await group.next() {
                failed.left += outcome.left
                failed.error = failed.error ?? outcome.error
                guard let clicks = brands.popFirst() else { continue }
                group.addTask { await self.writeBrand(clicks) }
            }
            return failed
        }
        guard !failed.left.isEmpty else { return failed.error }
        state.withLock { state in
            state.pending = failed.left + state.pending
            state.pendingSince = state.writingSince
        }
        try? await Task.sleep(for: Self.pauseAfterFailure)
        return failed.error
    }

    /// Writes a brand's clicks, some at a time; answers what is left to be tried again, and why.
    private func writeBrand(_ clicks: [Pending]) async -> (left: [Pending], error: (any Error)?) {
        var failed: (left: [Pending], error: (any Error)?) = ([], nil)
        for start in stride(from: 0, to: clicks.count, by: Self.largestBatch) {
            let outcome = await writeBatch(Array(clicks[start..<min(start + Self.largestBatch, clicks.count)]))
            failed.left += outcome.left
            failed.error = failed.error ?? outcome.error
        }
        return failed
    }

    /// Writes one batch; answers what is left to be tried again, and why.
    private func writeBatch(_ batch: [Pending]) async -> (left: [Pending], error: (any Error)?) {
        do {
            let (brand, now) = (batch[0].brand, batch.map(\.at).max() ?? .now())
            let before = bursts.withLock { $0[brand] } ?? ClickBursts()
            let after = try await database.transaction { [self] connection in
                let known = hasher.withLock { $0 }
                let today = try known.flatMap { $0.isOf(now) ? $0 : nil } ?? VisitorHasher(in: connection, at: now)
                var writing = ClickBatch(batch, after: before, today)
                try writing.write(in: connection)
                hasher.withLock { $0 = today }
                return writing.bursts
            }
            bursts.withLock { $0[brand] = after.left(at: now) }
            return ([], nil)
        } catch let error as PostgresError where error.kind == .server && batch.count > 1 {
            // Nobody's click is lost for a neighbour.
            var (left, failure): ([Pending], (any Error)?) = ([], nil)
            for click in batch {
                let outcome = await writeBatch([click])
                left += outcome.left
                failure = failure ?? outcome.error
            }
            return (left, failure)
        } catch let error as PostgresError where error.kind == .server && PerksError(error) == nil {
            logger.error("a click cannot be written", metadata: ["click": "\(batch[0].id)", "error": "\(error)"])
            return ([], error)
        } catch {
            logger.warning("clicks wait to be written", metadata: ["count": "\(batch.count)", "error": "\(error)"])
            return (batch, error)
        }
    }
}
