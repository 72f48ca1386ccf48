import Foundation
import Synchronization
import Testing

/// Many who follow links at once, and some who convert after they did: all of them until the server is gone.
final class Followers: Sendable {
    /// What clients have seen so far.
    struct Seen {
        /// When each click that a landing page would be given was answered.
        var clicks: [String: ContinuousClock.Instant] = [:]
        /// Clicks that nobody has converted after yet.
        var ready: [String] = []
        /// The conversions that were acknowledged, by their clicks.
        var conversions: [String: String] = [:]
        /// Whatever else was answered.
        var refusals: [String] = []
        fileprivate var browsers = 0
        fileprivate var began: ContinuousClock.Instant?
        fileprivate var isOver = false
    }

    /// How far it has come.
    struct Progress {
        let clicks: Int
        let conversions: Int
        let elapsed: Duration
    }

    static let clients = 8
    static let converters = 4

    private let server: Server
    private let client: Client
    private let tokens: [String]
    private let state = Mutex(Seen())

    var seen: Seen { state.withLock { $0 } }

    /// Followers of so many guests' links, which are made here.
    init(of guests: Int, _ server: Server, _ client: Client) async throws {
        (self.server, self.client) = (server, client)
        tokens = try await inParallel(Array(1...guests), clients: 8) { number in
            let reply = try await client.send(server.share(of: "email:g\(number)@example.com"))
            return try #require(reply.json["token"].text, "\(reply.body)")
        }
    }

    /// Follows each link once, in order.
    func followEach() async throws {
        for token in tokens { try await follow(token) }
    }

    /// Follows links with many clients, each going on until the server is gone or the body says that it is enough.
    ///
    /// The body is asked after every answer, by whoever got it. Nobody converts any longer when all are through.
    func follow(until isEnough: @escaping @Sendable (Progress) async throws -> Bool) async throws {
        defer { state.withLock { $0.isOver = true } }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<Self.clients {
                group.addTask { [self] in
                    var next = number
                    while (try? await follow(tokens[next % tokens.count])) != nil {
                        next += Self.clients
                        if try await isEnough(state.withLock(\.progress)) { return }
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    /// Converts after clicks, the newest first, with a few clients until the server is gone.
    func convert() async {
        await withTaskGroup { group in
            for _ in 0..<Self.converters {
                group.addTask { [self] in
                    while true {
                        let (click, isOver) = state.withLock { ($0.ready.popLast(), $0.isOver) }
                        guard !isOver else { return }
                        guard let click else {
                            await Task.yield()
                            continue
                        }
                        guard let reply = try? await client.send(server.conversion(of: click)) else { return }
                        state.withLock { $0.note(reply, converting: click) }
                    }
                }
            }
        }
    }

    /// Follows a link as another visitor each time.
    private func follow(_ token: String) async throws {
        let browser = state.withLock { seen in
            seen.began = seen.began ?? .now
            seen.browsers += 1
            return seen.browsers
        }
        let reply = try await client.send(server.page(of: token, browser: browser))
        state.withLock { $0.note(reply) }
    }
}

extension Followers.Seen {
    fileprivate var progress: Followers.Progress {
        .init(clicks: clicks.count, conversions: conversions.count, elapsed: began.map { .now - $0 } ?? .zero)
    }

    /// Notes an answer to somebody who followed a link.
    fileprivate mutating func note(_ reply: Reply) {
        let query = reply.location.flatMap { URLComponents(string: $0)?.queryItems }
        guard reply.status == 302, let click = query?.first(where: { $0.name == "perks_click" })?.value else {
            refusals.append(reply.body)
            return
        }
        clicks[click] = .now
        ready.append(click)
    }

    /// Notes an answer to somebody who converted.
    fileprivate mutating func note(_ reply: Reply, converting click: String) {
        guard reply.status == 201, let id = reply.json["id"].text else {
            refusals.append(reply.body)
            return
        }
        conversions[click] = id
    }
}
