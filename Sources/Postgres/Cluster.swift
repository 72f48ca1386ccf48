import Foundation
import Glibc

/// A private PostgreSQL made from the programs installed on this machine, for one directory and its user alone.
///
/// The directory holds `data` (PostgreSQL's data directory), `socket` and `lock`. Whoever may enter it is let in by
/// the server without a password: nothing listens on the network, and the directory and the socket's are closed to
/// every other user. (`peer` instead of `trust` would add nothing but refuse root, for whom the server runs as the
/// user `postgres`.)
package struct Cluster: Sendable {
    /// Where everything of this cluster is, as an absolute path.
    package let directory: String
    let durable: Bool
    let environment: [String: String]

    /// What `status()` found.
    package enum Status: Sendable, Equatable {
        /// A server runs; `version` is PostgreSQL's major version, `directory` the cluster's.
        case running(pid: Int32, uri: String, version: String, directory: String)
        case stopped
        case absent
    }

    /// How a server is stopped, in PostgreSQL's words.
    package enum StopMode: String, Sendable {
        /// Waits until every client has left.
        case smart
        /// Rolls open transactions back and disconnects the clients.
        case fast
        /// Drops everything; the next start recovers from the log.
        case immediate
    }

    /// Describes a cluster; nothing is made or started before `start()`.
    ///
    /// A cluster that is not durable forgets what it was told in a crash of the machine: for tests.
    package init(
        directory: String,
        durable: Bool = true,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) {
        self.directory = URL(fileURLWithPath: directory).standardizedFileURL.path
        self.durable = durable
        self.environment = environment
    }

    /// Makes the cluster if it is absent, starts it if it does not run, and answers the URI of its database `perks`.
    ///
    /// Any number of processes may call this at once. What a killed server or caller left behind is cleared, and
    /// PostgreSQL recovers what was committed. Throws `ClusterError`.
    package func start() async throws -> String {
        try await onThreadOfItsOwn {
            let owner = try ClusterOwner.ofThisProcess()
            try makeDirectory(for: owner)
            return try whileLocked(by: owner) { try startLocked(by: owner) }
        }
    }

    /// Stops the server and waits for its end; nothing happens when none runs.
    ///
    /// Throws `ClusterError`.
    package func stop(_ mode: StopMode = .fast) async throws {
        try await onThreadOfItsOwn {
            guard try dataVersion() != nil else { return }
            let owner = try ClusterOwner.ofThisProcess()
            try whileLocked(by: owner) {
                guard ClusterServer(data: data) != nil else { return }
                let binaries = try ClusterBinaries.find(major: dataVersion(), environment: environment)
                let words = [binaries.program("pg_ctl"), "stop", "-w", "-t", "60", "-m", mode.rawValue]
                let outcome = try run(words, as: owner, limit: .seconds(90))
                guard outcome.exitCode == 0 || ClusterServer(data: data) == nil else {
                    throw ClusterError("pg_ctl stop", failedWith: outcome.output, in: directory)
                }
                if !socketDirectory.hasPrefix(directory + "/") {
                    rmdir(socketDirectory)
                }
            }
        }
    }

    /// Whether the cluster exists and its server runs.
    ///
    /// Throws `ClusterError` when the directory may not be read.
    package func status() throws -> Status {
        guard let version = try dataVersion() else { return .absent }
        guard let server = ClusterServer(data: data) else { return .stopped }
        let uri = Self.uri(database: "perks", socketDirectory: server.socketDirectory)
        return .running(pid: server.pid, uri: uri, version: String(version), directory: directory)
    }

    /// PostgreSQL's data directory.
    var data: String { directory + "/data" }

    /// The major version that made the data directory; nil when there is none.
    func dataVersion() throws -> Int? {
        let path = data + "/PG_VERSION"
        guard let file = fopen(path, "re") else {
            guard errno == ENOENT || errno == ENOTDIR else {
                throw ClusterError(
                    "\(path) cannot be read (\(String(cString: strerror(errno)))): "
                        + "run this as the user that the database belongs to, or choose another data directory."
                )
            }
            return nil
        }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 32)
        guard fgets(&line, Int32(line.count), file) != nil else { return nil }
        return Int(String(decoding: line.prefix { $0 > 32 }.map(UInt8.init), as: UTF8.self))
    }

    private func startLocked(by owner: ClusterOwner) throws -> String {
        if let server = try serverThatIsReady() {
            try makeFirstDatabase(of: server, as: owner)
            return Self.uri(database: "perks", socketDirectory: server.socketDirectory)
        }
        let binaries = try ClusterBinaries.find(major: dataVersion(), environment: environment)
        if try dataVersion() == nil {
            try makeData(with: binaries, as: owner)
        }
        try makeSocketDirectory(for: owner)
        try writeSettings(for: owner)
        try ClusterServer.clearRemains(data: data, socketDirectory: socketDirectory)
        try launch(with: binaries, as: owner)
        guard let server = try serverThatIsReady() else {
            throw ClusterError("PostgreSQL started and ended at once: its log is in \(data)/log.")
        }
        try makeFirstDatabase(of: server, as: owner)
        return uri()
    }

    /// The running server, waited for where another process has just started or stopped it.
    private func serverThatIsReady() throws -> ClusterServer? {
        let start = ContinuousClock.now
        while let server = ClusterServer(data: data) {
            if server.isReady, server.answers() { return server }
            guard ContinuousClock.now < start + (server.isReady ? .seconds(20) : Self.startLimit) else {
                throw ClusterError(
                    "PostgreSQL (process \(server.pid)) runs but does not answer at \(server.socketDirectory): "
                        + "stop it and start it again. Its log is in \(data)/log."
                )
            }
            usleep(20_000)
        }
        return nil
    }

    private func launch(with binaries: ClusterBinaries, as owner: ClusterOwner) throws {
        let deadline = ContinuousClock.now + .seconds(30)
        // The data directory goes by the environment: pg_ctl would hand an argument on to a shell.
        let words = [
            binaries.program("pg_ctl"), "start", "-s", "-w", "-t", String(Self.startLimit.components.seconds),
        ]
        while true {
            let outcome = try run(words, as: owner, limit: Self.startLimit + .seconds(30))
            guard outcome.exitCode != 0 else { return }
            // Backends outlive a killed server until they notice; data is safe as PostgreSQL waits for them, too.
            guard outcome.output.contains("pre-existing shared memory block"), ContinuousClock.now < deadline else {
                throw ClusterError("pg_ctl start", failedWith: outcome.output, in: directory)
            }
            usleep(100_000)
        }
    }

    /// Recovery after a crash may take long, and a caller that gives up would not make it faster.
    private static let startLimit: Duration = .seconds(300)

    /// Runs what blocks where it holds up no task.
    func onThreadOfItsOwn<R: Sendable>(_ body: @escaping @Sendable () throws -> R) async throws -> R {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread { continuation.resume(with: Result { try body() }) }
        }
    }
}
