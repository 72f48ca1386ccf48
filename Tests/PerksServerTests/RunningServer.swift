import AsyncHTTPClient
import Foundation
import HTTPTypes
import Logging
import NIOCore
import NIOHTTP1
import Perks
import Postgres
import ServiceLifecycle
import Synchronization
import TestDatabase
import Testing

@testable import PerksServer

/// The real server on a free port over a database of its own, with a key for every role.
struct RunningServer: Sendable {
    let url: String
    let port: Int
    let backend: Backend
    let log: LogLines
    let clock: Clock
    private let keys: [Role: String]
    /// A key of an owner of another brand, `rival`.
    let rivalKey: String
    private let group: ServiceGroup

    /// A Saturday evening in Las Vegas: when every test begins.
    static let now = Timestamp(microseconds: 1_795_316_400_000_000)

    /// Starts a server, lends it, and stops it as SIGTERM would.
    static func run(
        _ configuration: Server.Configuration = .init(), on state: Database = .migrated,
        _ body: (RunningServer) async throws -> Void
    ) async throws {
        let url = try await url(state)
        let log = LogLines()
        let logger = Logger(label: "test") { _ in JSONLogHandler(level: .info, write: log.append) }
        let backend = Backend(.init(url: url, maximumConnections: 4), logger: logger)
        let clock: Clock
        let keys: ([Role: String], String)
        switch state {
        case .migrated:
            clock = Clock()
            keys = try await makeKeys(backend, clock)
        case .left(let server):
            (clock, keys) = (server.clock, (server.keys, server.rivalKey))
        case .empty, .away:
            (clock, keys) = (Clock(), ([:], ""))
        }
        let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
        var configuration = configuration
        configuration.port = 0
        configuration.now = { clock.now() }
        let server = Server(backend: backend, configuration: configuration, logger: logger) { continuation.yield($0) }
        let group = ServiceGroup(services: [server], logger: quiet)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                defer { continuation.finish() }
                try await group.run()
            }
            let port = try #require(await ports.first { _ in true })
            let running = RunningServer(
                url: url, port: port, backend: backend, log: log, clock: clock, keys: keys.0, rivalKey: keys.1,
                group: group)
            do { try await body(running) } catch {
                await group.triggerGracefulShutdown()
                throw error
            }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    /// Tells the server to stop, and returns at once.
    func stop() async {
        await group.triggerGracefulShutdown()
    }

    private static let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    /// What a test finds the database to be.
    enum Database {
        case migrated, empty, away
        /// As another server has it, which may have crashed meanwhile.
        case left(by: RunningServer)
    }

    private static func url(_ state: Database) async throws -> String {
        switch state {
        case .migrated:
            return try await TestDatabase.clone(of: "migrated") { url in
                _ = try await Migrator(url: url, logger: quiet).migrate()
            }
        case .empty:
            // Roles belong to the cluster, and somebody has migrated another of its databases.
            _ = try await self.url(.migrated)
            return try await TestDatabase.make()
        case .left(let server):
            return server.url
        case .away:
            return "postgres://127.0.0.1:1/away"
        }
    }

    private static func makeKeys(_ backend: Backend, _ clock: Clock) async throws -> ([Role: String], String) {
        let platform = Principal(role: .operator, actor: "test", brand: nil)
        func brand(_ slug: String) async throws -> Principal {
            let brand = try await backend.transaction(as: platform) {
                try Brand.create(
                    .init(slug: slug, name: slug, timeZone: "America/Los_Angeles", country: "US"), as: platform,
                    at: clock.now(),
                    in: $0)
            }
            return Principal(role: .owner, actor: "test", brand: brand)
        }
        func key(_ role: Role, as principal: Principal) async throws -> String {
            let key = try await backend.transaction(as: principal) {
                try Key.create(.init(role: role, label: role.rawValue), as: principal, at: clock.now(), in: $0)
            }
            return key.secret ?? ""
        }
        let owner = try await brand("palms")
        var keys: [Role: String] = [:]
        for role in Role.allCases { keys[role] = try await key(role, as: role == .operator ? platform : owner) }
        return (keys, try await key(.owner, as: brand("rival")))
    }

    // MARK: Requests

    /// The headers that a key of a role sends; an operator's names the brand palms.
    func headers(_ role: Role?) -> [(String, String)] {
        guard let role else { return [] }
        return [("Authorization", "Bearer \(keys[role] ?? "")")] + (role == .operator ? [("Perks-Brand", "palms")] : [])
    }

    /// Sends a request and holds its answer against what the list of endpoints promises.
    @discardableResult
    func send(
        _ method: String, _ path: String, as role: Role? = .owner, key: String? = nil, _ json: String? = nil,
        headers: [(String, String)] = []
    ) async throws -> Answered {
        var request = HTTPClientRequest(url: "http://127.0.0.1:\(port)\(path)")
        request.method = HTTPMethod(rawValue: method)
        let own = key.map { [("Authorization", "Bearer \($0)")] } ?? self.headers(role)
        for (name, value) in own + headers { request.headers.replaceOrAdd(name: name, value: value) }
        if let json {
            if !request.headers.contains(name: "Content-Type") {
                request.headers.add(name: "Content-Type", value: "application/json")
            }
            request.body = .bytes(ByteBuffer(string: json))
        }
        return try await send(request)
    }

    /// Sends a request whose body comes in chunks, of a length that is not announced.
    func upload(_ path: String, as role: Role? = .operator, type: String, _ chunks: [String]) async throws -> Answered {
        var request = HTTPClientRequest(url: "http://127.0.0.1:\(port)\(path)")
        request.method = .POST
        for (name, value) in headers(role) { request.headers.add(name: name, value: value) }
        request.headers.add(name: "Content-Type", value: type)
        let buffers = chunks.map { ByteBuffer(string: $0) }
        request.body = .stream(buffers.async, length: .unknown)
        return try await send(request)
    }

    private func send(_ request: HTTPClientRequest) async throws -> Answered {
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(60))
        let body = try await response.body.collect(upTo: 1 << 24)
        let answered = Answered(
            status: Int(response.status.code), headers: response.headers, body: Data(body.readableBytesView))
        try answered.check(against: Endpoints.all, request)
        return answered
    }
}

/// An answer as it came.
struct Answered: Sendable {
    let status: Int
    let headers: HTTPHeaders
    let body: Data

    var text: String { String(decoding: body, as: UTF8.self) }
    /// The body as JSON; null when it is none.
    var json: JSONValue { (try? JSONValue(parsing: body)) ?? .null }
    /// The code of a problem; nil for anything else.
    var code: String? { json["code"]?.string }

    subscript(name: String) -> String? { headers.first(name: name) }

    /// Records an issue where an answer is not what its endpoint describes.
    func check(against endpoints: [Endpoint], _ request: HTTPClientRequest) throws {
        // The path begins with the third slash.
        let path = request.url.dropFirst("http://".count).drop { $0 != "/" }.prefix { $0 != "?" }
        #expect(self["X-Request-Id"] != nil)
        #expect(self["X-Content-Type-Options"] == "nosniff")
        let method = try #require(HTTPRequest.Method(rawValue: request.method.rawValue))
        guard case .endpoint(let endpoint, _)? = try? RouteTable(endpoints).find(method, String(path)) else { return }
        guard status >= 400 else {
            let isPromised = status == endpoint.answer.status.code || status == endpoint.answer.alternative?.code
            #expect(isPromised, "\(endpoint.method) \(endpoint.path) promises no \(status)")
            guard method != .head, case let schema?? = endpoint.answer.content.first?.schema,
                self["Content-Type"] == "application/json"
            else { return }
            let violations = schema.violations(in: json)
            #expect(violations.isEmpty, "\(endpoint.method) \(endpoint.path): \(violations)")
            return
        }
        guard method != .head else { return }
        #expect(self["Content-Type"] == "application/problem+json")
        let code = try #require(self.code)
        let isPromised = endpoint.allProblems.contains { $0.rawValue == code }
        #expect(isPromised, "\(endpoint.method) \(endpoint.path) promises no \(code)")
    }
}

extension JSONValue {
    var string: String? { if case .string(let text) = self { text } else { nil } }
    var array: [JSONValue] { if case .array(let values) = self { values } else { [] } }
    var int: Int? { if case .number(let number) = self { NSDecimalNumber(decimal: number).intValue } else { nil } }
}

/// A clock that a test sets; it moves on by a millisecond each time it is looked at, as identifiers need it to.
final class Clock: Sendable {
    private let time = Mutex(RunningServer.now)

    func now() -> Timestamp {
        time.withLock { time in
            time.microseconds += 1000
            return time
        }
    }

    func advance(seconds: Int) {
        time.withLock { $0 = $0.adding(seconds: seconds) }
    }
}

/// The lines that a logger wrote.
final class LogLines: Sendable {
    private let lines = Mutex<[String]>([])

    var append: @Sendable ([UInt8]) -> Void {
        { [self] bytes in lines.withLock { $0.append(String(decoding: bytes, as: UTF8.self)) } }
    }

    var all: [String] { lines.withLock { $0 } }

    /// The lines that are about requests, as JSON.
    var requests: [JSONValue] {
        all.compactMap { try? JSONValue(parsing: Data($0.utf8)) }.filter { $0["message"] == "request" }
    }
}

extension Array where Element == ByteBuffer {
    fileprivate var async: AsyncStream<ByteBuffer> {
        AsyncStream { continuation in
            for buffer in self { continuation.yield(buffer) }
            continuation.finish()
        }
    }
}
