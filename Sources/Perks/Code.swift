import Foundation
import Postgres

/// One of the codes that a perk hands out, such as a voucher of an online shop.
package struct Code: Codable, Hashable, Sendable {
    package let code: String
    /// From 1 without gaps: codes are handed out in the order in which they came.
    package let position: Int
    package let status: Status
    /// What it was handed out by.
    package let redemption: ID<Redemption>?

    package enum Status: String, Codable, CaseIterable, Sendable {
        case available, given
        /// Handed out by a redemption that was reversed: the guest has seen it, so nobody else gets it.
        case burnt
    }
}

extension Code: Described {
    package static let schemaName = "Code"
    package static let schema = JSONSchema.object([
        .required("code", .string(1...longest)),
        .required("position", .integer(1...Int.max), "Its turn, from 1."),
        .required("status", .word(Status.allCases.map(\.rawValue)), "A reversed redemption's code stays burnt."),
        .optional("redemption", .id(of: Redemption.self), "What it was handed out by."),
    ])
}

extension Code {
    /// How many characters a code may have.
    static let longest = 64

    /// Why a text can be no code, as a sentence.
    struct Refusal: Error {
        let reason: String
    }

    /// The code that a text stands for, in Unicode's composed form; nil when there is nothing but white space.
    static func read(_ text: String) throws(Refusal) -> String? {
        let isPlain = text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
        let code =
            isPlain
            ? text : text.trimmingCharacters(in: .whitespacesAndNewlines).precomposedStringWithCanonicalMapping
        guard !code.isEmpty else { return nil }
        let length = isPlain ? code.utf8.count : code.unicodeScalars.count
        guard length <= longest else {
            throw Refusal(reason: "A code has at most \(longest) characters; this one has \(length).")
        }
        guard isPlain || code.unicodeScalars.allSatisfy(\.isVisible) else {
            throw Refusal(reason: "A code consists of visible characters, without spaces between them.")
        }
        return code
    }

    /// The codes of a perk in the order in which they are handed out.
    package static func list(
        _ page: PageRequest, of perk: Reference<Perk>, status: Status? = nil, as principal: Principal,
        in connection: isolated Connection
    ) throws -> Page<Code> {
        let brand = try principal.requiredBrand()
        let perk = try Perk.find(perk, as: principal, in: connection)
        let after = Int(clamping: page.after.bits)
        // Statuses are written out so that partial indexes serve, and the cursor is held against both tables, so that
        // neither is read from its beginning.
        let query: Query =
            switch status {
            case nil:
                """
                select k.code, k.position, c.id as redemption, c.status as claim
                from code k
                left join claim c on c.brand_id = k.brand_id and c.perk_id = k.perk_id and c.code_position = k.position
                    and c.code_position > \(after)
                where k.brand_id = \(brand.id) and k.perk_id = \(perk.id) and k.position > \(after)
                order by k.position limit \(page.rows)
                """
            case .available:
                """
                select k.code, k.position, null::uuid as redemption, null as claim
                from code k
                where k.brand_id = \(brand.id) and k.perk_id = \(perk.id) and k.position > greatest(\(after), (
                    select taken from code_pool where brand_id = \(brand.id) and perk_id = \(perk.id)))
                order by k.position limit \(page.rows)
                """
            case .given: handedOut("c.status = 'redeemed'", brand.id, perk.id, after, page)
            case .burnt: handedOut("c.status = 'reversed'", brand.id, perk.id, after, page)
            }
        return Page(try connection.query(query).map(Code.init), for: page) { UUID(bits: UInt128($0.position)) }
    }

    private static func handedOut(
        _ condition: Query, _ brand: ID<Brand>, _ perk: ID<Perk>, _ after: Int, _ page: PageRequest
    ) -> Query {
        """
        select k.code, k.position, c.id as redemption, c.status as claim
        from claim c
        join code k on k.brand_id = c.brand_id and k.perk_id = c.perk_id and k.position = c.code_position
        where c.brand_id = \(brand) and c.perk_id = \(perk) and c.code_position > \(after) and k.position > \(after)
            and \(fragment: condition)
        order by c.code_position limit \(page.rows)
        """
    }

    private init(_ row: Row) throws {
        code = try row["code"]
        position = try row["position"]
        redemption = try row["redemption"]
        let claim: String? = try row["claim"]
        status = claim.map { $0 == "reversed" ? .burnt : .given } ?? .available
    }
}

extension Unicode.Scalar {
    /// Whether it can be seen and copied: no white space, control or format character.
    fileprivate var isVisible: Bool {
        switch properties.generalCategory {
        case .control, .format, .spaceSeparator, .lineSeparator, .paragraphSeparator: false
        default: !properties.isWhitespace
        }
    }
}
