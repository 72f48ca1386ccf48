import Foundation
import HTTPTypes
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import Perks
import Postgres

/// Guards a connection: answers what is not even HTTP, tells a waiting sender to go on, and gives up slow requests.
final class RequestGuard: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let timeout: TimeAmount
    private let logger: Logger
    /// How many requests have come whose answer is not finished.
    private var answersOwed = 0
    private var hasAnswerBegun = false
    /// Whether the end of a request is still to come, answered or not.
    private var isReceiving = false
    /// Whether the request that is arriving must be complete in time; a file may take as long as it keeps coming.
    private var mustArriveInTime = false
    private var deadline: Scheduled<Void>?
    private var isRefused = false

    init(timeout: Duration, logger: Logger) {
        self.timeout = TimeAmount(timeout)
        self.logger = logger
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            answersOwed += 1
            isReceiving = true
            mustArriveInTime = !head.isFile
            // Out of turn, this would fall into the middle of another answer.
            if head.headerFields[.expect]?.lowercased() == "100-continue", answersOwed == 1 {
                context.writeAndFlush(wrapOutboundOut(.head(HTTPResponse(status: .continue))), promise: nil)
            }
        case .body: break
        case .end:
            isReceiving = false
            arrived()
        }
        context.fireChannelRead(data)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        // Most requests arrive in one piece and never need a timer.
        if mustArriveInTime, deadline == nil {
            deadline = context.eventLoop.assumeIsolated().scheduleTask(in: timeout) { [self] in
                refuse(.requestTimeout, context)
            }
        }
        context.fireChannelReadComplete()
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head: hasAnswerBegun = true
        case .body: break
        case .end:
            answersOwed -= 1
            hasAnswerBegun = false
        }
        context.write(data, promise: promise)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard !isRefused else { return }
        // Within a request, whoever reads its body is told; if it is answered already, nobody needs to be.
        guard answersOwed == 0, !isReceiving else {
            context.fireErrorCaught(error)
            return
        }
        switch error {
        case HTTPParserError.headerOverflow:
            refuse(.headersTooLarge, context)
        case is IOError, is ChannelError:
            context.fireErrorCaught(error)
        default:
            refuse(.malformedRequest, context)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        arrived()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        arrived()
    }

    private func arrived() {
        mustArriveInTime = false
        deadline?.cancel()
        deadline = nil
    }

    /// How long a sender whose request was refused may take to read that before the connection is gone.
    static let timeToListen = TimeAmount.seconds(2)

    /// Answers a problem, unless an answer is being given already, and closes the connection.
    private func refuse(_ fault: ProtocolFault, _ context: ChannelHandlerContext) {
        arrived()
        isRefused = true
        if !hasAnswerBegun {
            let requestID = ID<RequestRecord>(at: .now()).description
            let reply = Problem(fault.status, code: fault.rawValue, fault.detail, requestID: requestID).reply
            var head = HTTPResponse(status: fault.status, headerFields: reply.headers)
            head.headerFields[.requestID] = requestID
            head.headerFields[.contentLength] = "\(reply.body.count)"
            head.headerFields[.connection] = "close"
            context.write(wrapOutboundOut(.head(head)), promise: nil)
            context.write(wrapOutboundOut(.body(ByteBuffer(bytes: reply.body))), promise: nil)
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
            logger.info(
                "request refused",
                metadata: [
                    "request_id": "\(requestID)", "status": .stringConvertible(fault.status.code),
                    "code": "\(fault.rawValue)",
                ])
        }
        // Closing at once, with bytes still unread, would make the system drop the answer as well.
        context.close(mode: .output, promise: nil)
        deadline = context.eventLoop.assumeIsolated().scheduleTask(in: Self.timeToListen) {
            context.close(promise: nil)
        }
    }
}

extension HTTPRequest {
    /// Whether this brings a file, by its media type.
    fileprivate var isFile: Bool {
        let type = headerFields[.contentType]?.lowercased() ?? ""
        return RequestContent.fileTypes.contains { type.hasPrefix($0) }
    }
}

extension RequestContent {
    static let csv = "text/csv"
    static let ndjson = "application/x-ndjson"
    /// The media types of files, of which any length is taken.
    static let fileTypes = [csv, ndjson]
}
