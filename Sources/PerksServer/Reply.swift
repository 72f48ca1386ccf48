import Foundation
import HTTPTypes
import Perks

/// What a handler answers with.
package struct Reply: Sendable {
    package var status: HTTPResponse.Status
    package var headers: HTTPFields
    package var body: Data

    init(_ status: HTTPResponse.Status = .ok, headers: HTTPFields = [:], body: Data = Data()) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// A text of some media type.
    init(_ status: HTTPResponse.Status = .ok, type: String, body: Data) {
        self.init(status, headers: [.contentType: type], body: body)
    }

    /// A value in JSON.
    init(_ status: HTTPResponse.Status = .ok, json value: some Encodable) throws {
        self.init(status, type: "application/json", body: try JSON.encoder.encode(value))
    }

    static let nothing = Reply(.noContent)

    /// This reply with one more header.
    func with(_ name: HTTPField.Name, _ value: String) -> Reply {
        var reply = self
        reply.headers[name] = value
        return reply
    }

    /// This reply with the entity tag of its body.
    var tagged: Reply { with(.eTag, EntityTag(of: body).description) }
}
