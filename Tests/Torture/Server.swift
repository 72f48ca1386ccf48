import AsyncHTTPClient
import Foundation
import Glibc
import NIOCore
import NIOHTTP1
import Synchronization

/// `perks serve`, which is killed and started again and again, each time on a port that is free.
final class Server: Sendable {
    private struct Running {
        let process: Int32
        let port: Int
        let exit: Task<Int32, Never>
    }

    private struct State {
        var running: Running?
        /// Whether somebody is about to end it.
        var mayEnd = false
        /// What it ended with when nobody wanted it to.
        var ownEnds: [Int32] = []
        var internalErrors = 0
    }

    private let program: Program
    private let key: String
    private let client: HTTPClient
    private let log: Mutex<FileHandle>
    private let state = Mutex(State())

    /// How long anything may take that ends by itself: long, for a slow machine is no fault.
    static let patience: Duration = .seconds(300)

    init(_ program: Program, key: String, log path: String) throws {
        self.program = program
        self.key = key
        try Data().write(to: URL(fileURLWithPath: path))
        log = Mutex(try FileHandle(forWritingTo: URL(fileURLWithPath: path)))
        var configuration = HTTPClient.Configuration()
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 256
        configuration.connectionPool.retryConnectionEstablishment = false
        client = HTTPClient(configuration: configuration)
    }

    // MARK: Its life

    /// Starts it and waits until it listens.
    func start() async throws {
        let process = program.process(["serve", "--port", "0"])
        let pipe = Pipe()
        process.standardError = pipe
        process.standardOutput = FileHandle.nullDevice
        let exit = try Program.start(process)
        // Ours would keep the pipe open after the server's end.
        try? pipe.fileHandleForWriting.close()
        for await line in lines(pipe.fileHandleForReading) {
            guard line.contains(#""listening""#), let port = Server.port(in: line) else { continue }
            state.withLock {
                $0.running = Running(process: process.processIdentifier, port: port, exit: exit)
                $0.mayEnd = false
            }
            Task {
                let status = await exit.value
                state.withLock { state in
                    if !state.mayEnd { state.ownEnds.append(status) }
                    state.running = nil
                }
            }
            return
        }
        throw Failure("The server ended with \(await exit.value) before it listened.")
    }

    /// Sends it a signal.
    func signal(_ number: Int32) {
        if let process = state.withLock({ $0.running?.process }) { kill(process, number) }
    }

    /// Sends it a signal that ends it, and waits for its end; answers its exit status.
    func end(by number: Int32) async -> Int32? {
        guard
            let running = state.withLock({ state in
                state.mayEnd = true
                return state.running
            })
        else { return nil }
        kill(running.process, number)
        let status = await running.exit.value
        state.withLock { $0.running = nil }
        return status
    }

    /// Starts it again where it has ended.
    func restart() async throws {
        if state.withLock({ $0.running == nil }) { try await start() }
    }

    /// What it ended with when nobody wanted it to.
    var ownEnds: [Int32] { state.withLock { $0.ownEnds } }
    /// How often it answered 500.
    var internalErrors: Int { state.withLock { $0.internalErrors } }

    /// Waits until it can serve.
    func becomeReady() async throws {
        let deadline = ContinuousClock.now + Server.patience
        while ContinuousClock.now < deadline {
            if let answer = try? await get("/readyz"), answer.status == 200 { return }
            try await Task.sleep(for: .milliseconds(50))
        }
        throw Failure("The server did not become ready again.")
    }

    func close() async throws {
        _ = await end(by: SIGTERM)
        try await client.shutdown()
    }

    // MARK: Requests

    /// Reads something.
    func get(_ path: String) async throws -> Answer {
        try await send(method: "GET", path: path, key: nil, body: nil)
    }

    /// Sends a request once, without any attempt to be clever.
    func send(_ request: Request) async -> Outcome {
        do {
            let key = request.kind == .release ? nil : request.key
            let answer = try await send(method: request.method, path: request.path, key: key, body: request.body)
            if answer.status == 500 { state.withLock { $0.internalErrors += 1 } }
            return Outcome(answer)
        } catch {
            return .unknown("\(error)")
        }
    }

    private func send(method: String, path: String, key: String?, body: String?) async throws -> Answer {
        guard let port = state.withLock({ $0.running?.port }) else { throw Failure("no server") }
        var request = HTTPClientRequest(url: "http://127.0.0.1:\(port)\(path)")
        request.method = HTTPMethod(rawValue: method)
        request.headers.add(name: "Authorization", value: "Bearer \(self.key)")
        if let key { request.headers.add(name: "Idempotency-Key", value: key) }
        if let body {
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(ByteBuffer(string: body))
        }
        let response = try await client.execute(request, timeout: .seconds(60))
        let content = try await response.body.collect(upTo: 1 << 24)
        return Answer(
            status: response.status.code, body: String(buffer: content),
            isReplay: response.headers.contains(name: "Idempotent-Replayed"))
    }

    // MARK: Its log

    /// The lines of its log, which are kept in a file, too; read to the end, so that it never waits.
    private func lines(_ handle: FileHandle) -> AsyncStream<String> {
        let (lines, continuation) = AsyncStream.makeStream(of: String.self)
        Thread.detachNewThread { [self] in
            var rest = Data()
            while case let data = handle.availableData, !data.isEmpty {
                log.withLock { try? $0.write(contentsOf: data) }
                rest += data
                while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                    continuation.yield(String(decoding: rest[..<end], as: UTF8.self))
                    rest = Data(rest[rest.index(after: end)...])
                }
            }
            continuation.finish()
        }
        return lines
    }

    private static func port(in line: String) -> Int? {
        let entry = try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
        return (entry?["port"] as? NSNumber)?.intValue
    }
}
