import ArgumentParser
import Foundation
import Glibc
import Postgres

/// Something that goes wrong.
enum Fault: String, CaseIterable, ExpressibleByArgument, Sendable {
    case serverKill = "server-kill"
    case serverStop = "server-stop"
    case serverRestart = "server-restart"
    case backendKill = "backend-kill"
    case backendStop = "backend-stop"
    case databaseCrash = "database-crash"
    case cutBeforeCommit = "cut-before-commit"
    case cutAfterCommit = "cut-after-commit"
    case cutMidStatement = "cut-mid-statement"

    var sentence: String {
        switch self {
        case .serverKill: "kill -9 of the server"
        case .serverStop: "SIGSTOP of the server for 1 to 3 s"
        case .serverRestart: "SIGTERM of the server, and its next start"
        case .backendKill: "kill -9 of a process of PostgreSQL"
        case .backendStop: "SIGSTOP of a process of PostgreSQL for 1 to 3 s"
        case .databaseCrash: "immediate stop of PostgreSQL, and its next start"
        case .cutBeforeCommit: "connection cut before COMMIT"
        case .cutAfterCommit: "connection cut after COMMIT, before the answer to it"
        case .cutMidStatement: "connection cut in the middle of a transaction"
        }
    }
}

/// What makes things go wrong, one after the other.
struct Faults: Sendable {
    private let stage: Stage
    private let kinds: [Fault]
    private var chance: Chance
    private(set) var struck: [Fault: Int] = [:]
    /// How often the server was asked to end and did not end well.
    private(set) var badEnds = 0

    init(_ kinds: [Fault], on stage: Stage, chance: Chance) {
        self.kinds = kinds
        self.stage = stage
        self.chance = chance
    }

    /// Goes on until it is over, but until each kind has struck once.
    mutating func run(until isOver: @Sendable () -> Bool) async throws {
        var round = 0
        while true {
            // Every round has each kind once, in an order of its own.
            for fault in kinds.shuffled(using: &chance) {
                if round > 0, isOver() { return }
                try await Task.sleep(for: chance.pause(1000...3000))
                stage.history.note("fault: \(fault.rawValue)")
                try await strike(fault)
                struck[fault, default: 0] += 1
                try await stage.server.restart()
                try await stage.server.becomeReady()
                stage.history.note("fault is over: \(fault.rawValue)")
            }
            round += 1
            if isOver() { return }
        }
    }

    private mutating func strike(_ fault: Fault) async throws {
        let server = stage.server
        switch fault {
        case .serverKill: _ = await server.end(by: SIGKILL)
        case .serverRestart:
            let status = await server.end(by: SIGTERM)
            stage.history.note("the server ended with \(status ?? -1)")
            if status != 0 { badEnds += 1 }
        case .serverStop:
            server.signal(SIGSTOP)
            try await Task.sleep(for: chance.pause(1000...3000))
            server.signal(SIGCONT)
        case .backendKill:
            let backend = try await backend()
            kill(backend, SIGKILL)
            // PostgreSQL ends all others, recovers and starts again by itself.
            try await leaves(backend)
            try await startDatabase()
        case .backendStop:
            let backend = try await backend()
            kill(backend, SIGSTOP)
            try await Task.sleep(for: chance.pause(1000...3000))
            if Faults.isPostgres(backend) { kill(backend, SIGCONT) }
        case .databaseCrash:
            try await stage.cluster.stop(.immediate)
            try await Task.sleep(for: chance.pause(0...1000))
            try await startDatabase()
        case .cutBeforeCommit: try await cut(.beforeCommit)
        case .cutAfterCommit: try await cut(.afterCommit)
        case .cutMidStatement: try await cut(.midStatement)
        }
    }

    /// Waits until PostgreSQL answers, and starts it where it does not run.
    private func startDatabase() async throws {
        let deadline = ContinuousClock.now + Server.patience
        while true {
            do {
                _ = try await stage.cluster.start()
                return
            } catch let error as ClusterError where ContinuousClock.now < deadline {
                // It may be in the middle of its recovery.
                stage.history.note("PostgreSQL is not there yet: \(error)")
                try await Task.sleep(for: .milliseconds(100))
            }
        }
    }

    private mutating func cut(_ cut: Proxy.Cut) async throws {
        let (proxy, skips) = (stage.proxy, chance.below(12))
        let hasStruck = await withTaskGroup(of: Bool.self) { group in
            group.addTask { await proxy.cut(cut, after: skips) }
            group.addTask {
                try? await Task.sleep(for: Server.patience)
                return false
            }
            let first = await group.next() ?? false
            group.cancelAll()
            return first
        }
        guard hasStruck else { throw Failure("Nothing came by that could be cut (\(cut.rawValue)).") }
    }

    /// A process of PostgreSQL that answers the server, within a transaction if there is one.
    private mutating func backend() async throws -> Int32 {
        let deadline = ContinuousClock.now + Server.patience
        while ContinuousClock.now < deadline {
            // Of the first few, so that now and then an idle one is chosen.
            let backends = stage.proxy.backends.prefix(6).filter(Faults.isPostgres)
            if let backend = chance.pick(Array(backends)) { return backend }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw Failure("The server has no connection to PostgreSQL.")
    }

    private func leaves(_ process: Int32) async throws {
        let deadline = ContinuousClock.now + Server.patience
        while Faults.isPostgres(process), ContinuousClock.now < deadline {
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    /// Whether a number still is that of a process of PostgreSQL: nobody else's is ever signalled.
    private static func isPostgres(_ process: Int32) -> Bool {
        let name = try? String(contentsOfFile: "/proc/\(process)/comm", encoding: .utf8)
        return name?.hasPrefix("postgres") == true
    }
}
