import Eligibility
import Foundation
import Postgres

/// What a brand itself knows of a guest.
package struct Member: Codable, Sendable, Noun {
    package static let noun = "member"

    package let guest: ID<Guest>
    package let memberNumber: String?
    /// What this brand read on an ID; it wins over what is stated.
    package let birthDateOnID: LocalDate?
    /// An ID showed an age under 13: everything is blocked, and no date is kept.
    package let blocked: Bool
    /// The slugs of the segments this guest is on.
    package let segments: [String]

    private enum CodingKeys: String, CodingKey {
        case guest, blocked, segments
        case memberNumber = "member_number"
        case birthDateOnID = "birth_date_on_id"
    }

    /// What is to be known of a guest; a birth date that is left out stays as it is.
    package struct Draft: Codable, Sendable {
        package var memberNumber: String?
        package var birthDateOnID: LocalDate?
        package var segments: [String]?

        package init(memberNumber: String? = nil, birthDateOnID: LocalDate? = nil, segments: [String]? = nil) {
            self.memberNumber = memberNumber
            self.birthDateOnID = birthDateOnID
            self.segments = segments
        }

        private enum CodingKeys: String, CodingKey {
            case segments
            case memberNumber = "member_number"
            case birthDateOnID = "birth_date_on_id"
        }
    }
}

extension Member.Draft: Described {
    package static let schemaName = "MemberDraft"
    package static let schema = JSONSchema.object([
        .optional("member_number", .string(1...64), "The brand's own number; none, if left out."),
        .optional("birth_date_on_id", .date, "What the brand read on an ID; stays as it is, if left out."),
        .optional("segments", .array(of: .slug), "All the segments the guest is to be on; none, if left out."),
    ])
}

extension Member: Described {
    package static let schemaName = "Member"
    package static let schema = JSONSchema.object([
        .required("guest", .id(of: Guest.self)),
        .optional("member_number", .string(1...64)),
        .optional("birth_date_on_id", .date),
        .required("blocked", .boolean, "An ID showed an age under 13; no date is kept."),
        .required("segments", .array(of: .slug, 0...10_000)),
    ])
}

extension Member {
    private static let columns: Query = """
        m.guest_id, m.member_number, m.birth_date_on_id, m.under_13,
        array(select s.slug from segment_member l join segment s on s.brand_id = l.brand_id and s.id = l.segment_id
              where l.brand_id = m.brand_id and l.guest_id = m.guest_id order by s.slug) as segments
        """

    private init(_ row: Row) throws {
        guest = try row["guest_id"]
        memberNumber = try row["member_number"]
        birthDateOnID = try row["birth_date_on_id"]
        blocked = try row["under_13"]
        segments = try row["segments"]
    }

    /// States what the brand knows of a guest; answers whether that is new.
    ///
    /// Throws `guest_not_found`, `segment_not_found`, `member_number_taken`.
    package static func put(
        _ reference: GuestReference, _ draft: Draft, as principal: Principal, at now: Timestamp,
        in connection: isolated Connection
    ) throws -> (member: Member, isNew: Bool) {
        let brand = try principal.requiredBrand()
        guard let guest = try Guest.lockForUse([reference], as: principal, in: connection)[0] else {
            throw Guest.notFound()
        }
        let isNew = try connection.query(
            "select from member where brand_id = \(brand.id) and guest_id = \(guest)"
        ).isEmpty
        if let date = draft.birthDateOnID {
            try keep(
                birthDateOnID: date, of: guest, on: brand.zone.local(now).date, as: principal, at: now, in: connection)
        }
        do {
            try connection.execute(
                """
                insert into member (brand_id, guest_id, member_number, created_at, updated_at)
                values (\(brand.id), \(guest), \(draft.memberNumber), \(now), \(now))
                on conflict on constraint member_pkey
                    do update set member_number = excluded.member_number, updated_at = excluded.updated_at
                    where member.member_number is distinct from excluded.member_number
                """)
        } catch let error as PostgresError where error.violates("member_number_taken") {
            throw PerksError(
                .memberNumberTaken, "Another guest has this member number.",
                violations: [.init("/member_number", "member_number_taken", "Already in use.")])
        }
        try setSegments(draft.segments ?? [], of: guest, as: principal, at: now, in: connection)
        try AuditEvent.record("member.put", of: guest, as: principal, at: now, in: connection)
        return (try find(.id(guest), as: principal, in: connection), isNew)
    }

    /// Finds what the brand knows of a guest.
    package static func find(
        _ reference: GuestReference, as principal: Principal, in connection: isolated Connection
    ) throws -> Member {
        let row = try connection.query(
            """
            select \(fragment: columns) from member m join guest g on g.guest_id = m.guest_id
            where m.brand_id = \(principal.requiredBrand().id) and g.opted_out_at is null
                and \(fragment: Guest.condition(reference, as: principal))
            """
        ).first
        guard let member = try row.map(Member.init) else {
            throw PerksError(
                .memberNotFound, "This guest is no member of this brand. `PUT /v1/members/{guest}` makes one.")
        }
        return member
    }

    /// The brand's members, those known longest first.
    package static func list(
        _ page: PageRequest, as principal: Principal, in connection: isolated Connection
    ) throws -> Page<Member> {
        let rows = try connection.query(
            """
            select \(fragment: columns) from member m join guest g on g.guest_id = m.guest_id
            where m.brand_id = \(principal.requiredBrand().id) and g.opted_out_at is null
                and m.guest_id > \(page.after) order by m.guest_id limit \(page.rows)
            """)
        return Page(try rows.map(Member.init), for: page) { $0.guest.uuid }
    }

    /// Keeps what was read on an ID as the brand's own date; of a child under 13 only that there is one.
    ///
    /// Answers what is kept.
    @discardableResult
    static func keep(
        birthDateOnID date: LocalDate, of guest: ID<Guest>, on today: LocalDate, as principal: Principal,
        at now: Timestamp, in connection: isolated Connection
    ) throws -> (date: LocalDate?, isUnder13: Bool) {
        let brand = try principal.requiredBrand()
        guard date <= today, date.age(on: today) <= 130 else {
            throw PerksError.invalid("/birth_date_on_id", "impossible", "Nobody living was born on \(date).")
        }
        let isUnder13 = date.age(on: today) < 13
        // What one ID has shown of a child, only those who answer for the desk may correct.
        let mayClear = principal.role != .clerk
        let stored = try connection.query(
            """
            insert into member as m (brand_id, guest_id, birth_date_on_id, under_13, created_at, updated_at)
            values (\(brand.id), \(guest), \(isUnder13 ? nil : date), \(isUnder13), \(now), \(now))
            on conflict on constraint member_pkey do update
            set under_13 = excluded.under_13 or (m.under_13 and not \(mayClear)),
                birth_date_on_id = case when not m.under_13 or \(mayClear) then excluded.birth_date_on_id end,
                updated_at = excluded.updated_at
            returning birth_date_on_id, under_13
            """)[0]
        if date.age(on: today) < 18 { try Share.end(of: guest, as: principal, at: now, in: connection) }
        // The audit log says that an ID was seen, not what was on it.
        try AuditEvent.record(
            "member.id_seen", object: isUnder13 ? nil : guest.description, as: principal, at: now, in: connection)
        return (try stored["birth_date_on_id"], try stored["under_13"])
    }

    private static func setSegments(
        _ slugs: [String], of guest: ID<Guest>, as principal: Principal, at now: Timestamp,
        in connection: isolated Connection
    ) throws {
        let brand = try principal.requiredBrand()
        let rows = try connection.query(
            "select id, slug from segment where brand_id = \(brand.id) and slug = any (\(slugs))")
        let known = try Set(rows.map { try $0.decode("slug", as: String.self) })
        if let index = slugs.firstIndex(where: { !known.contains($0) }) {
            throw Segment.notFound(at: "/segments/\(index)")
        }
        let ids = try rows.map { try $0.decode("id", as: UUID.self) }
        try connection.execute(
            """
            delete from segment_member
            where brand_id = \(brand.id) and guest_id = \(guest) and segment_id <> all (\(ids))
            """)
        try connection.execute(
            """
            insert into segment_member (brand_id, segment_id, guest_id, added_at)
            select \(brand.id), s, \(guest), \(now) from unnest(\(ids)) s
            on conflict on constraint segment_member_pkey do nothing
            """)
    }
}
