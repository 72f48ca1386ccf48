import Foundation
import NIOCore
import NIOPosix

/// A connection on which a test sends exactly the bytes that it wants to.
struct RawConnection {
    private let channel: NIOAsyncChannel<ByteBuffer, ByteBuffer>

    /// Connects, lends the connection, and closes it.
    static func open(
        to port: Int, _ body: (inout Conversation) async throws -> Void
    ) async throws {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(
                        wrappingChannelSynchronously: channel, configuration: .init(isOutboundHalfClosureEnabled: true))
                }
            }
        try await channel.executeThenClose { inbound, outbound in
            var conversation = Conversation(inbound: inbound.makeAsyncIterator(), outbound: outbound)
            try await body(&conversation)
        }
    }

    /// What is said and heard on a connection.
    struct Conversation {
        fileprivate var inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
        fileprivate let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
        private(set) var heard = ""

        func send(_ text: String) async throws {
            try await outbound.write(ByteBuffer(string: text))
        }

        /// Says that nothing more will be sent, and goes on listening.
        func finish() {
            outbound.finish()
        }

        /// Listens until a text has been heard so many times, or the other side has hung up.
        @discardableResult
        mutating func hear(_ text: String, times: Int = 1) async throws -> String {
            while heard.components(separatedBy: text).count <= times, let buffer = try await inbound.next() {
                heard += String(buffer: buffer)
            }
            return heard
        }

        /// Listens until the other side hangs up.
        mutating func hearEnd() async throws -> String {
            while let buffer = try await inbound.next() { heard += String(buffer: buffer) }
            return heard
        }
    }
}
