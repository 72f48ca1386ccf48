import HTTPTypes

/// What is wrong with a request before any endpoint sees it; the code that its problem has.
enum ProtocolFault: String, CaseIterable {
    case malformedRequest = "malformed_request"
    case headersTooLarge = "headers_too_large"
    case requestTimeout = "request_timeout"

    var status: HTTPResponse.Status {
        switch self {
        case .malformedRequest: .badRequest
        case .headersTooLarge: .requestHeaderFieldsTooLarge
        case .requestTimeout: .requestTimeout
        }
    }

    /// What to do next.
    var detail: String {
        switch self {
        case .malformedRequest: "HTTP/1.1 knows no such request. Check the client."
        case .headersTooLarge: "Send fewer or shorter headers."
        case .requestTimeout: "The request came too slowly. Send it again."
        }
    }
}
