import Foundation

/// The last segment of a share's link: 14 characters of Crockford's base 32, 70 random bits.
enum ShareToken {
    private static let length = 14

    static func random() -> String {
        var generator = SystemRandomNumberGenerator()
        let characters = (0..<length).map { _ in Base32.alphabet[Int.random(in: 0..<32, using: &generator)] }
        return String(decoding: characters, as: UTF8.self)
    }

    static func isValid(_ text: String) -> Bool {
        text.utf8.count == length && text.utf8.allSatisfy(Base32.alphabet.contains)
    }
}

/// How a share is named at a desk or a till: by its id, its token, or the link itself.
enum ShareReference: Hashable, Sendable {
    case id(ID<Share>)
    case token(String)

    /// Reads any of the three; nil when the text can be none.
    init?(_ text: String) {
        let segment = text.split(separator: "/").last.map(String.init) ?? text
        if let id = ID<Share>(text) {
            self = .id(id)
        } else if ShareToken.isValid(segment.lowercased()) {
            self = .token(segment.lowercased())
        } else {
            return nil
        }
    }

    var id: UUID? { if case .id(let id) = self { id.uuid } else { nil } }
    var token: String? { if case .token(let token) = self { token } else { nil } }
}
