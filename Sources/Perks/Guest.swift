import Eligibility
import Foundation
import Postgres

/// A person whom others listen to, as the platform's feeds describe them.
package struct Guest: Codable, Sendable, Noun {
    package static let noun = "guest"

    package let id: ID<Guest>
    package let identities: [Identity]
    package let displayName: String?
    package let birthDate: LocalDate?
    package let gender: String?
    package let country: String?
    package let region: String?
    package let city: String?
    package let language: String?
    package let score: Score?
    package let reach: Int?
    package let topics: [Topic]
    package let optedOutAt: Timestamp?
    /// Who supplied the profile; nil when nobody was named.
    package let source: Source?

    private enum CodingKeys: String, CodingKey {
        case id, identities, gender, country, region, city, language, score, reach, topics, source
        case displayName = "display_name"
        case birthDate = "birth_date"
        case optedOutAt = "opted_out_at"
    }

    /// A handle on a network.
    package struct Identity: Codable, Sendable {
        package let network: String
        package let handle: String
        package let verified: Bool
    }

    /// How much a guest is listened to, from 1 to 100, and by which model.
    package struct Score: Codable, Sendable {
        package let value: Decimal
        package let model: String?
        package let measuredAt: Timestamp?

        private enum CodingKeys: String, CodingKey {
            case value, model
            case measuredAt = "measured_at"
        }
    }

    /// What a guest is listened to about, with a strength from 0 to 100.
    package struct Topic: Codable, Sendable {
        package let topic: String
        package let strength: Decimal
    }
}

extension Guest: Described {
    package static let schemaName = "Guest"
    package static let schema = JSONSchema.object(
        [
            .required("id", .id(of: Guest.self)),
            .required(
                "identities",
                .array(
                    of: .object([
                        .required("network", .string()), .required("handle", .string()),
                        .required("verified", .boolean),
                    ]))),
        ] + facts + [.optional("opted_out_at", .timestamp), .optional("source", Source.schema)])

    /// What a feed says of a guest.
    static let facts: [JSONSchema.Property] = [
        .optional("display_name", .string(1...200)),
        .optional("birth_date", .date),
        .optional("gender", .string(1...32)),
        .optional("country", .country),
        .optional("region", .string(1...32)),
        .optional("city", .string(1...100)),
        .optional("language", .string(1...35)),
        .optional(
            "score",
            .object([
                .required("value", .number(1...100)), .optional("model", .string(1...64)),
                .optional("measured_at", .timestamp),
            ])),
        .optional("reach", .integer(0...1_000_000_000_000)),
        .optional(
            "topics",
            .array(of: .object([.required("topic", .string(1...200)), .required("strength", .number(0...100))]))),
    ]
}

/// How a caller names a guest: `guest_01k…`, `network:handle`, or `member:<number>` within a brand.
package enum GuestReference: Hashable, Sendable {
    case id(ID<Guest>)
    case identity(IdentityKey)
    case member(String)

    /// Reads any of the forms; throws what a reference looks like.
    package init(_ text: String, at pointer: String = "") throws(PerksError) {
        let colon = text.firstIndex(of: ":")
        if let id = ID<Guest>(text) {
            self = .id(id)
        } else if let colon, text[..<colon] == "member", text[colon...].count > 1 {
            self = .member(String(text[text.index(after: colon)...]))
        } else if let colon,
            let key = IdentityKey(network: String(text[..<colon]), handle: String(text[text.index(after: colon)...]))
        {
            self = .identity(key)
        } else {
            throw .invalid(
                pointer, "not_a_guest_reference",
                "A guest is named network:handle (twitter:ana_w), member:<number>, or by an id (guest_01k…).")
        }
    }
}

/// A handle in the form it is compared in: NFC, lower case, without a leading @; of an address the mailbox behind it.
package struct IdentityKey: Hashable, Sendable {
    package let network: String
    package let handleKey: String
    /// The same, but for the mailbox: the form of before addresses had aliases, by which older opt-outs are remembered.
    let spelledKey: String
    /// The handle as it is shown.
    package let handle: String

    /// Normalises a handle; nil when it is empty or the network's name is none.
    package init?(network: String, handle: String) {
        let network = network.lowercased()
        var shown = handle.precomposedStringWithCanonicalMapping.trimmingCharacters(in: .whitespaces)
        if shown.hasPrefix("@") { shown.removeFirst() }
        guard IdentityKey.isNetwork(network), (1...200).contains(shown.unicodeScalars.count),
            !shown.unicodeScalars.contains(where: { $0.properties.generalCategory == .control })
        else { return nil }
        self.network = network
        self.handle = shown
        spelledKey = shown.lowercased().precomposedStringWithCanonicalMapping
        handleKey = network == "email" ? IdentityKey.mailbox(of: spelledKey) : spelledKey
    }

    private static func isNetwork(_ text: String) -> Bool {
        text != "member" && (1...32).contains(text.utf8.count)
            && text.utf8.first.map { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) } == true
            && text.utf8.allSatisfy { Slug.alphabet.contains($0) || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: ".") }
    }
}

extension Guest {
    /// The condition that a reference puts on a guest `g`.
    ///
    /// Nobody but an operator gets to a guest who has opted out, by whatever name.
    static func condition(_ reference: GuestReference, as principal: Principal) throws -> Query {
        let named = try name(reference, as: principal)
        return principal.role == .operator ? named : "\(fragment: named) and g.opted_out_at is null"
    }

    private static func name(_ reference: GuestReference, as principal: Principal) throws -> Query {
        switch reference {
        case .id(let id):
            "g.guest_id = \(id)"
        case .identity(let key):
            """
            g.guest_id = (select guest_id from identity
                          where network = \(key.network) and handle_key = \(key.handleKey))
            """
        case .member(let number):
            """
            g.guest_id = (select guest_id from member
                          where brand_id = \(try principal.requiredBrand().id) and member_number = \(number))
            """
        }
    }

    /// Whether a guest `g` is one whom the principal may read: an operator anyone, staff those who checked in or are members.
    static func isReadable(by principal: Principal) -> Query {
        guard principal.role != .operator else { return "true" }
        return """
            (exists (select from check_in c where c.brand_id = current_brand() and c.guest_id = g.guest_id)
             or exists (select from member m where m.brand_id = current_brand() and m.guest_id = g.guest_id))
            """
    }

    /// Finds a guest whom the principal may read: an operator anyone, staff those who checked in or are members.
    package static func find(
        _ reference: GuestReference, as principal: Principal, in connection: isolated Connection
    ) throws -> Guest {
        let row = try connection.query(
            """
            select \(fragment: columns) from guest g
            where \(fragment: condition(reference, as: principal)) and \(fragment: isReadable(by: principal))
            """
        ).first
        guard let guest = try row.map(Guest.init) else { throw notFound() }
        return guest
    }

    /// The guests that the principal may read, oldest first.
    package static func list(
        _ page: PageRequest, as principal: Principal, in connection: isolated Connection
    ) throws -> Page<Guest> {
        let source: Query =
            if principal.role == .operator {
                "guest g where true"
            } else {
                """
                guest g
                where g.opted_out_at is null and g.guest_id in (
                    select c.guest_id from check_in c where c.brand_id = current_brand() and c.guest_id is not null
                    union select m.guest_id from member m where m.brand_id = current_brand())
                """
            }
        let rows = try connection.query(
            """
            select \(fragment: columns) from \(fragment: source) and g.guest_id > \(page.after)
            order by g.guest_id limit \(page.rows)
            """)
        return Page(try rows.map(Guest.init), for: page) { $0.id.uuid }
    }

    /// That there is no such guest for this caller; with a pointer where it was named in a body.
    static func notFound(at pointer: String? = nil) -> PerksError {
        let detail = "There is no such guest that you may read."
        return PerksError(
            .guestNotFound, detail, violations: pointer.map { [.init($0, "guest_not_found", detail)] } ?? [])
    }

    private static let columns: Query = """
        g.guest_id, g.display_name, g.birth_date, g.gender, g.country, g.region, g.city, g.language, g.reach, g.score,
        g.score_model, g.score_measured_at, g.opted_out_at, g.source, g.consent, g.supplied_by, g.supplied_at,
        (select jsonb_agg(jsonb_build_object('network', k.network, 'handle', k.handle, 'verified', k.verified)
                          order by k.network, k.handle_key)
         from identity k where k.guest_id = g.guest_id) as identities,
        (select jsonb_agg(jsonb_build_object('topic', t.slug, 'strength', s.strength / 100.0) order by s.strength desc, t.slug)
         from guest_topic s join topic t on t.id = s.topic_id where s.guest_id = g.guest_id) as topics
        """

    private init(_ row: Row) throws {
        id = try row["guest_id"]
        displayName = try row["display_name"]
        birthDate = try row["birth_date"]
        gender = try row["gender"]
        country = try row["country"]
        region = try row["region"]
        city = try row["city"]
        language = try row["language"]
        reach = try row["reach"]
        optedOutAt = try row["opted_out_at"]
        source = try Source(row)
        let identities: JSONValue? = try row["identities"]
        let topics: JSONValue? = try row["topics"]
        self.identities = try identities?.decode() ?? []
        self.topics = try topics?.decode() ?? []
        score = try (row["score"] as Int?).map { hundredths in
            let model: String? = try row["score_model"]
            return Score(
                value: Decimal(hundredths) / 100, model: model == "" ? nil : model,
                measuredAt: try row["score_measured_at"])
        }
    }
}
