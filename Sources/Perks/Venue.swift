import Eligibility
import Postgres

/// A place of a brand where guests check in.
package struct Venue: Hashable, Codable, Sendable, Noun {
    package static let noun = "venue"

    package let id: ID<Venue>
    package var slug: String
    package var name: String
    package var timeZone: String
    package var country: String
    package var region: String?

    private enum CodingKeys: String, CodingKey {
        case id, slug, name, country, region
        case timeZone = "time_zone"
    }

    /// The zone of its clocks.
    package var zone: Zone { .stored(timeZone) }

    /// What creates or changes a venue.
    package struct Draft: Codable, Sendable {
        package var slug: String
        package var name: String
        /// The brand's, if left out.
        package var timeZone: String?
        /// The brand's, if left out.
        package var country: String?
        package var region: String?

        package init(
            slug: String, name: String, timeZone: String? = nil, country: String? = nil, region: String? = nil
        ) {
            self.slug = slug
            self.name = name
            self.timeZone = timeZone
            self.country = country
            self.region = region
        }

        private enum CodingKeys: String, CodingKey {
            case slug, name, country, region
            case timeZone = "time_zone"
        }
    }
}

extension Venue.Draft: Described {
    package static let schemaName = "VenueDraft"
    package static let schema = JSONSchema.object([
        .required("slug", .slug, "The name in URLs; unique in the brand."),
        .required("name", .name),
        .optional("time_zone", .timeZone, "The brand's, if left out."),
        .optional("country", .country, "The brand's, if left out."),
        .optional("region", .region, "The part of the country, by ISO 3166-2 without the country, such as NV."),
    ])
}

extension Venue: Described {
    package static let schemaName = "Venue"
    package static let schema = JSONSchema.object([
        .required("id", .id(of: Venue.self)),
        .required("slug", .slug),
        .required("name", .name),
        .required("time_zone", .timeZone),
        .required("country", .country),
        .optional("region", .region),
    ])
}

extension JSONSchema {
    /// A part of a country, by ISO 3166-2 without the country.
    package static let region = string(
        1...10,
        Pattern(expression: "^[A-Z0-9-]+$", format: nil, meaning: "a region code in capitals, such as NV") { text in
            text.utf8.allSatisfy {
                (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                    || $0 == UInt8(ascii: "-")
            }
        })
}

extension Venue: Editable {
    package var draft: Draft {
        Draft(slug: slug, name: name, timeZone: timeZone, country: country, region: region)
    }

    static let columns: Query = "id, slug, name, time_zone, country, region"

    init(_ row: Row) throws {
        id = try row["id"]
        slug = try row["slug"]
        name = try row["name"]
        timeZone = try row["time_zone"]
        country = try row["country"]
        region = try row["region"]
    }

    /// Creates a venue of the principal's brand.
    package static func create(
        _ draft: Draft, as principal: Principal, at now: Timestamp, in connection: isolated Connection
    ) throws -> Venue {
        let brand = try principal.requiredBrand()
        let rows = try unlessSlugTaken(draft.slug) {
            try connection.query(
                """
                insert into venue (brand_id, id, slug, name, time_zone, country, region, created_at)
                values (\(brand.id), \(ID<Venue>(at: now)), \(draft.slug), \(draft.name),
                        \(draft.timeZone ?? brand.timeZone), \(draft.country ?? brand.country), \(draft.region), \(now))
                returning \(fragment: columns)
                """)
        }
        let venue = try rows.map(Venue.init)[0]
        try Brand.catalogueChanged(brand.id, in: connection)
        try AuditEvent.record("venue.create", of: venue.id, as: principal, at: now, in: connection)
        return venue
    }

    package static func find(
        _ reference: Reference<Venue>, forUpdate: Bool = false, as principal: Principal,
        in connection: isolated Connection
    ) throws -> Venue {
        let brand = try principal.requiredBrand()
        let lock: Query = forUpdate ? "for no key update" : ""
        let row = try connection.query(
            """
            select \(fragment: columns) from venue
            where brand_id = \(brand.id) and \(fragment: reference.condition(on: "venue")) \(fragment: lock)
            """
        ).first
        guard let venue = try row.map(Venue.init) else { throw notFound() }
        return venue
    }

    /// The brand's venues, oldest first.
    package static func list(
        _ page: PageRequest, as principal: Principal, in connection: isolated Connection
    ) throws -> Page<Venue> {
        let rows = try connection.query(
            """
            select \(fragment: columns) from venue
            where brand_id = \(principal.requiredBrand().id) and id > \(page.after) order by id limit \(page.rows)
            """)
        return Page(try rows.map(Venue.init), for: page) { $0.id.uuid }
    }

    package func replacing(
        with draft: Draft, as principal: Principal, at now: Timestamp, in connection: isolated Connection
    ) throws -> Venue {
        let brand = try principal.requiredBrand()
        let rows = try Self.unlessSlugTaken(draft.slug) {
            try connection.query(
                """
                update venue
                set slug = \(draft.slug), name = \(draft.name), time_zone = \(draft.timeZone ?? brand.timeZone),
                    country = \(draft.country ?? brand.country), region = \(draft.region)
                where brand_id = \(brand.id) and id = \(id)
                returning \(fragment: Self.columns)
                """)
        }
        try Brand.catalogueChanged(brand.id, in: connection)
        try AuditEvent.record("venue.update", of: id, as: principal, at: now, in: connection)
        return try rows.map(Venue.init)[0]
    }

    /// That there is no such venue; with a pointer where it was named in a body.
    static func notFound(at pointer: String? = nil) -> PerksError {
        let detail = "There is no such venue in this brand. `GET /v1/venues` or `perks venue list` shows them."
        return PerksError(
            .venueNotFound, detail, violations: pointer.map { [.init($0, "venue_not_found", detail)] } ?? [])
    }
}
