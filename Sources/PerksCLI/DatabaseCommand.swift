import ArgumentParser
import Perks
import Postgres

/// `perks database`.
struct DatabaseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "database", abstract: "The private PostgreSQL that stands in where DATABASE_URL is not set.",
        discussion: "Every command starts it when it needs it; it runs until it is stopped.",
        subcommands: [Start.self, Stop.self, Status.self])

    /// `perks database start`.
    struct Start: ClusterCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make it if it is absent, start it, show where it is.")

        @OptionGroup var options: CommonOptions

        func run(on cluster: Cluster) async throws {
            _ = try await cluster.start()
        }
    }

    /// `perks database stop`.
    struct Stop: ClusterCommand {
        static let configuration = CommandConfiguration(abstract: "Stop it; what is under way is rolled back.")

        @OptionGroup var options: CommonOptions

        func run(on cluster: Cluster) async throws {
            try await cluster.stop()
        }
    }

    /// `perks database status`.
    struct Status: ClusterCommand {
        static let configuration = CommandConfiguration(abstract: "Say whether it runs, and where.")

        @OptionGroup var options: CommonOptions

        func run(on cluster: Cluster) async throws {}
    }
}

/// A command on the private PostgreSQL, which ends with saying how that is.
protocol ClusterCommand: AsyncParsableCommand {
    var options: CommonOptions { get }

    /// Does the command's work.
    func run(on cluster: Cluster) async throws
}

extension ClusterCommand {
    func run() async throws {
        let settings = try Settings()
        let output = Output(format: try settings.output(options.output))
        do {
            let cluster = settings.cluster(options.dataDirectory)
            try await run(on: cluster)
            try output.show(ClusterReport(try cluster.status(), of: cluster))
            if settings.namesDatabase {
                output.note("DATABASE_URL is set: the other commands use that database, not this one.")
            }
        } catch {
            throw Failure(error, in: output.format)
        }
    }
}

/// How the private PostgreSQL is, as it is shown.
private struct ClusterReport: Encodable, Tabular {
    let status: String
    let directory: String
    var process: Int?
    var version: String?
    var uri: String?

    init(_ status: Cluster.Status, of cluster: Cluster) {
        directory = cluster.directory
        switch status {
        case .running(let pid, let uri, let version, _):
            self.status = "running"
            (process, self.version, self.uri) = (Int(pid), version, uri)
        case .stopped: self.status = "stopped"
        case .absent: self.status = "absent"
        }
    }

    static var columns: [Column<ClusterReport>] {
        [
            Column("status") { .text($0.status) },
            Column("directory") { .text($0.directory) },
            Column("process") { .number($0.process) },
            Column("version") { .text($0.version) },
            Column("uri") { .text($0.uri) },
        ]
    }
}
