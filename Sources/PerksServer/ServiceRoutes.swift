import Foundation
import HTTPTypes
import Perks

/// What the server says of itself, to anyone: whether it lives, whether it can work, and what it offers.
enum ServiceRoutes {
    static let endpoints: [Endpoint] = [
        .open("/healthz", "Whether the process is up", type: "application/json") { _ in
            Data(#"{"status":"up"}"#.utf8)
        },
        .open("/readyz", "Whether the database answers and has this version's schema", type: "application/json") {
            try await $0.checkReadiness()
            return Data(#"{"status":"ready"}"#.utf8)
        },
        .open("/openapi.json", "This API as an OpenAPI 3.1 document", type: "application/json") { _ in document },
        .open("/docs", "This API as a page to read", type: "text/html; charset=utf-8") { _ in page },
    ]

    private static let document = (try? JSON.encoder.encode(OpenAPI(Endpoints.all).document)) ?? Data()
    private static let page = Data(DocumentationPage(Endpoints.all).html.utf8)
}

extension Endpoint {
    fileprivate static func open(
        _ path: String, _ summary: String, type: String, _ body: @escaping @Sendable (Backend) async throws -> Data
    ) -> Endpoint {
        Endpoint(
            method: .get, path: PathPattern(path), summary: summary,
            handler: .open { backend in
                let reply = Reply(type: type, body: try await body(backend))
                return type.hasPrefix("text/html")
                    ? reply.with(.contentSecurityPolicy, DocumentationPage.securityPolicy) : reply
            },
            answer: Answer(status: .ok, content: [(type, type == "application/json" ? .map(of: .anything) : nil)]))
    }
}
