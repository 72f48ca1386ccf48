import Eligibility

extension Report {
    /// What the lines of a report's CSV stand for.
    package enum Breakdown: String, CaseIterable, Sendable {
        case day, week, month, perk, venue, network, topic
        case scoreBand = "score_band"
    }

    /// The lines of one kind as CSV (RFC 4180), a header first; an empty name is what is not known.
    package func csv(by breakdown: Breakdown = .day) -> String {
        switch breakdown {
        case .day: Self.csv("date", of: days)
        case .week: Self.csv(breakdown.rawValue, of: weeks)
        case .month: Self.csv(breakdown.rawValue, of: months)
        case .perk: csvOfPerks
        case .venue: Self.csv(breakdown.rawValue, of: venues)
        case .network: Self.csv(breakdown.rawValue, of: networks)
        case .topic: Self.csv(breakdown.rawValue, of: topics)
        case .scoreBand: Self.csv(breakdown.rawValue, of: scoreBands)
        }
    }

    private static let desk = ["check_ins", "qualified", "redeemed", "reversed", "refused", "cost"]
    private static let clicks = ["shares", "clicks_gross", "clicks_net"]

    private static func csv(_ name: String, of days: [Day]) -> String {
        document([name] + desk + clicks + ["conversions"]) {
            days.map { day in
                (
                    "\(day.date)",
                    [
                        day.checkIns, day.qualified, day.redeemed, day.reversed, day.refused, day.cost, day.shares,
                        day.clicksGross, day.clicksNet, day.conversions,
                    ]
                )
            }
        }
    }

    private static func csv(_ name: String, of lines: [Line]) -> String {
        document([name] + desk + clicks + ["conversion_credit"]) {
            lines.map { line in
                (
                    line.name ?? "",
                    [
                        line.checkIns, line.qualified, line.redeemed, line.reversed, line.refused, line.cost,
                        line.shares,
                        line.clicksGross, line.clicksNet, line.conversionCredit,
                    ]
                )
            }
        }
    }

    private var csvOfPerks: String {
        Self.document(["perk"] + Self.desk.dropFirst() + ["stock", "remaining"] + Self.clicks + ["conversion_credit"]) {
            perks.map { line in
                (
                    line.perk.slug,
                    [
                        line.qualified, line.redeemed, line.reversed, line.refused.values.reduce(0, +), line.cost,
                        line.stock, line.remaining, line.shares, line.clicksGross, line.clicksNet,
                        line.conversionCredit,
                    ]
                )
            }
        }
    }

    private static func document(_ header: [String], lines: () -> [(name: String, numbers: [Int?])]) -> String {
        CSVLine.text(header)
            + lines().map { CSVLine.text([CSVLine.name($0.name)] + $0.numbers.map { $0.map(String.init) ?? "" }) }
            .joined()
    }
}
