import Postgres

extension Guest {
    /// Everything that is held on a guest, for the guest to read.
    package struct Export: Codable, Sendable {
        package let guest: Guest
        /// Newest first.
        package let scores: [PastScore]
        /// What each brand keeps, of those that keep anything.
        package let brands: [BrandShare]
        /// Whether a list is longer than what is shown of it.
        package let truncated: Bool
    }

    /// What one brand keeps of a guest.
    package struct BrandShare: Codable, Sendable {
        /// The brand's slug.
        package let brand: String
        package let member: JSONValue?
        package let segments: [JSONValue]
        package let checkIns: [JSONValue]
        package let claims: [JSONValue]
        package let refusals: [JSONValue]
        package let shares: [JSONValue]
        package let posts: [JSONValue]
        package let conversions: [JSONValue]

        private enum CodingKeys: String, CodingKey {
            case brand, member, segments, claims, refusals, shares, posts, conversions
            case checkIns = "check_ins"
        }
    }
}

extension Guest.Export: Described {
    package static let schemaName = "GuestExport"
    package static let schema: JSONSchema = {
        let list = JSONSchema.array(of: .map(of: .anything), 0...Guest.exportLimit)
        return .object([
            .required("guest", Guest.reference),
            .required("scores", .array(of: Guest.PastScore.reference, 0...Guest.exportLimit), "Newest first."),
            .required(
                "brands",
                .array(
                    of: .object([
                        .required("brand", .slug), .optional("member", .map(of: .anything)),
                        .required("segments", list), .required("check_ins", list),
                        .required("claims", list, "The receipts, with what they were decided from."),
                        .required("refusals", list), .required("shares", list), .required("posts", list),
                        .required("conversions", list),
                    ]), 0...Int.max), "What each brand keeps."),
            .required("truncated", .boolean, "Whether a list is longer than the 10,000 entries shown of it."),
        ])
    }()
}

extension Guest {
    /// How long each list of an export may be.
    package static let exportLimit = 10_000

    /// Gathers everything held on a guest, across all brands; throws `guest_not_found`, `forbidden`.
    package static func export(
        _ reference: GuestReference, listLimit limit: Int = exportLimit, as principal: Principal, at now: Timestamp,
        in connection: isolated Connection
    ) throws -> Export {
        try requireOperator(principal)
        let guest = try find(reference, as: principal, in: connection)
        let scores = try connection.query(
            "\(fragment: history(of: guest.id)) order by s.measured_at desc, ordinal limit \(limit + 1)"
        ).map(PastScore.init)
        let held = try connection.query(
            """
            select brand, kind, at, content from export_guest_from_brands(\(guest.id), \(limit + 1))
            union all
            select brand, kind, at, content from export_guest_word_of_mouth(\(guest.id), \(limit + 1))
            """
        ).map(HeldRow.init)
        try AuditEvent.record("guest.export", of: guest.id, as: principal, at: now, in: connection)

        var isTruncated = scores.count > limit
        let brands = Dictionary(grouping: held, by: \.brand).sorted { $0.key < $1.key }.map { brand, rows in
            func list(_ kind: String) -> [JSONValue] {
                let contents = rows.filter { $0.kind == kind }.map(\.content)
                if contents.count > limit { isTruncated = true }
                return Array(contents.prefix(limit))
            }
            return BrandShare(
                brand: brand, member: list("member").first, segments: list("segment"), checkIns: list("check_in"),
                claims: list("claim"), refusals: list("refusal"),
                shares: list("share"), posts: list("post"), conversions: list("conversion"))
        }
        return Export(guest: guest, scores: Array(scores.prefix(limit)), brands: brands, truncated: isTruncated)
    }
}

/// One thing that a brand keeps of a guest.
private struct HeldRow {
    let brand: String
    let kind: String
    let content: JSONValue

    init(_ row: Row) throws {
        brand = try row["brand"]
        kind = try row["kind"]
        let content: JSONValue = try row["content"]
        let at: Timestamp? = try row["at"]
        // A moment is written here, so that it looks the same everywhere.
        self.content = content.merging(.object(at.map { ["at": .string($0.rfc3339)] } ?? [:]))
    }
}
