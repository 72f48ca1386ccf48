import Foundation

extension Cluster {
    /// The libpq URI of one of the cluster's databases.
    package func uri(database: String = "perks") -> String {
        Self.uri(database: database, socketDirectory: socketDirectory)
    }

    /// Makes a further database, as a copy of a template that nobody is connected to, and answers its URI.
    ///
    /// The server must be running. Throws `ClusterError`, also when there is such a database.
    package func makeDatabase(_ name: String, template: String = "template0") async throws -> String {
        try await onThreadOfItsOwn {
            let owner = try ClusterOwner.ofThisProcess()
            let outcome = try createdb(name, template: template, socketDirectory: socketDirectory, as: owner)
            guard outcome.exitCode == 0 else {
                throw ClusterError("createdb", failedWith: outcome.output, in: directory)
            }
            return uri(database: name)
        }
    }

    /// Makes the database `perks` once in the life of a server, which also mends a start that was cut short.
    func makeFirstDatabase(of server: ClusterServer, as owner: ClusterOwner) throws {
        let mark = directory + "/started"
        guard (try? String(contentsOfFile: mark, encoding: .utf8)) != server.stamp else { return }
        let outcome = try createdb(
            "perks", template: "template0", socketDirectory: server.socketDirectory, as: owner)
        guard outcome.exitCode == 0 || outcome.output.contains("already exists") else {
            throw ClusterError("createdb", failedWith: outcome.output, in: directory)
        }
        try write(server.stamp, to: mark, for: owner)
    }

    /// A libpq URI of a database behind a socket.
    static func uri(database: String, socketDirectory: String) -> String {
        var plain = CharacterSet(charactersIn: "/-._~")
        plain.formUnion(CharacterSet(charactersIn: "a"..."z"))
        plain.formUnion(CharacterSet(charactersIn: "A"..."Z"))
        plain.formUnion(CharacterSet(charactersIn: "0"..."9"))
        let host = socketDirectory.addingPercentEncoding(withAllowedCharacters: plain) ?? socketDirectory
        let name = database.addingPercentEncoding(withAllowedCharacters: plain) ?? database
        return "postgresql:///\(name)?host=\(host)&user=postgres"
    }

    private func createdb(
        _ name: String,
        template: String,
        socketDirectory: String,
        as owner: ClusterOwner
    ) throws -> ClusterCommand.Outcome {
        let binaries = try ClusterBinaries.find(major: dataVersion(), environment: environment)
        let words = [
            binaries.program("createdb"), "--host=\(socketDirectory)", "--port=5432", "--username=postgres",
            "--maintenance-db=postgres", "--template=\(template)", "--", name,
        ]
        return try run(words, as: owner, limit: .seconds(60))
    }
}
