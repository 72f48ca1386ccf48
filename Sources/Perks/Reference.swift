import Postgres

/// The alphabet of names in URLs; it has no underscore, so that a slug is never a TypeID.
enum Slug {
    static let alphabet = Set("abcdefghijklmnopqrstuvwxyz0123456789-".utf8)

    static func isValid(_ text: String) -> Bool {
        (1...63).contains(text.utf8.count) && text.utf8.allSatisfy { alphabet.contains($0) }
    }
}

/// How a caller names an object: by its id or by its slug.
package enum Reference<Kind: Noun>: Hashable, Sendable {
    case id(ID<Kind>)
    case slug(String)

    /// Reads either form; nil when the text can be neither.
    package init?(_ text: String) {
        if let id = ID<Kind>(text) {
            self = .id(id)
        } else if Slug.isValid(text) {
            self = .slug(text)
        } else {
            return nil
        }
    }

    /// The condition that it puts on a table's columns `id` and `slug`; the table goes by the name given.
    func condition(on table: String) -> Query {
        switch self {
        case .id(let id): "\(identifier: table).id = \(id)"
        case .slug(let slug): "\(identifier: table).slug = \(slug)"
        }
    }
}
