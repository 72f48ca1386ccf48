import Eligibility
import Postgres

/// A casino, a retailer: whoever rewards people.
package struct Brand: Hashable, Codable, Sendable, Noun {
    package static let noun = "brand"

    package let id: ID<Brand>
    package var slug: String
    package var name: String
    package var timeZone: String
    package var country: String
    package var minimumAge: Int
    package let createdAt: Timestamp

    private enum CodingKeys: String, CodingKey {
        case id, slug, name, country
        case timeZone = "time_zone"
        case minimumAge = "minimum_age"
        case createdAt = "created_at"
    }

    /// The zone of its reports and audiences.
    package var zone: Zone { .stored(timeZone) }

    /// What creates or changes a brand.
    package struct Draft: Codable, Sendable {
        package var slug: String
        package var name: String
        package var timeZone: String
        package var country: String
        /// Nobody younger is shown anything; at least 18.
        package var minimumAge: Int?

        package init(slug: String, name: String, timeZone: String, country: String, minimumAge: Int? = nil) {
            self.slug = slug
            self.name = name
            self.timeZone = timeZone
            self.country = country
            self.minimumAge = minimumAge
        }

        private enum CodingKeys: String, CodingKey {
            case slug, name, country
            case timeZone = "time_zone"
            case minimumAge = "minimum_age"
        }
    }
}

extension Brand.Draft: Described {
    package static let schemaName = "BrandDraft"
    package static let schema = JSONSchema.object(fields)
    fileprivate static let fields: [JSONSchema.Property] = [
        .required("slug", .slug, "The name in URLs; unique on this platform."),
        .required("name", .name),
        .required("time_zone", .timeZone, "Reports count days in this zone."),
        .required("country", .country),
        .optional("minimum_age", .integer(18...99), "Nobody younger is shown anything; 18 if left out."),
    ]
}

extension Brand: Described {
    package static let schemaName = "Brand"
    package static let schema = JSONSchema.object(
        [.required("id", .id(of: Brand.self))] + Draft.fields + [.required("created_at", .timestamp)])
}

extension Brand: Editable {
    package var draft: Draft {
        Draft(slug: slug, name: name, timeZone: timeZone, country: country, minimumAge: minimumAge)
    }

    static let columns: Query = "id, slug, name, time_zone, country, minimum_age, created_at"

    init(_ row: Row) throws {
        id = try row["id"]
        slug = try row["slug"]
        name = try row["name"]
        timeZone = try row["time_zone"]
        country = try row["country"]
        minimumAge = try row["minimum_age"]
        createdAt = try row["created_at"]
    }

    /// Creates a brand.
    package static func create(
        _ draft: Draft, as principal: Principal, at now: Timestamp, in connection: isolated Connection
    ) throws -> Brand {
        let rows = try unlessSlugTaken(draft.slug) {
            try connection.query(
                """
                insert into brand (id, slug, name, time_zone, country, minimum_age, created_at)
                values (\(ID<Brand>(at: now)), \(draft.slug), \(draft.name), \(draft.timeZone), \(draft.country),
                        \(draft.minimumAge ?? 18), \(now))
                returning \(fragment: columns)
                """)
        }
        let brand = try rows.map(Brand.init)[0]
        try AuditEvent.record("brand.create", of: brand.id, as: principal.acting(for: brand), at: now, in: connection)
        return brand
    }

    package static func find(
        _ reference: Reference<Brand>, forUpdate: Bool = false, as principal: Principal,
        in connection: isolated Connection
    ) throws -> Brand {
        let lock: Query = forUpdate ? "for no key update" : ""
        let row = try connection.query(
            "select \(fragment: columns) from brand where \(fragment: reference.condition(on: "brand")) \(fragment: lock)"
        ).first
        // A key of one brand cannot tell whether another exists.
        guard let brand = try row.map(Brand.init), principal.role == .operator || brand.id == principal.brand?.id else {
            throw PerksError(.brandNotFound, "There is no such brand. `GET /v1/brands` lists those you can reach.")
        }
        return brand
    }

    /// The brands that the principal may see, oldest first.
    package static func list(
        _ page: PageRequest, as principal: Principal, in connection: isolated Connection
    ) throws -> Page<Brand> {
        let scope: Query = if principal.role == .operator { "true" } else { "id = \(principal.brand?.id)" }
        let rows = try connection.query(
            """
            select \(fragment: columns) from brand
            where id > \(page.after) and \(fragment: scope) order by id limit \(page.rows)
            """)
        return Page(try rows.map(Brand.init), for: page) { $0.id.uuid }
    }

    package func replacing(
        with draft: Draft, as principal: Principal, at now: Timestamp, in connection: isolated Connection
    ) throws -> Brand {
        let rows = try Self.unlessSlugTaken(draft.slug) {
            try connection.query(
                """
                update brand
                set slug = \(draft.slug), name = \(draft.name), time_zone = \(draft.timeZone),
                    country = \(draft.country), minimum_age = \(draft.minimumAge ?? 18),
                    catalogue_revision = catalogue_revision + 1
                where id = \(id)
                returning \(fragment: Self.columns)
                """)
        }
        try AuditEvent.record("brand.update", of: id, as: principal.acting(for: self), at: now, in: connection)
        return try rows.map(Brand.init)[0]
    }

    /// Tells everybody who remembers this brand's venues, campaigns or perks that they have changed.
    static func catalogueChanged(_ brand: ID<Brand>, in connection: isolated Connection) throws {
        try connection.execute(
            "update brand set catalogue_revision = catalogue_revision + 1 where id = \(brand)")
    }
}
