import Foundation
import Postgres

extension Guest {
    /// One score of a guest's history.
    package struct PastScore: Codable, Sendable {
        package let value: Decimal
        package let model: String?
        package let measuredAt: Timestamp
        package let recordedAt: Timestamp
        /// Whether the next older score is by another model, so that the two do not compare.
        package let modelChanged: Bool

        private enum CodingKeys: String, CodingKey {
            case value, model
            case measuredAt = "measured_at"
            case recordedAt = "recorded_at"
            case modelChanged = "model_changed"
        }

        init(_ row: Row) throws {
            let model: String = try row["model"]
            self.model = model.isEmpty ? nil : model
            value = Decimal(try row["score"] as Int) / 100
            measuredAt = try row["measured_at"]
            recordedAt = try row["recorded_at"]
            modelChanged = try row["model_changed"]
        }
    }
}

extension Guest.PastScore: Described {
    package static let schemaName = "PastScore"
    package static let schema = JSONSchema.object([
        .required("value", .number(1...100)),
        .optional("model", .string(1...64)),
        .required("measured_at", .timestamp),
        .required("recorded_at", .timestamp),
        .required("model_changed", .boolean, "Whether the next older score is by another model."),
    ])
}

extension Guest {
    /// Every score of a guest whom the principal may read, newest first; throws `guest_not_found`.
    package static func scores(
        _ page: PageRequest, of reference: GuestReference, as principal: Principal, in connection: isolated Connection
    ) throws -> Page<PastScore> {
        let guest = try find(reference, as: principal, in: connection).id
        let older = PlacedScore.after(page.after)
        let rows = try connection.query(
            """
            select * from (\(fragment: history(of: guest))) s where \(fragment: older)
            order by measured_at desc, ordinal limit \(page.rows)
            """)
        let placed = try Page(rows.map(PlacedScore.init), for: page, id: \.place)
        return Page(data: placed.data.map(\.score), nextCursor: placed.nextCursor)
    }

    /// The scores of a guest, each with its place among those of its moment and whether the model changed.
    static func history(of guest: ID<Guest>) -> Query {
        """
        select s.score, s.model, s.measured_at, s.recorded_at,
               row_number() over (partition by s.measured_at order by s.recorded_at desc, s.model) as ordinal,
               coalesce(s.model <> lead(s.model) over (order by s.measured_at desc, s.recorded_at desc, s.model), false)
                   as model_changed
        from guest_score s where s.guest_id = \(guest)
        """
    }
}

/// A score and where it stands in the history.
private struct PlacedScore: Codable, Sendable {
    let score: Guest.PastScore
    /// The moment it was measured at and its place among the scores of that moment, 64 bits each.
    let place: UUID

    init(_ row: Row) throws {
        score = try Guest.PastScore(row)
        let ordinal: Int = try row["ordinal"]
        place = UUID(bits: UInt128(UInt64(bitPattern: score.measuredAt.microseconds)) << 64 | UInt128(ordinal))
    }

    /// The condition of what comes after a place; the nil UUID is before everything.
    static func after(_ place: UUID) -> Query {
        guard place != .zero else { return "true" }
        let moment = Timestamp(microseconds: Int64(truncatingIfNeeded: place.bits >> 64))
        let ordinal = Int(truncatingIfNeeded: place.bits)
        return "(measured_at < \(moment) or measured_at = \(moment) and ordinal > \(ordinal))"
    }
}
