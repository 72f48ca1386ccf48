import Foundation
import Glibc

/// The built `perks`, with surroundings of its own.
struct Program: Sendable {
    let folder: String
    let database: String

    /// `.build/debug/perks`, which lies beside this program.
    static var path: String {
        let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return (own as NSString).deletingLastPathComponent + "/perks"
    }

    /// The same with another address of the database.
    func with(database: String) -> Program { Program(folder: folder, database: database) }

    /// A process that is not started yet.
    func process(_ words: [String]) -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Program.path)
        process.arguments = words
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        process.environment = [
            "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin", "HOME": folder,
            "XDG_CONFIG_HOME": folder + "/config", "XDG_DATA_HOME": folder + "/data", "DATABASE_URL": database,
            "PERKS_BRAND": "torture",
        ]
        process.standardInput = FileHandle.nullDevice
        return process
    }

    /// Runs a command to its end; answers its exit status and what it wrote.
    func run(_ words: [String]) async throws -> (status: Int32, output: String, errors: String) {
        let process = process(words)
        let path = "\(folder)/said-\(UUID().uuidString)"
        func file(_ name: String) throws -> FileHandle {
            try Data().write(to: URL(fileURLWithPath: path + name))
            return try FileHandle(forWritingTo: URL(fileURLWithPath: path + name))
        }
        func text(_ name: String) -> String { (try? String(contentsOfFile: path + name, encoding: .utf8)) ?? "" }
        (process.standardOutput, process.standardError) = (try file(".out"), try file(".err"))
        defer { for name in [".out", ".err"] { unlink(path + name) } }
        let status = try await Program.start(process).value
        return (status, text(".out"), text(".err"))
    }

    /// Runs a command that must succeed; answers what it wrote.
    @discardableResult
    func done(_ words: String...) async throws -> String {
        try await done(words)
    }

    /// Runs a command that must succeed; answers what it wrote.
    @discardableResult
    func done(_ words: [String]) async throws -> String {
        let outcome = try await run(words)
        guard outcome.status == 0 else {
            throw Failure("perks \(words.joined(separator: " ")) ended with \(outcome.status): \(outcome.errors)")
        }
        return outcome.output
    }

    /// Starts a process; the task ends with it, with its exit status or, as a shell counts, its signal and 128.
    static func start(_ process: Process) throws -> Task<Int32, Never> {
        let (ended, continuation) = AsyncStream.makeStream(of: Int32.self)
        process.terminationHandler = { process in
            let bySignal = process.terminationReason == .uncaughtSignal
            continuation.yield(process.terminationStatus + (bySignal ? 128 : 0))
            continuation.finish()
        }
        try process.run()
        return Task { await ended.first { _ in true } ?? -1 }
    }
}

/// Why the run could not go on.
struct Failure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
