import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Perks
import Postgres

/// Answers every request: finds its endpoint, has it checked and handled, and turns whatever goes wrong into a problem.
struct Responder: HTTPResponder {
    /// What a request has of its connection.
    struct Context: InitializableFromSource {
        let channel: any Channel

        init(source: ApplicationRequestContextSource) {
            channel = source.channel
        }
    }

    private let backend: Backend
    private let configuration: Server.Configuration
    private let logger: Logger
    private let routes: RouteTable

    init(_ endpoints: [Endpoint], backend: Backend, configuration: Server.Configuration, logger: Logger) {
        self.backend = backend
        self.configuration = configuration
        self.logger = logger
        routes = RouteTable(endpoints)
    }

    func respond(to request: Request, context: Context) async -> Response {
        let start = ContinuousClock.now
        let now = configuration.now()
        var record = RequestRecord(request.method, request.headers, at: now)
        var reply: Reply
        do {
            reply = try await self.reply(to: request, on: context.channel, at: now, recording: &record)
        } catch {
            let problem = Problem(error, requestID: record.requestID)
            if problem.status == HTTPResponse.Status.internalServerError.code { log(error, record) }
            reply = problem.reply
        }
        if request.leavesConnectionUnusable(after: reply, limit: configuration.maximumBodySize) {
            reply.headers[.connection] = "close"
            closeSoon(context.channel)
        }
        let response = response(reply, to: request, record)
        log(reply, record, bytes: response.body.contentLength ?? 0, taking: .now - start)
        return response
    }

    private func reply(
        to request: Request, on channel: any Channel, at now: Timestamp, recording record: inout RequestRecord
    ) async throws -> Reply {
        switch try routes.find(request.method, request.uri.path) {
        case .nothing:
            throw PerksError(.notFound, "There is nothing at this address. `GET /docs` shows what there is.")
        case .otherMethods(let path, let methods):
            record.route = path.description
            let allowed = methods.map(\.rawValue).joined(separator: ", ")
            let refusal = PerksError(.methodNotAllowed, "\(request.method) is not possible here. Use \(allowed).")
            return Problem(refusal, requestID: record.requestID).reply.with(.allow, allowed)
        case .endpoint(let endpoint, let captures):
            record.route = endpoint.path.description
            switch endpoint.handler {
            case .open(let handle):
                _ = try QueryParameters(request.uri.query, knowing: endpoint.parameters)
                return try await handle(backend)
            case .link(let handle):
                let visit = Visit(
                    request.method, request.headers, from: channel, through: configuration.trustedProxies)
                return try await handle(backend, captures.values.first ?? "", visit, now)
            case .keyed(let roles, let brandNeed, let handle):
                let principal = try await principal(of: request, at: now)
                record.role = principal.role
                record.brand = principal.brand?.slug
                try principal.check(roles, brandNeed)
                let query = try QueryParameters(request.uri.query, knowing: endpoint.parameters)
                let content = try await request.content(for: endpoint.request, limit: configuration.maximumBodySize)
                return try await handle(
                    Call(
                        backend: backend, principal: principal, now: now, method: request.method,
                        path: request.uri.path, captures: captures, query: query, headers: request.headers,
                        content: content, publicURL: publicURL(on: channel)))
            }
        }
    }

    /// Where this service is reached, as far as it knows: what it is told, or else where it listens.
    private func publicURL(on channel: any Channel) -> String {
        if let url = configuration.publicURL { return url }
        let host = configuration.host.contains(":") ? "[\(configuration.host)]" : configuration.host
        return "http://\(host):\(channel.localAddress?.port ?? configuration.port)"
    }

    /// Who shows the key of this request.
    private func principal(of request: Request, at now: Timestamp) async throws -> Principal {
        let words = request.headers[.authorization]?.split(separator: " ") ?? []
        guard words.count == 2, words[0].lowercased() == "bearer" else {
            throw PerksError(.unauthenticated, "A key is needed. Send the header `Authorization: Bearer <key>`.")
        }
        return try await backend.authenticate(String(words[1]), brand: request.headers[.brand], at: now)
    }

    private func response(_ reply: Reply, to request: Request, _ record: RequestRecord) -> Response {
        var headers = reply.headers
        headers[.requestID] = record.requestID
        headers[.contentTypeOptions] = "nosniff"
        headers[.referrerPolicy] = "no-referrer"
        if headers[.cacheControl] == nil { headers[.cacheControl] = "no-store" }
        if headers[.contentSecurityPolicy] == nil {
            headers[.contentSecurityPolicy] = "default-src 'none'; frame-ancestors 'none'"
        }
        if reply.status.allowsBody { headers[.contentLength] = "\(reply.body.count)" }
        let hasBody = request.method != .head && !reply.body.isEmpty
        return Response(
            status: reply.status, headers: headers,
            body: hasBody ? ResponseBody(byteBuffer: ByteBuffer(bytes: reply.body)) : ResponseBody())
    }

    /// Closes a connection on which a long body is still on its way, once its sender had time to read the answer.
    private func closeSoon(_ channel: any Channel) {
        channel.eventLoop.scheduleTask(in: RequestGuard.timeToListen) { channel.close(promise: nil) }
    }

    private func log(_ reply: Reply, _ record: RequestRecord, bytes: Int, taking duration: Duration) {
        var metadata = record.metadata
        metadata["status"] = .stringConvertible(reply.status.code)
        metadata["bytes"] = .stringConvertible(bytes)
        metadata["duration_ms"] = .stringConvertible(duration.milliseconds)
        logger.info("request", metadata: metadata)
    }

    private func log(_ error: any Error, _ record: RequestRecord) {
        var metadata = record.metadata
        metadata["error"] = "\(Responder.description(of: error))"
        logger.error("unexpected error", metadata: metadata)
    }

    /// An error in words that quote no value.
    private static func description(of error: any Error) -> String {
        switch error {
        case let error as PerksError: error.detail
        case is PostgresError: "\(error)"
        case let error as DecodingError: "DecodingError at /\(error.path.joined(separator: "/"))"
        default: "\(type(of: error)): \(error)"
        }
    }
}

extension Principal {
    /// Whether this caller is let in.
    ///
    /// - Throws: `forbidden`, `brand_required`.
    fileprivate func check(_ roles: Set<Role>, _ need: Endpoint.BrandNeed) throws(PerksError) {
        guard roles.contains(role) else {
            let able = Role.allCases.filter { roles.contains($0) }.map(\.rawValue).joined(separator: ", ")
            throw PerksError(.forbidden, "A key with the role \(role.rawValue) may not do this; it takes \(able).")
        }
        if need == .required { _ = try requiredBrand() }
    }
}

extension DecodingError {
    fileprivate var path: [String] {
        switch self {
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .keyNotFound(_, let context),
            .dataCorrupted(let context):
            context.codingPath.map(\.stringValue)
        @unknown default: []
        }
    }
}

extension Duration {
    /// In milliseconds, to the microsecond.
    fileprivate var milliseconds: Double {
        (Double(components.seconds) * 1e6 + Double(components.attoseconds / 1_000_000_000_000)).rounded() / 1000
    }
}

extension HTTPResponse.Status {
    fileprivate var allowsBody: Bool { self != .noContent && self != .notModified }
}
