import ArgumentParser
import Foundation
import Glibc
import Synchronization

/// Breaks everything that can break under a running server, and proves afterwards that each request was done once or not.
@main
struct Torture: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "torture",
        abstract: "Prove that nothing is handed out twice or forgotten while everything around it fails.",
        discussion: """
            Makes a PostgreSQL and a server of its own, sends requests from many clients, repeats them, and meanwhile \
            kills, freezes and cuts off what they run on. In the end every request is held against the tables.

            The seed decides what clients do and which faults strike; when they meet is up to the machine. Exits 0 when \
            all is well, 1 when it is not; then the history is kept.
            """)

    @Option(help: "How many minutes it goes on.") var minutes: Int?
    @Option(help: "How many seconds it goes on, at the least until each fault has struck. (default: 60)")
    var seconds: Int?
    @Option(help: "What chance begins with; a random one, if left out.") var seed: UInt64?
    @Option(help: "How many clients there are.") var clients = 24
    @Option(help: "A fault that is to strike; may be repeated. (default: all of them)") var fault: [Fault] = []

    func validate() throws {
        if minutes != nil, seconds != nil { throw ValidationError("--minutes and --seconds exclude each other.") }
        guard (1...500).contains(clients) else { throw ValidationError("--clients is from 1 to 500.") }
        guard (1...86_400).contains(length) else { throw ValidationError("It goes on from a second to a day.") }
    }

    private var length: Int { seconds ?? (minutes ?? 1) * 60 }

    func run() async throws {
        let seed = seed ?? UInt64.random(in: 0...UInt64(UInt32.max))
        let faults = fault.isEmpty ? Fault.allCases : fault
        say("seed \(seed), \(clients) clients, \(length) s, \(faults.count) kinds of faults")
        let stage = try await Stage.make(clients: clients, guests: 30 + length * 2)
        let interruptions = Interruptions(of: stage)
        defer { interruptions.end() }
        say("perks: \(stage.perks.map(\.slug).joined(separator: ", ")); holds: \(stage.hasHolds ? "yes" : "not yet")")
        var report = Report(seed: seed)
        do {
            try await play(on: stage, faults, Chance(seed: seed), into: &report)
        } catch {
            report.violations.append("The run could not go on: \(error)")
        }
        try? await stage.close()
        report.print(stage)
        guard report.violations.isEmpty else {
            say("FAIL: see \(stage.folder)/history.txt and server.log; again: scripts/torture --seed \(seed)")
            throw ExitCode(1)
        }
        try FileManager.default.removeItem(atPath: stage.folder)
        say("PASS")
    }

    /// Lets clients and faults loose, and draws up what came of it.
    private func play(on stage: Stage, _ kinds: [Fault], _ chance: Chance, into report: inout Report) async throws {
        let deadline = ContinuousClock.now + .seconds(length)
        let end = End()
        let clients = clients
        (report.faults, report.badEnds) = try await withThrowingTaskGroup(of: Faults?.self) { group in
            group.addTask {
                defer { end.comes() }
                var faults = Faults(kinds, on: stage, chance: chance.child(-1))
                try await faults.run { ContinuousClock.now >= deadline }
                return faults
            }
            for number in 0..<clients {
                group.addTask {
                    var customer = Customer(number, of: stage, chance: chance.child(number))
                    try await customer.run { end.hasCome }
                    return nil
                }
            }
            var faults: Faults?
            for try await result in group { faults = faults ?? result }
            return (faults?.struck ?? [:], faults?.badEnds ?? 0)
        }
        stage.history.note("no more faults, no more clients")
        report.requests = stage.history.all
        var audit = Audit(of: stage)
        defer {
            report.violations += audit.violations
            report.resolved = audit.resolved
            report.replays = audit.replays
        }
        try await audit.run()
    }
}

/// The end, which one task brings about and others look out for.
private final class End: Sendable {
    private let state = Mutex(false)

    func comes() { state.withLock { $0 = true } }
    var hasCome: Bool { state.withLock { $0 } }
}

/// What happens when somebody has had enough: the server ends with this program, and nothing is left.
private struct Interruptions {
    private let sources: [any DispatchSourceSignal]

    init(of stage: Stage) {
        sources = [SIGINT, SIGTERM, SIGHUP].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler {
                stage.server.signal(SIGKILL)
                try? FileManager.default.removeItem(atPath: stage.folder)
                exit(128 + number)
            }
            source.resume()
            return source
        }
    }

    func end() { sources.forEach { $0.cancel() } }
}
