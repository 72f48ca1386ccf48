import Crypto
import Eligibility
import Foundation
import Postgres

/// The browser that the sharer of a link uses, so that their own clicks are told apart.
package struct Visitor: Codable, Hashable, Sendable {
    /// The address it comes from, such as 203.0.113.7.
    package let address: String
    package let userAgent: String

    package init(address: String, userAgent: String) {
        self.address = address
        self.userAgent = userAgent
    }

    private enum CodingKeys: String, CodingKey {
        case address
        case userAgent = "user_agent"
    }

    static let schema = JSONSchema.object([
        .required("address", .string(2...45), "The address it comes from, such as 203.0.113.7."),
        .required("user_agent", .string(0...1000)),
    ])
}

/// One request for a link, as far as it tells who made it.
package struct Visit: Sendable {
    package let address: String
    package let agent: String?
    package let isHead: Bool
    /// What the headers say that a program wants it for, such as `prefetch`.
    package let purposes: [String]

    package init(address: String, agent: String?, isHead: Bool = false, purposes: [String] = []) {
        self.address = address
        self.agent = agent
        self.isHead = isHead
        self.purposes = purposes
    }

    var visitor: Visitor { Visitor(address: address, userAgent: agent ?? "") }

    var isRobot: Bool { Robot.isLikely(agent: agent, isHead: isHead, purposes: purposes) }
}

/// A visitor as the database knows them: a hash by the key of a day, and by that of the day before.
struct VisitorHash: Hashable, Sendable {
    let today: Int
    /// Nil on the first day.
    let yesterday: Int?

    var all: [Int] { [today] + (yesterday.map { [$0] } ?? []) }

    func matches(_ other: Int?) -> Bool { other != nil && (other == today || other == yesterday) }
}

/// Hashes visitors with keys that are destroyed after two days of UTC, so that nobody can tell later who a hash stood for.
struct VisitorHasher: Sendable {
    private let day: LocalDate
    // Codes that have taken in their key and nothing else: to start with one is twice as fast as with the key.
    private let today: HMAC<SHA256>
    private let yesterday: HMAC<SHA256>?

    /// Reads the keys of a moment's day, making the day's own the first time and destroying those that are too old.
    init(in connection: isolated Connection, at now: Timestamp) throws {
        day = Zone.utc.local(now).date
        let fresh = SymmetricKey(size: .bits256).withUnsafeBytes { Array($0) }
        let rows = try connection.query("select day, value from visitor_keys(\(day), \(fresh))")
        var keys: [LocalDate: HMAC<SHA256>] = [:]
        for row in rows { keys[try row["day"]] = HMAC(key: SymmetricKey(data: try row["value"] as [UInt8])) }
        guard let today = keys[day] else { throw PerksError(.internal, "The day has no key for its visitors.") }
        self.today = today
        yesterday = keys[day.adding(days: -1)]
    }

    /// Whether these are the keys of a moment's day.
    func isOf(_ now: Timestamp) -> Bool { Zone.utc.local(now).date == day }

    func hash(_ visitor: Visitor) -> VisitorHash {
        // No address has a NUL in it, so that no two visitors are one text.
        var text = "\(visitor.address)\u{0}\(visitor.userAgent)"
        return text.withUTF8 { text in
            let text = UnsafeRawBufferPointer(text)
            return VisitorHash(
                today: Self.hash(text, with: today), yesterday: yesterday.map { Self.hash(text, with: $0) })
        }
    }

    /// The first 64 bits of HMAC-SHA-256: few enough for a narrow index, and of the visitors of two days hardly any share one.
    private static func hash(_ text: UnsafeRawBufferPointer, with code: HMAC<SHA256>) -> Int {
        var code = code
        code.update(data: text)
        return code.finalize().withUnsafeBytes { $0.loadUnaligned(as: Int.self) }
    }
}

extension Backend {
    /// Destroys the keys of visitors that are two days old, also where nobody has clicked since.
    package func destroyVisitorKeys(at now: Timestamp) async throws {
        try await reporting {
            _ = try await database.read("select destroy_visitor_keys(\(Zone.utc.local(now).date))")
        }
    }
}
