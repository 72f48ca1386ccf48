import Eligibility
import Foundation
import Postgres

/// What became of a campaign: from check-in to redemption, and from a shared link to what it led to.
package struct Report: Codable, Sendable {
    /// The campaign's slug.
    package let campaign: String
    package let from: LocalDate
    /// Inclusive.
    package let to: LocalDate
    package let timeZone: String
    package let attribution: Method
    package let totals: Totals
    package let rates: [String: Decimal?]
    /// How each rate, and each figure of a cohort, is computed.
    package let formulas: [String: String]
    package let perks: [PerkLine]
    package let days: [Day]
    package let weeks: [Day]
    package let months: [Day]
    package let venues: [Line]
    package let networks: [Line]
    package let topics: [Line]
    package let scoreBands: [Line]
    package let cohorts: [Cohort]
    package let scores: Scores
    package let topSharers: [Sharer]

    private enum CodingKeys: String, CodingKey {
        case campaign, from, to, attribution, totals, rates, formulas, perks, days, weeks, months, venues, networks,
            topics
        case cohorts, scores
        case timeZone = "time_zone"
        case scoreBands = "score_bands"
        case topSharers = "top_sharers"
    }

    /// How conversions were credited.
    package struct Method: Codable, Sendable {
        package let model: Attribution
        package let windowDays: Int
        /// What the window means, as a sentence.
        package let window: String

        private enum CodingKeys: String, CodingKey {
            case model, window
            case windowDays = "window_days"
        }
    }
}

extension Report {
    /// What is asked of a report.
    package struct Question: Sendable {
        /// The local days of the brand that are wanted, inclusive; what is left out follows from the campaign.
        package var from: LocalDate?
        package var to: LocalDate?
        package var attribution: Attribution
        /// How many days of 86,400 seconds a touch counts for.
        package var windowDays: Int

        package static let windows = 1...365
        package static let defaultWindow = 30

        package init(
            from: LocalDate? = nil, to: LocalDate? = nil, attribution: Attribution = .last,
            windowDays: Int = defaultWindow
        ) {
            self.from = from
            self.to = to
            self.attribution = attribution
            self.windowDays = windowDays
        }
    }

    /// The most days that one report covers.
    static let longestRange = 3700

    /// Computes the report of a campaign, as it stands in this transaction.
    ///
    /// Its figures agree with each other only where all statements see one state: at REPEATABLE READ. Throws
    /// `campaign_not_found`, and `invalid_request` for a range or a window that cannot be.
    package static func compute(
        for campaign: Reference<Campaign>, _ question: Question, as principal: Principal, at now: Timestamp,
        in connection: isolated Connection
    ) throws -> Report {
        let brand = try principal.requiredBrand()
        let campaign = try Campaign.find(campaign, as: principal, in: connection)
        let scope = try ReportScope(brand, campaign, question, at: now, in: connection)
        try connection.planForReports()
        var figures = try Figures(scope, in: connection)
        try figures.countCheckIns(in: connection)
        try figures.countClaims(in: connection)
        try figures.countRefusals(in: connection)
        try figures.countShares(in: connection)
        try figures.countPosts(in: connection)
        try figures.countLines(in: connection)
        try figures.countOtherConversions(in: connection)
        return Report(
            campaign: campaign.slug, from: scope.from, to: scope.to, timeZone: brand.timeZone,
            attribution: scope.method,
            totals: figures.totals, rates: figures.totals.rates, formulas: formulas, perks: figures.perks,
            days: figures.days, weeks: figures.days.summed(by: \.monday),
            months: figures.days.summed(by: \.firstOfMonth),
            venues: figures.lines(of: .venue), networks: figures.lines(of: .network),
            topics: figures.lines(of: .topic, atMost: Line.mostTopics), scoreBands: figures.lines(of: .scoreBand),
            cohorts: try Cohort.closed(in: scope, at: now, in: connection),
            scores: try Scores(in: scope, in: connection),
            topSharers: try Sharer.named(figures.sharers, as: principal, in: connection))
    }
}

extension Connection {
    /// Lets this transaction plan for statements that read a great deal once.
    fileprivate func planForReports() throws {
        // Compiling takes longer than it saves; sorting and hashing a campaign's shares fits into this much memory; a plan
        // made for any range would read a narrow one as if it were everything, or the other way round.
        try query(
            """
            select set_config('jit', 'off', true), set_config('work_mem', '64MB', true),
                   set_config('plan_cache_mode', 'force_custom_plan', true)
            """)
    }
}
