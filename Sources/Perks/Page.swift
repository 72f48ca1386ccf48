import Crypto
import Foundation

/// One page of a list.
package struct Page<Item: Codable & Sendable>: Codable, Sendable {
    package var data: [Item]
    /// Where the next page begins; nil at the end.
    package var nextCursor: String?

    private enum CodingKeys: String, CodingKey {
        case data
        case nextCursor = "next_cursor"
    }

    init(data: [Item], nextCursor: String?) {
        self.data = data
        self.nextCursor = nextCursor
    }

    /// A page from up to `limit + 1` rows: one more than asked for says that there is a next page.
    init(_ items: [Item], for request: PageRequest, id: (Item) -> UUID) {
        data = Array(items.prefix(request.limit))
        nextCursor = items.count > request.limit ? data.last.map { request.cursor(after: id($0)) } : nil
    }
}

extension Page: Described where Item: Described {
    package static var schemaName: String { Item.schemaName + "List" }
    package static var schema: JSONSchema {
        .object([
            .required("data", .array(of: Item.reference)),
            .optional("next_cursor", .string(), "Pass it as ?cursor= for the next page; absent at the end."),
        ])
    }
}

/// Which page of a list is wanted.
package struct PageRequest: Sendable {
    package static let limits = 1...200
    package static let defaultLimit = 50

    let limit: Int
    /// The last object of the page before; the nil UUID at the beginning.
    let after: UUID
    private let filters: [UInt8]

    /// Reads a cursor made for the same filters; throws `invalid_cursor` for any other.
    package init(limit: Int = defaultLimit, cursor: String? = nil, filters: String = "") throws(PerksError) {
        guard PageRequest.limits.contains(limit) else {
            throw .invalid("limit", "out_of_range", "limit must be from 1 to 200.")
        }
        self.limit = limit
        self.filters = Array(SHA256.hash(data: Data(filters.utf8)).prefix(8))
        guard let cursor else {
            after = .zero
            return
        }
        guard let bytes = Data(base64URL: cursor), bytes.count == 24 else {
            throw PerksError(.invalidCursor, "This is not a cursor that a list has given. Start again without one.")
        }
        guard Array(bytes.suffix(8)) == self.filters else {
            throw PerksError(
                .invalidCursor, "This cursor belongs to another list or other filters. Start again without one.")
        }
        after = UUID(bits: bytes.prefix(16).reduce(0) { $0 << 8 | UInt128($1) })
    }

    /// How many rows to ask the database for.
    var rows: Int { limit + 1 }

    fileprivate func cursor(after id: UUID) -> String {
        (withUnsafeBytes(of: id.uuid) { Data($0) } + filters).base64URL
    }
}

extension Data {
    /// Base 64 with the URL alphabet and without padding (RFC 4648, section 5).
    var base64URL: String {
        base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    init?(base64URL text: String) {
        let padding = String(repeating: "=", count: (4 - text.utf8.count % 4) % 4)
        self.init(base64Encoded: text.replacing("-", with: "+").replacing("_", with: "/") + padding)
    }
}
