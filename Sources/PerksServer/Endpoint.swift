import HTTPTypes
import Perks
import Postgres

/// One route, described once: the router, every check, the OpenAPI document and the tests are read from it.
package struct Endpoint: Sendable {
    package let method: HTTPRequest.Method
    package let path: PathPattern
    /// What it does, in a few words.
    package let summary: String
    package let handler: Handler
    package var parameters: [Parameter] = []
    package var request = RequestContent.nothing
    package let answer: Answer
    /// The refusals that are its own, next to those that every endpoint shares.
    package var problems: [PerksError.Code] = []
    /// Whether a request may or must carry an `Idempotency-Key`; nil where it says nothing.
    package var idempotencyKey: KeyNeed?

    /// Who is let in, and what answers them.
    package enum Handler: Sendable {
        /// Anyone, without a key.
        case open(@Sendable (Backend) async throws -> Reply)
        /// Whoever follows a link that ends with a token, whatever query a network has added to it.
        case link(@Sendable (Backend, _ token: String, Visit, Timestamp) async throws -> Reply)
        /// Whoever shows a key of one of these roles.
        case keyed(Set<Role>, BrandNeed, @Sendable (Call) async throws -> Reply)
    }

    /// Whether an operator must name the brand it acts for.
    package enum BrandNeed: Sendable {
        case required
        /// Without one, the platform itself is meant.
        case optional
    }

    /// Whether a request must carry an `Idempotency-Key`.
    package enum KeyNeed: Sendable {
        case required
        /// Without one, each request is a new one.
        case optional
    }

    /// Who may call it; nil when no key is asked for.
    package var roles: Set<Role>? {
        switch handler {
        case .open, .link: nil
        case .keyed(let roles, _, _): roles
        }
    }

    /// Whether an operator must name a brand.
    package var needsBrand: Bool {
        if case .keyed(_, .required, _) = handler { true } else { false }
    }
}

/// What a request carries.
package enum RequestContent: Sendable {
    case nothing
    /// JSON that is held in memory, at most so much as `Server.Configuration` allows.
    case json(JSONSchema, types: [String] = ["application/json"])
    /// Bytes of any length, read as fast as they are used.
    case stream(types: [String])

    /// The media types that are accepted.
    var types: [String] {
        switch self {
        case .nothing: []
        case .json(_, let types), .stream(let types): types
        }
    }
}

/// What an endpoint answers when all is well.
package struct Answer: Sendable {
    package let status: HTTPResponse.Status
    /// The media types it comes in, each with its schema or nil for text of no schema; empty when there is no body.
    package let content: [(type: String, schema: JSONSchema?)]
    /// Another status for the same answer, such as 200 where a PUT changed something and 201 where it made it.
    package var alternative: HTTPResponse.Status?

    /// An answer in JSON.
    static func json(_ schema: JSONSchema, _ status: HTTPResponse.Status = .ok) -> Answer {
        Answer(status: status, content: [("application/json", schema)])
    }

    static let nothing = Answer(status: .noContent, content: [])
}

/// A query parameter; none is ever required.
package struct Parameter: Sendable {
    package let name: String
    package let schema: JSONSchema
    package let summary: String

    init(_ name: String, _ schema: JSONSchema, _ summary: String) {
        self.name = name
        self.schema = schema
        self.summary = summary
    }
}

extension Set<Role> {
    /// The platform's own.
    static let platform: Self = [.operator]
    /// Who may do anything within a brand.
    static let owners: Self = [.operator, .owner]
    /// Who runs a brand's campaigns.
    static let managers: Self = [.operator, .owner, .manager]
    /// Who changes anything at all, the desk included.
    static let desk: Self = [.operator, .owner, .manager, .clerk]
    /// Who reads what a brand has, the desk excluded.
    static let readers: Self = [.operator, .owner, .manager, .auditor]
    static let everyone = Set(Role.allCases)
}
