import Foundation
import Glibc

/// A running server as the file `postmaster.pid` of its data directory describes it.
struct ClusterServer {
    let pid: pid_t
    let socketDirectory: String
    let isReady: Bool
    /// What tells this start of the server from every other one.
    let stamp: String

    /// The server of a data directory; nil when none runs, whatever file an earlier one left behind.
    init?(data: String) {
        guard let lines = Self.lines(data: data), lines.count >= 5,
            let pid = pid_t(lines[0].trimmingCharacters(in: .whitespaces)),
            Self.isServer(pid, of: data)
        else { return nil }
        self.pid = pid
        socketDirectory = lines[4]
        isReady = lines.count >= 8 && lines[7].hasPrefix("ready")
        stamp = lines[0] + " " + lines[2]
    }

    /// Makes what a killed server left behind harmless for the next start.
    ///
    /// PostgreSQL itself deals with a process number that is gone, but takes a number that meanwhile belongs to
    /// another process, or to one that nobody has collected, for a running server. `postmaster.pid` stays, since it
    /// also names the shared memory by which PostgreSQL notices backends that survived; only the number in it becomes
    /// one that Linux never gives. The socket's lock guards no data and goes.
    static func clearRemains(data: String, socketDirectory: String) throws {
        if var lines = lines(data: data), !lines.isEmpty {
            lines[0] = String(pid_t.max)
            let file = try FileHandle(forWritingTo: URL(fileURLWithPath: "\(data)/postmaster.pid"))
            defer { try? file.close() }
            try file.truncate(atOffset: 0)
            try file.write(contentsOf: Data((lines.joined(separator: "\n") + "\n").utf8))
        }
        unlink("\(socketDirectory)/.s.PGSQL.5432.lock")
        unlink("\(socketDirectory)/.s.PGSQL.5432")
    }

    /// Whether the server answers at its socket, asked the shortest question there is: "TLS?".
    ///
    /// A server that is just being killed still looks alive otherwise.
    func answers() -> Bool {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let path = Array("\(socketDirectory)/.s.PGSQL.5432".utf8)
        guard path.count < MemoryLayout.size(ofValue: address.sun_path) else { return false }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path) }

        let connection = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard connection >= 0 else { return false }
        defer { close(connection) }
        var patience = timeval(tv_sec: 5, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, size)
        setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &patience, size)
        let connected = withUnsafeBytes(of: &address) { bytes in
            bytes.withMemoryRebound(to: sockaddr.self) {
                connect(connection, $0.baseAddress, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        // PostgreSQL's SSLRequest: its length, then 80877103.
        let question: [UInt8] = [0, 0, 0, 8, 4, 210, 22, 47]
        var answer: UInt8 = 0
        guard connected == 0, send(connection, question, question.count, Int32(MSG_NOSIGNAL)) == 8 else {
            return false
        }
        return recv(connection, &answer, 1, 0) == 1
    }

    private static func lines(data: String) -> [String]? {
        guard let text = try? String(contentsOfFile: "\(data)/postmaster.pid", encoding: .utf8) else { return nil }
        return text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    private static func isServer(_ pid: pid_t, of data: String) -> Bool {
        guard kill(pid, 0) == 0 || errno == EPERM else { return false }
        // "4711 (postgres) S 1 …"; where there is no /proc, being alive has to do.
        if let status = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8) {
            let isPostgres = status.contains("(postgres)") || status.contains("(postmaster)")
            guard isPostgres, !status.contains(") Z "), !status.contains(") X ") else { return false }
        }
        // A server stands in its data directory; another user's may not be looked at.
        guard let place = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/cwd") else {
            return true
        }
        return place == URL(fileURLWithPath: data).resolvingSymlinksInPath().path
    }
}
