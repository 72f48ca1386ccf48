import Dispatch
import Foundation
import Glibc

/// One run of an outside program, bounded in time and cut off from the caller's terminal and open files.
///
/// Foundation's `Process` notices the end of its child by a socket that a daemon would inherit and keep open,
/// and `pg_ctl start` leaves a daemon behind: hence `posix_spawn`.
struct ClusterCommand {
    /// How a program ended and what it wrote.
    struct Outcome {
        /// The exit code, or nil when a signal ended it.
        let exitCode: Int32?
        /// Standard output and standard error, in the order written.
        let output: String
    }

    /// The program's path, then its arguments.
    let words: [String]
    /// The whole environment, nothing is inherited.
    let environment: [String: String]

    /// glibc's `POSIX_SPAWN_SETSID`, which Swift's module of it does not show.
    private static let newSession: Int16 = 0x80

    /// Runs the program to its end; it is killed when the limit passes.
    func run(limit: Duration) throws -> Outcome {
        // A file rather than a pipe: a daemon that keeps it open keeps nobody waiting.
        guard let output = tmpfile() else { throw failure("its output cannot be kept", errno) }
        defer { fclose(output) }

        let pid = try spawn(output: fileno(output))
        let ended = DispatchSemaphore(value: 0)
        Thread.detachNewThread {
            var info = siginfo_t()
            while waitid(P_PID, id_t(pid), &info, WEXITED | WNOWAIT) == -1 && errno == EINTR {}
            ended.signal()
        }
        let (seconds, attoseconds) = limit.components
        let deadline = DispatchTime.now() + Double(seconds) + Double(attoseconds) / 1e18
        let late = ended.wait(timeout: deadline) == .timedOut
        if late {
            // Not yet reaped, so the number cannot have passed to another process.
            kill(pid, SIGKILL)
            ended.wait()
        }
        var status: Int32 = 0
        while waitpid(pid, &status, 0) == -1 && errno == EINTR {}
        let said = contents(of: fileno(output))
        guard !late else {
            throw ClusterError(
                "It did not finish within \(limit) and was stopped; try again when the machine is less busy: "
                    + words.joined(separator: " ")
            )
        }
        return Outcome(exitCode: status & 0x7f == 0 ? (status >> 8) & 0xff : nil, output: said)
    }

    private func spawn(output: Int32) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
        posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO)
        let open = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
        for file in open.compactMap(Int32.init) where file > STDERR_FILENO {
            posix_spawn_file_actions_addclose(&actions, file)
        }

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        // A session of its own: the terminal's Ctrl-C and hang-up reach the caller alone.
        posix_spawnattr_setflags(
            &attributes,
            Int16(POSIX_SPAWN_SETSIGDEF) | Int16(POSIX_SPAWN_SETSIGMASK) | Self.newSession
        )

        var arguments = words.map { strdup($0) } + [nil]
        var variables = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { (arguments + variables).forEach { free($0) } }
        var pid: pid_t = 0
        let error = posix_spawn(&pid, words[0], &actions, &attributes, &arguments, &variables)
        guard error == 0 else { throw failure("it cannot be run", error) }
        return pid
    }

    private func contents(of file: Int32) -> String {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = pread(file, &chunk, chunk.count, off_t(bytes.count))
            guard count > 0 else { break }
            bytes += chunk[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private func failure(_ what: String, _ number: Int32) -> ClusterError {
        ClusterError("\(words[0]): \(what) (\(String(cString: strerror(number)))). Check its permissions.")
    }
}
