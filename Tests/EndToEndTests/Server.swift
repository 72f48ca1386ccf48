import AsyncHTTPClient
import Foundation
import Glibc
import NIOCore
import NIOHTTP1
import Testing

/// `perks serve` on a free port, spoken to over HTTP.
struct Server: Sendable {
    let program: RunningProgram
    let port: Int
    private let key: String

    /// Starts a server and waits until it listens.
    static func start(_ program: Program, key: String) async throws -> Server {
        let ends = try PipeEnds()
        let log = LogLines(descriptor: ends.reader)
        let running = try program.start(
            ["serve", "--port", "0"], errors: FileHandle(fileDescriptor: ends.writer, closeOnDealloc: true))
        for await line in log.lines {
            let entry = JSON(parsing: line)
            guard entry["message"].text == "listening", let port = entry["port"].int else { continue }
            return Server(program: running, port: port, key: key)
        }
        throw ServerError(description: "The server ended with \(await running.end().status) before it listened.")
    }

    /// Starts a server, lends it with a client, and ends it as an operator would.
    static func run(_ program: Program, key: String, _ body: (Server, Client) async throws -> Void) async throws {
        let server = try await start(program, key: key)
        let client = Client()
        do {
            try await body(server, client)
            try await client.close()
        } catch {
            try? await client.close()
            server.program.signal(SIGTERM)
            throw error
        }
        server.program.signal(SIGTERM)
        #expect(await server.program.end().status == 0)
    }

    /// A request to redeem.
    func redemption(of perk: String, for guest: String, key idempotencyKey: String) -> HTTPClientRequest {
        post(
            "/v1/redemptions", #"{"guest": "\#(guest)", "perk": "\#(perk)", "venue": "las-vegas"}"#,
            key: idempotencyKey)
    }

    /// A request for a guest's link.
    func share(of guest: String) -> HTTPClientRequest {
        post("/v1/shares", #"{"guest": "\#(guest)", "campaign": "opening-night"}"#, key: "share-\(guest)")
    }

    /// A request for a link's page, by the nth of many browsers.
    func page(of token: String, browser number: Int) -> HTTPClientRequest {
        var request = HTTPClientRequest(url: "http://127.0.0.1:\(port)/s/\(token)")
        let agent = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/\(number).0.0.0"
        request.headers.add(name: "User-Agent", value: agent + " Safari/537.36")
        return request
    }

    /// A report that a click has led to something; the same report each time.
    func conversion(of click: String) -> HTTPClientRequest {
        post("/v1/conversions", #"{"click": "\#(click)"}"#, key: click)
    }

    /// The question whether it can do its work.
    var readiness: HTTPClientRequest { HTTPClientRequest(url: "http://127.0.0.1:\(port)/readyz") }

    private func post(_ path: String, _ body: String, key idempotencyKey: String) -> HTTPClientRequest {
        var request = HTTPClientRequest(url: "http://127.0.0.1:\(port)\(path)")
        request.method = .POST
        request.headers.add(name: "Authorization", value: "Bearer \(key)")
        request.headers.add(name: "Content-Type", value: "application/json")
        request.headers.add(name: "Idempotency-Key", value: idempotencyKey)
        request.body = .bytes(ByteBuffer(string: body))
        return request
    }
}

/// Why a server could not be tested.
struct ServerError: Error, CustomStringConvertible {
    let description: String
}

/// What came back.
struct Reply: Sendable {
    let status: UInt
    let body: String
    let isReplay: Bool
    /// Where it sends its reader.
    let location: String?

    var json: JSON { JSON(parsing: body) }
}

/// An HTTP client that neither tries again nor goes where it is sent by itself.
struct Client: Sendable {
    private let client: HTTPClient

    init() {
        var configuration = HTTPClient.Configuration()
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 64
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.redirectConfiguration = .disallow
        client = HTTPClient(configuration: configuration)
    }

    func send(_ request: HTTPClientRequest) async throws -> Reply {
        let response = try await client.execute(request, timeout: .seconds(60))
        let body = try await response.body.collect(upTo: 1 << 20)
        return Reply(
            status: response.status.code, body: String(buffer: body),
            isReplay: response.headers.contains(name: "Idempotent-Replayed"),
            location: response.headers.first(name: "Location"))
    }

    func close() async throws {
        try await client.shutdown()
    }
}

/// The lines that somebody writes into a pipe, read to the end so that the writer never waits.
private struct LogLines {
    let lines: AsyncStream<String>

    init(descriptor: Int32) {
        let (lines, continuation) = AsyncStream.makeStream(of: String.self)
        self.lines = lines
        Thread.detachNewThread {
            guard let file = fdopen(descriptor, "r") else { return continuation.finish() }
            var line: UnsafeMutablePointer<CChar>?
            var capacity = 0
            while getline(&line, &capacity, file) > 0 {
                if let line { continuation.yield(String(cString: line)) }
            }
            free(line)
            fclose(file)
            continuation.finish()
        }
    }
}

/// Runs work on every element, so many at a time, and answers what came of each.
func inParallel<Element: Sendable, Result: Sendable>(
    _ elements: [Element], clients: Int, _ work: @escaping @Sendable (Element) async throws -> Result
) async throws -> [Result] {
    try await withThrowingTaskGroup(of: (Int, Result).self) { group in
        var results: [Result?] = elements.map { _ in nil }
        var next = 0
        while next < min(clients, elements.count) {
            let index = next
            group.addTask { (index, try await work(elements[index])) }
            next += 1
        }
        while let (index, result) = try await group.next() {
            results[index] = result
            guard next < elements.count else { continue }
            let following = next
            group.addTask { (following, try await work(elements[following])) }
            next += 1
        }
        return results.compactMap { $0 }
    }
}
