import Foundation
import Postgres

/// Something that is so at every moment, whatever has happened to the server and the database; proved from the tables alone.
package struct Invariant: Sendable {
    /// A word or two, such as "stock".
    package let name: String
    /// What each row that is looked at stands for, such as "perks".
    package let subject: String
    /// What is compared, as a sentence about one of them.
    package let rule: String
    /// A row for everything of one brand that is compared: `claim_id`, null where it is not about a claim, and `fault`,
    /// null where all is well.
    let checked: @Sendable (_ brand: UUID) -> Query

    /// All of them, those of counters first.
    package static let all = [stock, budget, codes, allowance, group, keys, claims, conversions]

    /// So many faults are named at most.
    package static let maximumExamples = 20

    /// What became of proving it.
    package struct Finding: Sendable {
        package let invariant: Invariant
        /// How many rows were compared.
        package fileprivate(set) var compared = 0
        /// How many of them were not as they should be.
        package fileprivate(set) var faults = 0
        /// The first faults, each with its brand and both sides of what was compared.
        package fileprivate(set) var examples: [String] = []

        fileprivate init(of invariant: Invariant) {
            self.invariant = invariant
        }
    }

    /// Compares what one brand has, in one statement, so that what is committed meanwhile is seen whole or not at all.
    fileprivate func check(
        _ brand: UUID, called name: String, into finding: inout Finding, in connection: isolated Connection
    ) throws {
        let rows = try connection.query(
            """
            with checked as materialized (\(fragment: checked(brand)))
            select n.compared, n.faults, f.claim_id, f.fault
            from (select count(*) as compared, count(fault) as faults from checked) n
            left join (select claim_id, fault from checked where fault is not null limit \(Self.maximumExamples)) f
                on true
            """)
        finding.compared += try rows[0]["compared"]
        finding.faults += try rows[0]["faults"]
        for row in rows where finding.examples.count < Self.maximumExamples {
            guard let fault: String = try row["fault"] else { continue }
            let claim: UUID? = try row["claim_id"]
            let object = claim.map { " \(ID<Redemption>($0)):" } ?? ""
            finding.examples.append("\(name):\(object) \(fault)")
        }
    }
}

extension Backend {
    /// So long a comparison of one brand's rows may take.
    private static let checkLimit: Duration = .seconds(3600)

    /// Proves all invariants for every brand, and for what belongs to none; changes nothing.
    package func checkInvariants() async throws -> [Invariant.Finding] {
        let platform = Principal(role: .operator, actor: "system:doctor", brand: nil)
        var findings = Invariant.all.map(Invariant.Finding.init)
        try await check(platform, into: &findings)
        var cursor: String?
        repeat {
            let page = try PageRequest(limit: PageRequest.limits.upperBound, cursor: cursor)
            let brands = try await transaction(as: platform, readOnly: true) { connection in
                try Brand.list(page, as: platform, in: connection)
            }
            for brand in brands.data { try await check(platform.acting(for: brand), into: &findings) }
            cursor = brands.nextCursor
        } while cursor != nil
        return findings
    }

    private func check(_ principal: Principal, into findings: inout [Invariant.Finding]) async throws {
        let (brand, name) = (principal.brand?.id.uuid ?? .zero, principal.brand?.slug ?? "platform")
        let before = findings
        findings = try await transaction(as: principal, readOnly: true) { connection in
            try connection.limitStatements(to: Self.checkLimit)
            return try before.map { finding in
                var finding = finding
                try finding.invariant.check(brand, called: name, into: &finding, in: connection)
                return finding
            }
        }
    }
}
