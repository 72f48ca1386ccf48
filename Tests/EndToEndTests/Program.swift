import Foundation
import Glibc
import Testing

/// The `perks` that stands beside the tests, with surroundings of its own.
struct Program: Sendable {
    var environment: [String: String]
    private let folder: Folder
    /// The words before the program's own, which change the user.
    private var prefix: [String] = []
    /// Where it runs, and what goes for its home.
    var directory: String { folder.path }

    /// Finds the program and makes it an empty home.
    init(database: String? = nil) throws {
        folder = try Folder()
        let directory = folder.path
        environment = [
            "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin", "HOME": directory,
            "XDG_CONFIG_HOME": directory + "/config", "XDG_DATA_HOME": directory + "/data",
            "PERKS_DATA_DIRECTORY": directory + "/data/perks",
        ]
        environment["DATABASE_URL"] = database
    }

    /// The same program with another environment.
    func with(_ changes: [String: String?]) -> Program {
        var program = self
        for (name, value) in changes { program.environment[name] = value }
        return program
    }

    /// Writes a file where the program runs; answers its name.
    @discardableResult
    func write(_ text: String, to name: String) throws -> String {
        let path = directory + "/" + name
        try FileManager.default.createDirectory(
            atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        return name
    }

    /// Runs a command to its end.
    @discardableResult
    func run(_ words: String..., input: String? = nil) async throws -> Outcome {
        try await run(words, input: input)
    }

    /// Runs a command that must succeed.
    @discardableResult
    func done(_ words: String..., input: String? = nil) async throws -> Outcome {
        let outcome = try await run(words, input: input)
        try #require(outcome.status == 0, "perks \(words.joined(separator: " ")): \(outcome.errors)")
        return outcome
    }

    /// Runs a command to its end.
    func run(_ words: [String], input: String? = nil) async throws -> Outcome {
        let running = try start(words, input: input == nil ? .nothing : .pipe)
        if let input { try running.write(Data(input.utf8)) }
        running.closeInput()
        return await running.end()
    }

    /// What a started command reads.
    enum Input {
        case nothing, pipe
    }

    /// Starts a command and does not wait for its end; what it says goes to `errors`, or is kept.
    func start(_ words: [String], input: Input = .nothing, errors: FileHandle? = nil) throws -> RunningProgram {
        try RunningProgram(prefix + [executable] + words, self, input, errors)
    }

    private var executable: String { prefix.isEmpty ? Program.path : directory + "/perks" }

    /// The same program run by a user who is not root.
    func asOrdinaryUser() throws -> Program {
        guard geteuid() == 0 else { return self }
        var program = self
        let nobody = "65534"
        program.prefix = ["/usr/bin/setpriv", "--reuid=\(nobody)", "--regid=\(nobody)", "--clear-groups", "--"]
        // The build folder may be one that only root can enter.
        try FileManager.default.copyItem(atPath: Program.path, toPath: directory + "/perks")
        chown(directory, 65534, 65534)
        return program
    }

    /// The built program: `.build/debug/perks`, in whose folder the tests' own bundle lies.
    static var path: String {
        let bundle = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return (bundle as NSString).deletingLastPathComponent + "/perks"
    }
}

/// A command that has been started.
final class RunningProgram: Sendable {
    let process: Int32
    // Holds the folder for as long as the program runs.
    private let program: Program
    private let output: String
    private let errors: String
    private let input: Int32
    private let exit: Task<Int32, Never>

    fileprivate init(
        _ words: [String], _ program: Program, _ input: Program.Input, _ errorHandle: FileHandle?
    ) throws {
        // A test that writes to a program which has ended is told so, and goes on.
        Glibc.signal(SIGPIPE, SIG_IGN)
        self.program = program
        output = program.directory + "/.out-" + UUID().uuidString
        errors = program.directory + "/.err-" + UUID().uuidString
        let ends = try PipeEnds()
        let process = Process()
        process.executableURL = URL(fileURLWithPath: words[0])
        process.arguments = Array(words.dropFirst())
        process.environment = program.environment
        process.currentDirectoryURL = URL(fileURLWithPath: program.directory)
        for file in [output, errors] { try Data().write(to: URL(fileURLWithPath: file)) }
        process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: output))
        process.standardError = try errorHandle ?? FileHandle(forWritingTo: URL(fileURLWithPath: errors))
        process.standardInput =
            input == .pipe ? FileHandle(fileDescriptor: ends.reader, closeOnDealloc: false) : FileHandle.nullDevice
        let (ended, continuation) = AsyncStream.makeStream(of: Int32.self)
        process.terminationHandler = { process in
            // As a shell counts: a signal's number and 128.
            let bySignal = process.terminationReason == .uncaughtSignal
            continuation.yield(process.terminationStatus + (bySignal ? 128 : 0))
            continuation.finish()
        }
        try process.run()
        self.process = process.processIdentifier
        Glibc.close(ends.reader)
        self.input = ends.writer
        exit = Task { await ended.first { _ in true } ?? -1 }
    }

    deinit { Glibc.close(input) }

    /// Writes to the program's standard input, as fast as it reads; throws when it has ended.
    func write(_ data: Data) throws {
        var rest = data[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { Glibc.write(input, $0.baseAddress, $0.count) }
            guard written > 0 else { throw POSIXError(.EPIPE) }
            rest = rest.dropFirst(written)
        }
    }

    /// Ends the program's standard input.
    func closeInput() {
        // The descriptor itself stays ours to close, once.
        let nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC)
        dup2(nowhere, input)
        Glibc.close(nowhere)
    }

    /// Sends a signal.
    func signal(_ number: Int32) {
        kill(process, number)
    }

    /// What it has written to standard error so far.
    var errorsSoFar: String { (try? String(contentsOfFile: errors, encoding: .utf8)) ?? "" }

    /// Waits for the end.
    func end() async -> Outcome {
        let status = await exit.value
        let written = (try? String(contentsOfFile: output, encoding: .utf8)) ?? ""
        return Outcome(status: status, output: written, errors: errorsSoFar)
    }
}

/// Both ends of a new pipe, closed in every other process.
struct PipeEnds {
    let reader: Int32
    let writer: Int32

    init() throws {
        var ends: [Int32] = [-1, -1]
        try #require(pipe(&ends) == 0)
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        (reader, writer) = (ends[0], ends[1])
    }
}

/// What a command did.
struct Outcome: Sendable {
    let status: Int32
    let output: String
    let errors: String

    /// Standard output as JSON.
    var json: JSON { JSON(parsing: output) }

    /// Standard output as lines.
    var lines: [String] { output.split(whereSeparator: \.isNewline).map(String.init) }
}

/// A tree of JSON, looked into by names and numbers; what is not there is null all the way down.
struct JSON {
    private let value: Any?

    init(parsing text: String) {
        value = try? JSONSerialization.jsonObject(with: Data(text.utf8), options: [.fragmentsAllowed])
    }

    private init(_ value: Any?) {
        self.value = value
    }

    subscript(name: String) -> JSON { JSON((value as? [String: Any])?[name]) }
    subscript(index: Int) -> JSON {
        guard let list = value as? [Any], list.indices.contains(index) else { return JSON(nil) }
        return JSON(list[index])
    }

    var text: String? { value as? String }
    var int: Int? { (value as? NSNumber)?.intValue }
    var number: Double? { (value as? NSNumber)?.doubleValue }
    var isNull: Bool { value is NSNull }
    var list: [JSON] { (value as? [Any] ?? []).map { JSON($0) } }
    var names: [String] { (value as? [String: Any] ?? [:]).keys.sorted() }
}

/// A folder of a test's own, gone when nobody needs it any longer.
final class Folder: Sendable {
    let path: String

    /// Makes an empty folder that every user may enter, with a path short enough for sockets below it.
    init() throws {
        path = "/tmp/perks-e2e-\(UUID().uuidString.prefix(8).lowercased())"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        chmod(path, 0o755)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }
}
