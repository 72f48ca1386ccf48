import Foundation
import Glibc
import Postgres

/// What one run of the tests has started, and its end.
actor TestRun {
    private var folder: Task<TestFolder, any Error>?
    private var server: Task<Cluster, any Error>?
    private var templates: [String: Task<Void, any Error>] = [:]
    private var last: Task<String, any Error>?
    private var count = 0

    /// Makes a database from a template and answers its URI.
    func make(from template: String) async throws -> String {
        count += 1
        let (name, previous) = ("test_\(count)", last)
        // One after the other: a database that is just being made cannot be copied.
        let making = Task {
            _ = await previous?.result
            return try await sharedCluster().makeDatabase(name, template: template)
        }
        last = making
        return try await making.value
    }

    /// Makes a database from a template that is prepared at its first use.
    func clone(
        of template: String,
        prepare: @escaping @Sendable (String) async throws -> Void
    ) async throws -> String {
        let preparation =
            templates[template]
            ?? Task {
                let uri = try await sharedCluster().makeDatabase(template)
                try await prepare(uri)
            }
        templates[template] = preparation
        try await preparation.value
        return try await make(from: template)
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
}

/// Why a test has no database.
struct TestDatabaseError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
