import Foundation
import Postgres

/// Where the codes of a perk stand; a perk hands out codes if it has ever been given some.
package struct CodePool: Encodable, Hashable, Sendable {
    /// How many there are in all.
    package let total: Int
    /// How many have been handed out, those whose redemption was reversed included.
    package var taken: Int
    /// How many of the rest are promised to holds.
    package var reserved: Int

    /// How many anybody may still have.
    package var left: Int { total - taken - reserved }

    private enum CodingKeys: String, CodingKey {
        case total, taken, reserved, left
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(total, forKey: .total)
        try container.encode(taken, forKey: .taken)
        try container.encode(reserved, forKey: .reserved)
        try container.encode(left, forKey: .left)
    }
}

extension CodePool: Described {
    package static let schemaName = "CodePool"
    package static let schema = JSONSchema.object([
        .required("total", .integer(0...Int.max), "How many codes there are in all."),
        .required("taken", .integer(0...Int.max), "How many were handed out; a reversed redemption's stays taken."),
        .required("reserved", .integer(0...Int.max), "How many of the rest are promised to holds."),
        .required("left", .integer(0...Int.max), "How many may still be had."),
    ])
}

extension CodePool {
    /// The codes of a perk; throws `not_found` for one that hands out none.
    package static func find(
        of perk: Reference<Perk>, as principal: Principal, in connection: isolated Connection
    ) throws -> CodePool {
        let brand = try principal.requiredBrand()
        let perk = try Perk.find(perk, as: principal, in: connection)
        let row = try connection.query(
            """
            select total, taken, reserved from code_pool where brand_id = \(brand.id) and perk_id = \(perk.id)
            """
        ).first
        guard let row else {
            throw PerksError(
                .notFound,
                "The perk \(perk.slug) hands out no codes. `POST /v1/perks/\(perk.slug)/codes` or `perks code import` gives it some."
            )
        }
        return CodePool(total: try row["total"], taken: try row["taken"], reserved: try row["reserved"])
    }
}

extension CodePool {
    /// What the brand should hear of, once, as its codes run out.
    enum Alarm: String {
        /// A tenth of all codes is left, or less.
        case low = "code_pool.low"
        case exhausted = "code_pool.exhausted"

        /// What has come about between two counts of the codes that are left; nil when it is nothing new.
        init?(leftBefore before: Int, leftAfter after: Int, total: Int) {
            func isLow(_ left: Int) -> Bool { left <= total / 10 }
            guard after < before else { return nil }
            if after == 0 {
                self = .exhausted
            } else if isLow(after), !isLow(before) {
                self = .low
            } else {
                return nil
            }
        }
    }

    /// Records in the audit log that a perk's codes run out, at the moment that they fall to a tenth and that none is left.
    static func recordIfLow(
        of perk: ID<Perk>, slug: String, leftBefore: Int, leftAfter: Int, total: Int, as principal: Principal,
        at now: Timestamp, in connection: isolated Connection
    ) throws {
        guard let alarm = Alarm(leftBefore: leftBefore, leftAfter: leftAfter, total: total) else { return }
        try AuditEvent.record(
            alarm.rawValue, of: perk,
            ["perk": .string(slug), "left": .number(Decimal(leftAfter)), "total": .number(Decimal(total))],
            as: principal, at: now, in: connection)
    }
}
