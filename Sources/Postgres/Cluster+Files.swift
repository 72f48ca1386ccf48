import Foundation
import Glibc

extension Cluster {
    /// Where the server's socket is: in the cluster's directory or, where that makes its path too long for the kernel,
    /// in a folder of `/tmp` named after the directory.
    var socketDirectory: String {
        let inside = directory + "/socket"
        let longest = 107
        guard (inside + "/.s.PGSQL.5432").utf8.count > longest else { return inside }
        // FNV-1a: the same in every process, as Swift's own hashes are not.
        let hash = directory.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        return "/tmp/perks-\(String(hash, radix: 36))"
    }

    /// Makes the cluster's directory, or checks that an existing one is the owner's.
    func makeDirectory(for owner: ClusterOwner) throws {
        guard !directory.unicodeScalars.contains(where: { $0.value < 32 }) else {
            throw ClusterError("The data directory's name contains a control character: choose another.")
        }
        if mkdir(directory, 0o700) != 0, errno == ENOENT {
            let parent = URL(fileURLWithPath: directory).deletingLastPathComponent().path
            do {
                try FileManager.default.createDirectory(
                    atPath: parent,
                    withIntermediateDirectories: true,
                    attributes: [.posixPermissions: 0o755]
                )
            } catch {
                throw ClusterError("\(parent) cannot be made: \(error.localizedDescription) Choose another directory.")
            }
            mkdir(directory, 0o700)
        }
        var found = stat()
        guard stat(directory, &found) == 0 else {
            throw ClusterError(
                "\(directory) cannot be made (\(String(cString: strerror(errno)))): choose another data directory."
            )
        }
        guard found.st_mode & S_IFMT == S_IFDIR else {
            throw ClusterError("\(directory) is no directory: choose another data directory.")
        }
        guard found.st_uid != owner.user else { return }
        // Root's and new, if perhaps already locked by another process that made it this moment.
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? ["unreadable"]
        guard geteuid() == 0, found.st_uid == 0, names.allSatisfy({ $0 == "lock" }) else {
            throw ClusterError(
                "\(directory) belongs to another user (number \(found.st_uid)); the database would run as number "
                    + "\(owner.user). Choose another data directory, or run this as the directory's owner."
            )
        }
        try owner.take(directory)
        chmod(directory, 0o700)
    }

    /// Makes the socket's directory, closed to all but the owner.
    func makeSocketDirectory(for owner: ClusterOwner) throws {
        let path = socketDirectory
        if mkdir(path, 0o700) == 0 {
            try owner.take(path)
        }
        // In /tmp anybody could have made it first: a directory of another's is never used.
        var found = stat()
        guard lstat(path, &found) == 0, found.st_mode & S_IFMT == S_IFDIR, found.st_uid == owner.user,
            chmod(path, 0o700) == 0
        else {
            throw ClusterError("\(path) is needed for the server's socket but is not its user's: remove it, try again.")
        }
    }

    /// Makes the data directory, all of it or nothing.
    func makeData(with binaries: ClusterBinaries, as owner: ClusterOwner) throws {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        for name in names where name.hasPrefix("data.") {
            try? FileManager.default.removeItem(atPath: "\(directory)/\(name)")
        }
        let unfinished = "\(directory)/data.\(UUID().uuidString)"
        var words = [
            binaries.program("initdb"), "--pgdata=\(unfinished)", "--username=postgres", "--encoding=UTF8",
            "--locale=C.UTF-8", "--lc-messages=C", "--data-checksums", "--auth-local=trust", "--auth-host=reject",
            "--no-instructions",
        ]
        if !durable { words.append("--no-sync") }
        let outcome = try run(words, as: owner, limit: .seconds(180))
        guard outcome.exitCode == 0 else {
            try? FileManager.default.removeItem(atPath: unfinished)
            throw ClusterError("initdb", failedWith: outcome.output, in: directory)
        }
        let configuration = try FileHandle(forWritingTo: URL(fileURLWithPath: "\(unfinished)/postgresql.conf"))
        defer { try? configuration.close() }
        try configuration.seekToEnd()
        try configuration.write(contentsOf: Data("\n# Written anew at every start; what follows it wins.\n".utf8))
        try configuration.write(contentsOf: Data("include = 'perks.conf'\n".utf8))
        try configuration.synchronize()
        guard rename(unfinished, data) == 0 else {
            throw ClusterError("\(data) cannot be made: \(String(cString: strerror(errno))).")
        }
        let folder = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if folder >= 0 {
            fsync(folder)
            close(folder)
        }
    }

    /// Writes the settings that the server starts with.
    func writeSettings(for owner: ClusterOwner) throws {
        // A list of names in double quotes, within a string in single quotes.
        var socket = socketDirectory
        for (mark, escaped) in [("\"", "\"\""), ("'", "''"), ("\\", "\\\\")] {
            socket = socket.replacing(mark, with: escaped)
        }
        var lines = [
            "listen_addresses = ''",
            "port = 5432",
            "unix_socket_directories = '\"\(socket)\"'",
            "unix_socket_permissions = 0700",
            "cluster_name = 'perks'",
            "max_connections = \(durable ? 100 : 400)",
            "shared_buffers = '256MB'",
            "timezone = 'UTC'",
            // One file per weekday, emptied when its day comes again.
            "log_timezone = 'UTC'",
            "logging_collector = on",
            "log_directory = 'log'",
            "log_filename = 'postgresql-%a.log'",
            "log_rotation_age = '1d'",
            "log_rotation_size = 0",
            "log_truncate_on_rotation = on",
            // A statement or its DETAIL line may carry what is personal.
            "log_error_verbosity = terse",
            "log_min_error_statement = panic",
        ]
        for setting in ["fsync", "synchronous_commit", "full_page_writes"] {
            lines.append("\(setting) = \(durable ? "on" : "off")")
        }
        try write(lines.joined(separator: "\n") + "\n", to: data + "/perks.conf", for: owner)
    }

    /// Writes a small file of the owner's in place of what was there.
    func write(_ text: String, to path: String, for owner: ClusterOwner) throws {
        do {
            try Data(text.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
        } catch {
            throw ClusterError("\(path) cannot be written: \(error.localizedDescription) Is the disk full?")
        }
        try owner.take(path)
    }

    /// Runs the body while no other process makes, starts or stops this cluster.
    func whileLocked<R>(by owner: ClusterOwner, _ body: () throws -> R) throws -> R {
        let path = directory + "/lock"
        let lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard lock >= 0 else {
            throw ClusterError(
                "\(path) cannot be opened (\(String(cString: strerror(errno)))): run this as the directory's owner."
            )
        }
        defer { close(lock) }
        try owner.take(path)
        let deadline = ContinuousClock.now + .seconds(600)
        while flock(lock, LOCK_EX | LOCK_NB) != 0 {
            guard errno == EWOULDBLOCK || errno == EINTR, ContinuousClock.now < deadline else {
                throw ClusterError("Another process has been starting or stopping \(directory) for long: see which.")
            }
            usleep(10_000)
        }
        return try body()
    }

    /// Runs one of PostgreSQL's programs on this cluster.
    func run(_ words: [String], as owner: ClusterOwner, limit: Duration) throws -> ClusterCommand.Outcome {
        let command = ClusterCommand(
            // The caller's own working directory may be closed to the owner.
            words: ["/usr/bin/env", "--chdir=\(directory)"] + owner.prefix + words,
            environment: [
                "PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "HOME": directory, "LC_ALL": "C", "TZ": "UTC", "PGDATA": data,
            ]
        )
        return try command.run(limit: limit)
    }
}
