import Crypto
import Foundation
import Postgres

/// The key that makes repeating a request safe: 1 to 255 visible characters.
package struct IdempotencyKey: Hashable, Sendable {
    package let text: String

    /// Takes the key bare or in quotes; nil when it is neither.
    package init?(_ text: String) {
        var text = text
        if text.count >= 2, text.hasPrefix("\""), text.hasSuffix("\"") {
            text = String(text.dropFirst().dropLast())
        }
        guard (1...255).contains(text.utf8.count), text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            return nil
        }
        self.text = text
    }
}

/// An answer, and whether it had been given before to the same request.
package struct Replayable<Answer: Sendable>: Sendable {
    package let answer: Answer
    package let isReplay: Bool
}

/// A key and what identifies the request it came with: the same key is good for the same request only.
package struct Idempotency: Sendable {
    /// For so long a key is good for its request only; those of redemptions and holds are bound for ever.
    static let secondsKept = 7 * 86_400

    package let key: IdempotencyKey
    /// SHA-256 of method, path and canonical body.
    let fingerprint: [UInt8]

    /// - Throws: when the body cannot be written as JSON.
    package init(_ key: IdempotencyKey, _ method: String, _ path: String, body: some Encodable) throws {
        self.key = key
        let body = try JSON.encoder.encode(body)
        fingerprint = Array(SHA256.hash(data: Data("\(method) \(path)\n".utf8) + body))
    }
}
