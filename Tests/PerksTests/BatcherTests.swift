import Synchronization
import Testing

@testable import Perks

@Suite struct BatcherTests {
    /// A batcher whose batches wait until the test lets them end, and notes what they were.
    private final class Gate: Sendable {
        let batches = Mutex<[[Int]]>([])
        private let begun: AsyncStream<Void>
        private let begin: AsyncStream<Void>.Continuation
        private let mayEnd: AsyncStream<Void>
        private let end: AsyncStream<Void>.Continuation

        init() {
            (begun, begin) = AsyncStream.makeStream()
            (mayEnd, end) = AsyncStream.makeStream()
        }

        func batcher(
            largest: Int = 4, queue: Int = 100, patience: Duration = .seconds(600)
        ) -> Batcher<String, Int, Int> {
            Batcher(
                largestBatch: largest, longestQueue: queue, patience: patience,
                lateness: { PerksError($1.contains($0) ? .idempotencyKeyInFlight : .overloaded, "\($0)") }
            ) { [self] elements in
                batches.withLock { $0.append(elements) }
                begin.yield()
                for await _ in mayEnd { break }
                return elements.map { $0 < 0 ? .failure(PerksError(.notFound, "\($0)")) : .success($0 * 10) }
            }
        }

        func waitForBatch() async { for await _ in begun { break } }
        func letOneEnd() { end.yield() }
    }

    @Test func whatQueuesWhileABatchRunsIsTheNextOne() async throws {
        let gate = Gate()
        let batcher = gate.batcher()
        let first = Task { try await batcher.submit(0, for: "a") }
        await gate.waitForBatch()
        let others = (1...6).map { number in Task { try await batcher.submit(number, for: "a") } }
        while await batcher.waiting < 6 { await Task.yield() }
        for _ in 0..<3 { gate.letOneEnd() }
        #expect(try await first.value == 0)
        for (index, other) in others.enumerated() { #expect(try await other.value == (index + 1) * 10) }
        let batches = gate.batches.withLock { $0 }
        #expect(batches.map(\.count) == [1, 4, 2])
        #expect(Set(batches.joined()) == Set(0...6))
    }

    @Test func eachHasAnOutcomeOfItsOwn() async throws {
        let gate = Gate()
        let batcher = gate.batcher()
        let first = Task { try await batcher.submit(0, for: "a") }
        await gate.waitForBatch()
        let (good, bad) = (
            Task { try await batcher.submit(1, for: "a") }, Task { try await batcher.submit(-1, for: "a") }
        )
        while await batcher.waiting < 2 { await Task.yield() }
        gate.letOneEnd()
        gate.letOneEnd()
        #expect(try await first.value == 0)
        #expect(try await good.value == 10)
        #expect(try await refusal { _ = try await bad.value } == .notFound)
    }

    @Test func aFullQueueRefusesTheNext() async throws {
        let gate = Gate()
        let batcher = gate.batcher(queue: 2)
        let first = Task { try await batcher.submit(0, for: "a") }
        await gate.waitForBatch()
        let others = (1...2).map { number in Task { try await batcher.submit(number, for: "a") } }
        while await batcher.waiting < 2 { await Task.yield() }
        #expect(try await refusal { _ = try await batcher.submit(3, for: "a") } == .overloaded)
        gate.letOneEnd()
        gate.letOneEnd()
        #expect(try await first.value == 0)
        for other in others { _ = try await other.value }
        #expect(gate.batches.withLock { $0.joined().contains(3) } == false)
    }

    @Test func whoGoesAwayIsServedAllTheSame() async throws {
        let gate = Gate()
        let batcher = gate.batcher()
        let first = Task { try await batcher.submit(0, for: "a") }
        await gate.waitForBatch()
        let gone = Task { try await batcher.submit(1, for: "a") }
        while await batcher.waiting < 1 { await Task.yield() }
        gone.cancel()
        gate.letOneEnd()
        await gate.waitForBatch()
        gate.letOneEnd()
        #expect(try await first.value == 0)
        #expect(try await gone.value == 10)
    }

    @Test func keysDoNotWaitForEachOther() async throws {
        let gate = Gate()
        let batcher = gate.batcher()
        let (one, other) = (
            Task { try await batcher.submit(1, for: "a") }, Task { try await batcher.submit(2, for: "b") }
        )
        await gate.waitForBatch()
        await gate.waitForBatch()
        #expect(gate.batches.withLock { $0.count } == 2)
        gate.letOneEnd()
        gate.letOneEnd()
        #expect(try await one.value == 10)
        #expect(try await other.value == 20)
    }

    @Test func whoHasWaitedTooLongIsToldForWhat() async throws {
        let gate = Gate()
        let batcher = gate.batcher(patience: .zero)
        let first = Task { try await batcher.submit(1, for: "a") }
        await gate.waitForBatch()
        let (again, other) = (
            Task { try await batcher.submit(1, for: "a") }, Task { try await batcher.submit(2, for: "a") }
        )
        while await batcher.waiting < 2 { await Task.yield() }
        gate.letOneEnd()
        #expect(try await first.value == 10)
        #expect(try await refusal { _ = try await again.value } == .idempotencyKeyInFlight)
        #expect(try await refusal { _ = try await other.value } == .overloaded)
        #expect(gate.batches.withLock { $0 } == [[1]])
    }
}
