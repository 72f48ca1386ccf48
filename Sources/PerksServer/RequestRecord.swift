import HTTPTypes
import Logging
import Perks
import Postgres

/// What the log says of one request: no header, no body, no secret, and of its path only the pattern.
struct RequestRecord {
    let requestID: String
    let method: String
    var route: String?
    var role: Role?
    var brand: String?
    private let traceID: String?

    init(_ method: HTTPRequest.Method, _ headers: HTTPFields, at now: Timestamp) {
        self.method = method.rawValue
        requestID = headers[.requestID].flatMap(RequestRecord.acceptable) ?? ID<RequestRecord>(at: now).description
        traceID = headers[.traceParent].flatMap(RequestRecord.traceID)
    }

    /// Everything known so far.
    var metadata: Logger.Metadata {
        var metadata: Logger.Metadata = ["request_id": "\(requestID)", "method": "\(method)"]
        if let route { metadata["path"] = "\(route)" }
        if let role { metadata["role"] = "\(role.rawValue)" }
        if let brand { metadata["brand"] = "\(brand)" }
        if let traceID { metadata["trace_id"] = "\(traceID)" }
        return metadata
    }

    /// A caller's own request id, if it has 1 to 128 visible ASCII characters.
    private static func acceptable(_ text: String) -> String? {
        (1...128).contains(text.utf8.count) && text.utf8.allSatisfy { (0x21...0x7E).contains($0) } ? text : nil
    }

    /// The trace id of a `traceparent` header (W3C Trace Context, section 3.2); nil when that is malformed.
    private static func traceID(_ text: String) -> String? {
        let fields = text.split(separator: "-", omittingEmptySubsequences: false)
        guard fields.count >= 4, fields[0] != "ff", fields[0] != "00" || fields.count == 4,
            zip(fields, [2, 32, 16, 2]).allSatisfy({ field, length in
                field.utf8.count == length && field.utf8.allSatisfy { "0123456789abcdef".utf8.contains($0) }
            }),
            fields[1].contains(where: { $0 != "0" }), fields[2].contains(where: { $0 != "0" })
        else { return nil }
        return String(fields[1])
    }
}

extension RequestRecord: Noun {
    static let noun = "request"
}
