import Foundation
import Glibc
import Postgres

/// The folder of one test run, gone with all its servers when the process ends, however it ends.
struct TestFolder: Sendable {
    let path: String

    // `/tmp` rather than `TMPDIR`: short enough for sockets, and open to the user that runs the server for root.
    private static let root = "/tmp"
    private static var prefix: String { "perks-tests-\(geteuid())-" }

    /// Makes a folder after removing those of dead processes.
    static func make() async throws -> TestFolder {
        for name in try FileManager.default.contentsOfDirectory(atPath: root)
        where name.hasPrefix(prefix) && name.hasSuffix(".lock") {
            await removeRemains("\(root)/\(name.dropLast(".lock".count))")
        }
        let path = "\(root)/\(prefix)\(UUID().uuidString.prefix(8).lowercased())"
        // Held until the process ends: the sign that somebody still needs the folder.
        guard lock(path) != nil, mkdir(path, 0o755) == 0 else {
            throw TestDatabaseError("\(path) cannot be made: \(String(cString: strerror(errno)))")
        }
        try startWatchdog(path)
        return TestFolder(path: path)
    }

    private static func lock(_ path: String) -> Int32? {
        let file = open(path + ".lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { return nil }
        var found = stat()
        // Somebody who tidied up may have removed the file between the two calls.
        guard flock(file, LOCK_EX | LOCK_NB) == 0, fstat(file, &found) == 0, found.st_nlink > 0 else {
            close(file)
            return nil
        }
        return file
    }

    private static func removeRemains(_ path: String) async {
        guard let file = lock(path) else { return }
        defer { close(file) }
        for name in (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [] {
            try? await Cluster(directory: "\(path)/\(name)").stop(.immediate)
        }
        try? FileManager.default.removeItem(atPath: path)
        unlink(path + ".lock")
    }

    /// Starts a shell that reads from a pipe nobody writes to: its end is the end of this process.
    private static func startWatchdog(_ path: String) throws {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw TestDatabaseError("No pipe: \(String(cString: strerror(errno)))") }
        // Stays open, and in this process alone.
        _ = fcntl(ends[1], F_SETFD, FD_CLOEXEC)
        let watchdog = Process()
        watchdog.executableURL = URL(fileURLWithPath: "/bin/sh")
        watchdog.arguments = ["-c", watch, "sh", path]
        watchdog.standardInput = FileHandle(fileDescriptor: ends[0], closeOnDealloc: true)
        watchdog.standardOutput = FileHandle.nullDevice
        watchdog.standardError = FileHandle.nullDevice
        watchdog.currentDirectoryURL = URL(fileURLWithPath: "/")
        try watchdog.run()
    }

    /// SIGQUIT is PostgreSQL's immediate shutdown; the folder resists until the last server process has left it.
    private static let watch = """
        trap '' INT HUP TERM
        cat >/dev/null
        for file in "$1"/*/data/postmaster.pid; do
            [ -f "$file" ] && kill -QUIT "$(head -n 1 "$file")"
        done
        for try in 1 2 3 4 5 6 7 8 9 10; do
            rm -rf "$1" && break
            sleep 0.2
        done
        rm -f "$1.lock"
        """
}
