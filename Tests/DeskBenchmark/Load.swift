import Glibc

/// Connections that are kept busy by one thread: each is given its next request as soon as it has its answer.
struct Load {
    private var connections: [HTTPConnection]

    /// How long an answer may take before the run counts for nothing.
    private static let patience: Int32 = 30_000

    init(connections number: Int, port: UInt16) throws {
        connections = try (0..<number).map { _ in try HTTPConnection(port: port) }
    }

    /// Asks until the limit is reached, and waits for all answers.
    ///
    /// - Throws: `Failure` at an answer that is not the wanted one, or when there is none.
    mutating func run(_ phase: Phase, _ requests: inout Requests) throws -> Tally {
        let start = ContinuousClock.now
        var tally = Tally()
        var asked = 0
        var began = [ContinuousClock.Instant](repeating: start, count: connections.count)
        var polled = connections.map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }
        func isOver(_ now: ContinuousClock.Instant) -> Bool {
            switch phase.limit {
            case .duration(let duration): now - start >= duration
            case .requests(let number): asked >= number
            }
        }
        for index in connections.indices {
            guard !isOver(.now) else { break }
            asked += 1
            began[index] = .now
            try connections[index].send(requests.next(phase.work))
        }
        var answered = 0
        while answered < asked {
            guard poll(&polled, nfds_t(polled.count), Self.patience) > 0 else {
                throw Failure("\(phase.label): no answer within \(Self.patience / 1000) s.")
            }
            for index in polled.indices where polled[index].revents != 0 {
                guard let answer = try connections[index].receive() else { continue }
                let now = ContinuousClock.now
                guard answer.status == phase.wantedStatus else {
                    throw Failure("\(phase.label): \(phase.wantedStatus) was wanted and this came:\n\(answer.text)")
                }
                answered += 1
                tally.latencies.append(now - began[index])
                guard !isOver(now) else { continue }
                asked += 1
                began[index] = now
                try connections[index].send(requests.next(phase.work))
            }
        }
        tally.duration = .now - start
        return tally
    }
}

/// What came of a phase.
struct Tally {
    var latencies: [Duration] = []
    var duration = Duration.zero

    /// Adds what came of another phase of the same label.
    mutating func add(_ other: Tally) {
        latencies += other.latencies
        duration += other.duration
    }

    /// How many, how many a second, and the 50th and 99th percentile in milliseconds, with tabs between.
    var line: String {
        let sorted = latencies.sorted()
        func percentile(_ share: Int) -> String {
            let index = min(sorted.count - 1, sorted.count * share / 100)
            return index < 0 ? "-" : "\((sorted[index] / .milliseconds(1) * 100).rounded() / 100)"
        }
        let rate = Int(Double(sorted.count) / (duration / .seconds(1)))
        return "\(sorted.count)\t\(rate)\t\(percentile(50))\t\(percentile(99))"
    }
}
