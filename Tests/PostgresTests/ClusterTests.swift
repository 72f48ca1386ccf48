import Foundation
import Glibc
import TestDatabase
import Testing

@testable import Postgres

/// The private PostgreSQL: made, started, killed, found again.
@Suite struct ClusterTests {
    @Test func isMadeStartedAndStopped() async throws {
        let cluster = try await TestDatabase.cluster(durable: false)
        #expect(try cluster.status() == .absent)
        let uri = try await cluster.start()
        let pid = try runningPID(cluster)
        #expect(
            try cluster.status()
                == .running(pid: pid, uri: uri, version: majorVersion(cluster), directory: cluster.directory)
        )
        #expect(uri.hasPrefix("postgresql:///perks?host="))
        #expect(try query("show server_encoding", uri) == "UTF8")
        #expect(try query("show data_checksums", uri) == "on")
        #expect(try query("show listen_addresses", uri).isEmpty)
        #expect(try query("select datcollate from pg_database where datname = 'perks'", uri) == "C.UTF-8")

        #expect(try await cluster.start() == uri)
        #expect(try runningPID(cluster) == pid)
        try await cluster.stop()
        #expect(try cluster.status() == .stopped)
        try await cluster.stop()
        #expect(try cluster.status() == .stopped)
    }

    @Test func isDurableUnlessToldOtherwise() async throws {
        let cluster = try await TestDatabase.cluster(durable: true)
        let uri = try await cluster.start()
        for setting in ["fsync", "synchronous_commit", "full_page_writes"] {
            #expect(try query("show \(setting)", uri) == "on")
        }
        try await cluster.stop()
    }

    @Test func isClosedToOtherUsers() async throws {
        let cluster = try await TestDatabase.cluster(durable: false)
        _ = try await cluster.start()
        for path in [cluster.directory, cluster.data, cluster.socketDirectory] {
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
            #expect(mode == 0o700, "\(path)")
        }
        try await cluster.stop()
    }

    @Test func isStartedOnceByManyAtATime() async throws {
        let cluster = try await TestDatabase.cluster(durable: false)
        let uris = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<6 {
                // Each opens the lock file anew, as processes of their own would.
                group.addTask { try await Cluster(directory: cluster.directory, durable: false).start() }
            }
            return try await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        #expect(uris == [cluster.uri()])
        #expect(try query("select 1", cluster.uri()) == "1")
        try await cluster.stop()
    }

    @Test func recoversWhatWasCommittedBeforeAKill() async throws {
        let cluster = try await TestDatabase.cluster(durable: true)
        let uri = try await cluster.start()
        _ = try query("create table kept as select 41 + 1 as n", uri)
        let first = try runningPID(cluster)
        #expect(kill(first, SIGKILL) == 0)
        #expect(try await cluster.start() == uri)
        #expect(try runningPID(cluster) != first)
        #expect(try query("select n from kept", uri) == "42")
        try await cluster.stop()
    }

    @Test func isNotDeceivedByAProcessThatTookOverTheNumber() async throws {
        let cluster = try await TestDatabase.cluster(durable: false)
        let uri = try await cluster.start()
        let remains = try String(contentsOfFile: cluster.data + "/postmaster.pid", encoding: .utf8)
        try await cluster.stop(.immediate)
        let owner = try ClusterOwner.ofThisProcess()
        // PostgreSQL only fears processes of its own user.
        let bystander = Process()
        let words = owner.prefix + ["/bin/sleep", "3600"]
        bystander.executableURL = URL(fileURLWithPath: words[0])
        bystander.arguments = Array(words.dropFirst())
        try bystander.run()
        // Not SIGTERM, which a process made on a thread of Dispatch's is born with blocked.
        defer { kill(bystander.processIdentifier, SIGKILL) }
        var lines = remains.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        lines[0] = String(bystander.processIdentifier)
        let text = lines.joined(separator: "\n")
        try cluster.write(text, to: cluster.data + "/postmaster.pid", for: owner)
        try cluster.write("\(lines[0])\n", to: cluster.socketDirectory + "/.s.PGSQL.5432.lock", for: owner)
        #expect(try cluster.status() == .stopped)
        #expect(try await cluster.start() == uri)
        try await cluster.stop()
    }

    @Test func makesTheDatabaseThatACutShortStartLeftOut() async throws {
        let cluster = try await TestDatabase.cluster(durable: false)
        let uri = try await cluster.start()
        _ = try query("drop database perks", cluster.uri(database: "postgres"))
        try FileManager.default.removeItem(atPath: cluster.directory + "/started")
        #expect(try await cluster.start() == uri)
        #expect(try query("select current_database()", uri) == "perks")
        try await cluster.stop()
    }

    @Test func startsAgainAfterAnUnfinishedCreation() async throws {
        let cluster = try await TestDatabase.cluster(durable: false)
        let owner = try ClusterOwner.ofThisProcess()
        try cluster.makeDirectory(for: owner)
        let unfinished = cluster.directory + "/data.unfinished"
        try FileManager.default.createDirectory(atPath: unfinished, withIntermediateDirectories: false)
        #expect(try cluster.status() == .absent)
        _ = try await cluster.start()
        #expect(!FileManager.default.fileExists(atPath: unfinished))
        try await cluster.stop()
    }

    @Test(arguments: [String(repeating: "long-", count: 40), "it's a \"quoted\" \\ $(path) ü"])
    func worksInADirectoryOfAnyName(name: String) async throws {
        let folder = try await TestDatabase.cluster(durable: false).directory
        let cluster = Cluster(directory: folder + name, durable: false)
        #expect((cluster.socketDirectory + "/.s.PGSQL.5432").utf8.count <= 107)
        let uri = try await cluster.start()
        #expect(try query("select 1", uri) == "1")
        try await cluster.stop()
        let isOutside = !cluster.socketDirectory.hasPrefix(cluster.directory + "/")
        #expect(FileManager.default.fileExists(atPath: cluster.socketDirectory) != isOutside)
    }

    @Test func saysWhatToInstall() async throws {
        let directory = try await TestDatabase.cluster(durable: false).directory
        let nowhere = Cluster(directory: directory, environment: ["PERKS_PG_BIN": "/nowhere"])
        let error = await #expect(throws: ClusterError.self) { try await nowhere.start() }
        #expect(error?.description.hasPrefix("PERKS_PG_BIN is /nowhere") == true)
        #expect(error?.description.contains("nstall") == true)

        let missing = #expect(throws: ClusterError.self) {
            try ClusterBinaries.find(major: nil, environment: ["PATH": "/nowhere"], distribution: "/nowhere")
        }
        #expect(missing?.description.contains(ClusterBinaries.howToInstall) == true)
    }

    @Test func refusesTheDataOfAnotherVersion() async throws {
        let cluster = try await TestDatabase.cluster(durable: false)
        _ = try await cluster.start()
        try await cluster.stop()
        let owner = try ClusterOwner.ofThisProcess()
        try cluster.write("9\n", to: cluster.data + "/PG_VERSION", for: owner)
        let error = await #expect(throws: ClusterError.self) { try await cluster.start() }
        #expect(error?.description.contains("made by PostgreSQL 9") == true)
    }

    @Test func leavesADirectoryOfSomebodyElseAlone() async throws {
        let directory = try await TestDatabase.cluster(durable: false).directory
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        try Data("mine".utf8).write(to: URL(fileURLWithPath: directory + "/file"))
        let owner = try ClusterOwner.ofThisProcess()
        let other = ClusterOwner(user: owner.user + 1, group: owner.group, prefix: [])
        let error = #expect(throws: ClusterError.self) {
            try Cluster(directory: directory).makeDirectory(for: other)
        }
        #expect(error?.description.contains("belongs to another user") == true)
    }

    @Test func killsACommandThatTakesTooLong() throws {
        let command = ClusterCommand(words: ["/bin/sleep", "3600"], environment: [:])
        let error = #expect(throws: ClusterError.self) { try command.run(limit: .milliseconds(50)) }
        #expect(error?.description.contains("/bin/sleep 3600") == true)
    }

    @Test func copiesATemplateThatIsPreparedOnce() async throws {
        let uris = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    try await TestDatabase.clone(of: "mark") { uri in
                        _ = try query("create table mark as select gen_random_uuid() as id", uri)
                    }
                }
            }
            return try await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        #expect(uris.count == 4)
        #expect(try Set(uris.map { try query("delete from mark returning id", $0) }).count == 1)
        let empty = try await TestDatabase.make()
        #expect(try query("select to_regclass('mark') is null", empty) == "t")
    }

    private func runningPID(_ cluster: Cluster) throws -> Int32 {
        guard case .running(let pid, _, _, _) = try cluster.status() else {
            throw ClusterError("No server runs in \(cluster.directory).")
        }
        return pid
    }

    private func majorVersion(_ cluster: Cluster) throws -> String {
        try String(contentsOfFile: cluster.data + "/PG_VERSION", encoding: .utf8)
            .trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// The first column of the first row, by PostgreSQL's own client.
    private func query(_ sql: String, _ uri: String) throws -> String {
        let psql = try ClusterBinaries.find(major: nil, environment: [:]).program("psql")
        let outcome = try ClusterCommand(words: [psql, "-XAqtc", sql, uri], environment: [:]).run(limit: .seconds(30))
        guard outcome.exitCode == 0 else { throw ClusterError(outcome.output) }
        return outcome.output.trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
