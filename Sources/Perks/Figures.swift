import Eligibility
import Postgres

/// A report's figures while they are being counted.
struct Figures {
    let scope: ReportScope
    var totals = Report.Totals()
    var perks: [Report.PerkLine]
    var days: [Report.Day]
    var lines: [Report.Dimension: [Report.Line]] = [:]
    /// The best first.
    var sharers: [Report.Sharer.Standing] = []

    private let positions: [ID<Perk>: Int]

    init(_ scope: ReportScope, in connection: isolated Connection) throws {
        self.scope = scope
        days = scope.dates.map { Report.Day(date: $0) }
        let rows = try connection.query(
            """
            select \(fragment: Perk.columns) from \(fragment: Perk.tables)
            where p.brand_id = \(scope.brand.id) and p.campaign_id = \(scope.campaign.id) order by p.rank nulls last, p.id
            """)
        let offered = try rows.map(Perk.init)
        perks = offered.map { Report.PerkLine(perk: PerkSummary($0), stock: $0.stock, remaining: $0.remaining) }
        positions = Dictionary(uniqueKeysWithValues: offered.enumerated().map { ($1.id, $0) })
    }

    /// Where a perk stands in `perks`; nil for one of another campaign.
    func position(of perk: ID<Perk>) -> Int? { positions[perk] }

    /// Where the row's day stands in `days`.
    func day(of row: Row) throws -> Int {
        try row.decode("day", as: Int.self) - 1
    }

    /// The lines of a dimension, as they are answered.
    func lines(of dimension: Report.Dimension, atMost limit: Int? = nil) -> [Report.Line] {
        lines[dimension, default: []].arranged(atMost: limit)
    }
}

extension Report {
    /// What all that happened is told apart by.
    enum Dimension: String {
        case venue, network, topic
        case scoreBand = "score_band"
    }
}
