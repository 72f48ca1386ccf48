import Foundation
import Synchronization

/// Stands between the server and PostgreSQL, and cuts a connection at the very moment that was asked for.
///
/// A thread a connection, which reads from both sides in turn.
final class Proxy: Sendable {
    /// Where a connection is cut; nothing of what either side says afterwards arrives.
    enum Cut: String, Sendable {
        /// COMMIT has come from the server and is not passed on.
        case beforeCommit
        /// PostgreSQL has said that it committed, and that is not passed on.
        case afterCommit
        /// A statement within a transaction is passed on, its result is not.
        case midStatement
    }

    private struct Armed {
        let cut: Cut
        /// So many that would do are let pass first.
        var skips: Int
        let struck: AsyncStream<Void>.Continuation
    }

    private struct Link {
        var backend: Int32?
        var isInTransaction = false
    }

    private struct State {
        var armed: Armed?
        var links: [Int: Link] = [:]
        var count = 0
    }

    private let state = Mutex(State())
    private let target: String

    /// Listens at one path and passes everything on to another.
    init?(at path: String, to target: String) {
        self.target = target
        guard let listener = Sockets.listen(at: path) else { return nil }
        Thread.detachNewThread { [self] in
            while let client = Sockets.accept(listener) { Thread.detachNewThread { self.link(client) } }
        }
    }

    /// Cuts one connection as soon as the moment has come; whether it came before the task was cancelled.
    func cut(_ cut: Cut, after skips: Int) async -> Bool {
        let (struck, continuation) = AsyncStream.makeStream(of: Void.self)
        state.withLock { $0.armed = Armed(cut: cut, skips: skips, struck: continuation) }
        let hasStruck = await struck.first { _ in true } != nil
        state.withLock { $0.armed = nil }
        return hasStruck
    }

    /// The processes of PostgreSQL that answer the server; first those that are within a transaction.
    var backends: [Int32] {
        state.withLock { state in
            let known = state.links.values.filter { $0.backend != nil }
            return (known.filter(\.isInTransaction) + known.filter { !$0.isInTransaction }).compactMap(\.backend)
        }
    }

    // MARK: One connection

    private func link(_ client: Int32) {
        defer { Sockets.cut(client) }
        guard let server = Sockets.connect(to: target) else { return }
        defer { Sockets.cut(server) }
        let number = state.withLock { state in
            state.count += 1
            state.links[state.count] = Link()
            return state.count
        }
        pass(between: client, and: server, number)
        state.withLock { $0.links[number] = nil }
    }

    /// Returns when either side has closed, or when the connection is to be cut.
    private func pass(between client: Int32, and server: Int32, _ number: Int) {
        var (fromClient, fromServer) = (MessageReader(ofClient: true), MessageReader(ofClient: false))
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        var armed: Armed?
        // What was to be cut and was not, since PostgreSQL itself went away, is left for another connection.
        defer { if let armed { state.withLock { if $0.armed == nil { $0.armed = armed } } } }
        while let readable = Sockets.wait(for: client, server) {
            if readable.one {
                guard let bytes = Sockets.read(client, into: &buffer) else { return }
                fromClient.append(bytes)
                var passed: [UInt8] = []
                while let message = fromClient.next() {
                    let cut = take(at: message, number)
                    if cut?.cut == .beforeCommit {
                        cut?.struck.yield()
                        return
                    }
                    passed += message.bytes
                    if cut?.cut == .midStatement {
                        _ = Sockets.write(passed, to: server)
                        cut?.struck.yield()
                        return
                    }
                    armed = armed ?? cut
                }
                guard Sockets.write(passed, to: server) else { return }
            }
            if readable.other {
                guard let bytes = Sockets.read(server, into: &buffer) else { return }
                fromServer.append(bytes)
                var passed: [UInt8] = []
                while let message = fromServer.next() {
                    note(message, number)
                    if armed == nil {
                        passed += message.bytes
                    } else if message.isCommitted {
                        armed?.struck.yield()
                        armed = nil
                        return
                    } else if message.isReady {
                        return
                    }
                }
                guard Sockets.write(passed, to: client) else { return }
            }
        }
    }

    /// Takes the cut that is armed if this message of a client's is its moment.
    private func take(at message: Message, _ number: Int) -> Armed? {
        state.withLock { state in
            guard var armed = state.armed else { return nil }
            let isInTransaction = state.links[number]?.isInTransaction == true
            let fits =
                switch armed.cut {
                case .beforeCommit, .afterCommit: message.isCommit
                case .midStatement: isInTransaction && !message.isCommit
                }
            guard fits else { return nil }
            guard armed.skips == 0 else {
                armed.skips -= 1
                state.armed = armed
                return nil
            }
            state.armed = nil
            return armed
        }
    }

    /// Keeps who answers, and whether within a transaction.
    private func note(_ message: Message, _ number: Int) {
        guard message.isReady || message.backend != nil else { return }
        state.withLock { state in
            if let backend = message.backend { state.links[number]?.backend = backend }
            if message.isReady { state.links[number]?.isInTransaction = message.isReadyInTransaction }
        }
    }
}
