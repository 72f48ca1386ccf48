import Eligibility
import Foundation
import Postgres

/// A brand's own list of guests, such as its staff; rules ask for it by its slug.
package struct Segment: Codable, Sendable, Noun {
    package static let noun = "segment"

    package let id: ID<Segment>
    package let slug: String
    package var name: String
    /// How many guests are on it.
    package let members: Int

    /// What creates or renames a segment; its slug is in the address.
    package struct Draft: Codable, Sendable {
        package var name: String

        package init(name: String) {
            self.name = name
        }
    }
}

extension Segment.Draft: Described {
    package static let schemaName = "SegmentDraft"
    package static let schema = JSONSchema.object([.required("name", .name)])
}

extension Segment: Described {
    package static let schemaName = "Segment"
    package static let schema = JSONSchema.object([
        .required("id", .id(of: Segment.self)), .required("slug", .slug), .required("name", .name),
        .required("members", .integer(0...Int.max), "How many guests are on it."),
    ])
}

extension Segment {
    private static let columns: Query = """
        s.id, s.slug, s.name,
        (select count(*) from segment_member m join guest g on g.guest_id = m.guest_id
         where m.brand_id = s.brand_id and m.segment_id = s.id and g.opted_out_at is null) as members
        """

    private init(_ row: Row) throws {
        id = try row["id"]
        slug = try row["slug"]
        name = try row["name"]
        members = try row["members"]
    }

    /// Creates a segment or gives it another name; answers whether it is new.
    package static func put(
        _ slug: String, _ draft: Draft, as principal: Principal, at now: Timestamp, in connection: isolated Connection
    ) throws -> (segment: Segment, isNew: Bool) {
        let brand = try principal.requiredBrand()
        guard Slug.isValid(slug) else {
            throw PerksError.invalid(
                "segment", "wrong_format", "A segment's slug has lower-case letters a-z, digits and hyphens.")
        }
        let id = ID<Segment>(at: now)
        let written = try connection.query(
            """
            insert into segment (brand_id, id, slug, name, created_at)
            values (\(brand.id), \(id), \(slug), \(draft.name), \(now))
            on conflict on constraint segment_slug_taken do update set name = excluded.name
            where segment.name <> excluded.name
            returning id
            """
        ).first
        let isNew = try written.map { try $0["id"] == id } ?? false
        if written != nil {
            let action = isNew ? "segment.create" : "segment.update"
            try AuditEvent.record(action, object: slug, as: principal, at: now, in: connection)
        }
        return (try find(slug, as: principal, in: connection), isNew)
    }

    /// Finds a segment of the principal's brand.
    package static func find(
        _ slug: String, as principal: Principal, in connection: isolated Connection
    ) throws -> Segment {
        let row = try connection.query(
            """
            select \(fragment: columns) from segment s
            where s.brand_id = \(principal.requiredBrand().id) and s.slug = \(slug)
            """
        ).first
        guard let segment = try row.map(Segment.init) else { throw notFound() }
        return segment
    }

    /// The brand's segments, oldest first.
    package static func list(
        _ page: PageRequest, as principal: Principal, in connection: isolated Connection
    ) throws -> Page<Segment> {
        let rows = try connection.query(
            """
            select \(fragment: columns) from segment s
            where s.brand_id = \(principal.requiredBrand().id) and s.id > \(page.after) order by s.id limit \(page.rows)
            """)
        return Page(try rows.map(Segment.init), for: page) { $0.id.uuid }
    }

    /// Takes a guest off a segment; one who is not on it changes nothing.
    package static func remove(
        _ guest: GuestReference, from slug: String, as principal: Principal, at now: Timestamp,
        in connection: isolated Connection
    ) throws {
        let segment = try find(slug, as: principal, in: connection)
        let removed = try connection.execute(
            """
            delete from segment_member s
            where s.brand_id = current_brand() and s.segment_id = \(segment.id)
                and s.guest_id = (select g.guest_id from guest g where \(fragment: Guest.condition(guest, as: principal)))
            """)
        if removed > 0 {
            try AuditEvent.record("segment.remove", object: slug, as: principal, at: now, in: connection)
        }
    }

    /// That there is no such segment; with a pointer where it was named in a body.
    static func notFound(at pointer: String? = nil) -> PerksError {
        let detail = "There is no such segment in this brand. `GET /v1/segments` or `perks segment list` shows them."
        return PerksError(
            .segmentNotFound, detail, violations: pointer.map { [.init($0, "segment_not_found", detail)] } ?? [])
    }
}
