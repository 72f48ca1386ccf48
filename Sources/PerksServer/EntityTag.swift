import Crypto
import Foundation
import HTTPTypes
import Perks

/// A strong entity tag (RFC 9110, section 8.8.3): the quoted hash of an answer's bytes.
struct EntityTag: Hashable, CustomStringConvertible {
    let description: String

    init(of body: Data) {
        description = "\"\(Data(SHA256.hash(data: body)).base64EncodedString())\""
    }

    /// The tag that an object's answer carries.
    init(of value: some Encodable) throws {
        self.init(of: try JSON.encoder.encode(value))
    }

    /// Holds this tag against the header If-Match of a request.
    ///
    /// - Throws: `precondition_failed` when the caller meant another version.
    func check(against headers: HTTPFields) throws(PerksError) {
        guard let wanted = headers[.ifMatch] else { return }
        let tags = wanted.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
        guard tags.contains("*") || tags.contains(description) else {
            throw PerksError(
                .preconditionFailed,
                "It has changed since you read it. Read it again, apply your change to that, and send its ETag."
            )
        }
    }
}
