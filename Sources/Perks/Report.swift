import Eligibility
import Foundation
import Postgres

/// What became of a campaign: from check-in to redemption, in all, per perk and per day of the brand's zone.
package struct Report: Codable, Sendable {
    /// The campaign's slug.
    package let campaign: String
    package let from: LocalDate
    /// Inclusive.
    package let to: LocalDate
    package let timeZone: String
    package let totals: Totals
    package let rates: [String: Decimal?]
    /// How each rate is computed.
    package let formulas: [String: String]
    package let perks: [PerkLine]
    package let days: [Day]

    private enum CodingKeys: String, CodingKey {
        case campaign, from, to, totals, rates, formulas, perks, days
        case timeZone = "time_zone"
    }

    /// Counts of events, unless named `guests_…`.
    package struct Totals: Codable, Sendable {
        package var checkIns = 0
        package var guestsCheckedIn = 0
        package var qualified = 0
        package var guestsQualified = 0
        /// Those that were taken back are not among them.
        package var redeemed = 0
        package var guestsRedeemed = 0
        package var reversed = 0
        /// Attempts to redeem, by the code of their refusal.
        package var refused: [String: Int] = [:]
        /// Of what is redeemed, in minor units.
        package var cost = 0

        private enum CodingKeys: String, CodingKey {
            case qualified, redeemed, reversed, refused, cost
            case checkIns = "check_ins"
            case guestsCheckedIn = "guests_checked_in"
            case guestsQualified = "guests_qualified"
            case guestsRedeemed = "guests_redeemed"
        }
    }

    package struct PerkLine: Codable, Sendable {
        package let perk: PerkSummary
        package var qualified = 0
        package var redeemed = 0
        package var reversed = 0
        package var refused: [String: Int] = [:]
        package var cost = 0
        package let stock: Int?
        package let remaining: Int?
    }

    /// A day of the brand's zone; what is done on it and later taken back counts as reversed on the same day.
    package struct Day: Codable, Sendable {
        package let date: LocalDate
        package var checkIns = 0
        package var qualified = 0
        package var redeemed = 0
        package var reversed = 0
        package var refused = 0
        package var cost = 0

        private enum CodingKeys: String, CodingKey {
            case date, qualified, redeemed, reversed, refused, cost
            case checkIns = "check_ins"
        }
    }
}

extension Report: Described {
    package static let schemaName = "Report"
    package static let schema: JSONSchema = {
        let count = JSONSchema.integer(0...Int.max)
        let refused = JSONSchema.Property.required("refused", .map(of: count), "Attempts to redeem, by code.")
        let totals = [
            "check_ins", "guests_checked_in", "qualified", "guests_qualified", "redeemed", "guests_redeemed",
            "reversed", "cost",
        ]
        let perk = ["qualified", "redeemed", "reversed", "cost"]
        let day = ["check_ins", "qualified", "redeemed", "reversed", "refused", "cost"]
        return .object([
            .required("campaign", .slug), .required("from", .date), .required("to", .date, "Inclusive."),
            .required("time_zone", .timeZone),
            .required("totals", .object(totals.map { .required($0, count) } + [refused])),
            .required("rates", .map(of: .nullable(.anything)), "Null where the denominator is 0."),
            .required("formulas", .map(of: .string())),
            .required(
                "perks",
                .array(
                    of: .object(
                        [.required("perk", PerkSummary.schema)] + perk.map { .required($0, count) }
                            + [refused, .optional("stock", count), .optional("remaining", count)]), 0...10_000)),
            .required(
                "days",
                .array(
                    of: .object([.required("date", .date)] + day.map { .required($0, count) }), 0...Report.longestRange)
            ),
        ])
    }()

    /// The most days that one report covers.
    static let longestRange = 3700
}

extension Report {
    /// The local days of the brand that are wanted, inclusive; what is left out follows from the campaign.
    package struct Range: Sendable {
        package var from: LocalDate?
        package var to: LocalDate?

        package init(from: LocalDate? = nil, to: LocalDate? = nil) {
            self.from = from
            self.to = to
        }
    }

    /// Computes the report of a campaign, as it stands in this transaction.
    package static func compute(
        for campaign: Reference<Campaign>, _ range: Range, as principal: Principal, at now: Timestamp,
        in connection: isolated Connection
    ) throws -> Report {
        let brand = try principal.requiredBrand()
        let campaign = try Campaign.find(campaign, as: principal, in: connection)
        let created: Timestamp = try connection.query(
            "select created_at from campaign where brand_id = \(brand.id) and id = \(campaign.id)")[0]["created_at"]
        let today = brand.zone.local(now).date
        let to = range.to ?? today
        // What was done before a campaign was made is nothing; a start in the future is no reason for an empty range.
        let from = range.from ?? min(to, brand.zone.local(created).date)
        guard from <= to, to.daysSinceEpoch - from.daysSinceEpoch < longestRange else {
            throw PerksError.invalid(
                "from", "out_of_range", "from must not be after to, nor more than ten years before it.")
        }
        var figures = try Figures(brand, campaign, from: from, to: to, as: principal, in: connection)
        try figures.countCheckIns(in: connection)
        try figures.countClaims(in: connection)
        try figures.countRefusals(in: connection)
        return Report(
            campaign: campaign.slug, from: from, to: to, timeZone: brand.timeZone, totals: figures.totals,
            rates: rates(of: figures.totals), formulas: formulas, perks: figures.perks, days: figures.days)
    }

    private static let formulas = [
        "qualification": "qualified / check_ins",
        "redemption": "redeemed / qualified",
        "reversal": "reversed / (redeemed + reversed)",
        "cost_per_redemption": "cost / redeemed, in minor units",
    ]

    private static func rates(of totals: Totals) -> [String: Decimal?] {
        [
            "qualification": ratio(totals.qualified, totals.checkIns),
            "redemption": ratio(totals.redeemed, totals.qualified),
            "reversal": ratio(totals.reversed, totals.redeemed + totals.reversed),
            "cost_per_redemption": ratio(totals.cost, totals.redeemed),
        ]
    }

    /// To four decimals; nil when there is nothing to divide by.
    private static func ratio(_ numerator: Int, _ denominator: Int) -> Decimal? {
        guard denominator > 0 else { return nil }
        var (exact, rounded) = (Decimal(numerator) / Decimal(denominator), Decimal())
        NSDecimalRound(&rounded, &exact, 4, .plain)
        return rounded
    }

    /// The days as CSV (RFC 4180), a header first.
    package var csv: String {
        let header = "date,check_ins,qualified,redeemed,reversed,refused,cost"
        let rows = days.map { day in
            "\(day.date),\(day.checkIns),\(day.qualified),\(day.redeemed),\(day.reversed),\(day.refused),\(day.cost)"
        }
        return ([header] + rows).joined(separator: "\r\n") + "\r\n"
    }
}
