import Foundation
import Glibc
import Postgres

/// What one run of the tests has started, and its end.
actor TestRun {
    private var folder: Task<TestFolder, any Error>?
    private var server: Task<Cluster, any Error>?
    private var templates: [String: Task<String, any Error>] = [:]
    private var lastStatement: Task<Void, any Error>?
    private var count = 0

    /// Makes a database from a template and answers its URI.
    func make(from template: String) async throws -> String {
        count += 1
        let name = "test_\(count)"
        let cluster = try await sharedCluster()
        try await execute("create database \(name) template \(template)", on: cluster)
        return cluster.uri(database: name)
    }

    /// Makes a database from a template that is prepared at its first use.
    func clone(
        of template: String,
        prepare: @escaping @Sendable (String) async throws -> Void
    ) async throws -> String {
        let preparation =
            templates[template]
            ?? Task {
                let uri = try await make(from: "template0")
                try await prepare(uri)
                return uri
            }
        templates[template] = preparation
        let name = try await preparation.value.prefix { $0 != "?" }.split(separator: "/").last
        return try await make(from: String(name ?? ""))
    }

    /// A cluster in the run's folder.
    func cluster(named name: String?, durable: Bool) async throws -> Cluster {
        let making = folder ?? Task { try await TestFolder.make() }
        folder = making
        return Cluster(directory: try await making.value.path + "/" + (name ?? UUID().uuidString), durable: durable)
    }

    private func sharedCluster() async throws -> Cluster {
        let starting =
            server
            ?? Task {
                let cluster = try await cluster(named: "shared", durable: false)
                _ = try await cluster.start()
                return cluster
            }
        server = starting
        return try await starting.value
    }

    /// One statement after the other: a database cannot be copied while it is itself being made.
    private func execute(_ statement: String, on cluster: Cluster) async throws {
        let previous = lastStatement
        let task = Task {
            _ = await previous?.result
            try await Self.psql(statement, uri: cluster.uri(database: "postgres"))
        }
        lastStatement = task
        try await task.value
    }

    private static func psql(_ statement: String, uri: String) async throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", statement, uri]
        process.standardInput = FileHandle.nullDevice
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            process.terminationHandler = { _ in continuation.resume() }
            do { try process.run() } catch { continuation.resume(throwing: error) }
        }
        guard process.terminationStatus == 0 else { throw TestDatabaseError("psql refused: \(statement)") }
    }
}

/// Why a test has no database.
struct TestDatabaseError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
