import Postgres

/// Databases for tests: one throwaway cluster a test run, shared by all tests of the process.
package enum TestDatabase {
    // Tests have no composition root that could hand the cluster down, so this one constant is shared.
    private static let run = TestRun()

    /// Makes an empty database of the caller's own and answers its URI.
    package static func make() async throws -> String {
        try await run.make(from: "template0")
    }

    /// Makes a copy of a template and answers its URI.
    ///
    /// The template is made once a run: an empty database that `prepare` fills and then leaves, with no connection to
    /// it kept open.
    package static func clone(
        of template: String,
        prepare: @escaping @Sendable (_ uri: String) async throws -> Void
    ) async throws -> String {
        try await run.clone(of: template, prepare: prepare)
    }

    /// A whole cluster of the caller's own, not yet started, for tests that stop or kill it.
    ///
    /// The caller stops it; what is forgotten ends with the test run.
    package static func cluster(durable: Bool) async throws -> Cluster {
        try await run.cluster(named: nil, durable: durable)
    }
}
