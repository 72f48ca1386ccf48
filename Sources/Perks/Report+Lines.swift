import Eligibility

extension Report {
    /// What became of one perk.
    package struct PerkLine: Codable, Sendable {
        package let perk: PerkSummary
        package var qualified = 0
        package var redeemed = 0
        package var reversed = 0
        package var refused: [String: Int] = [:]
        package var cost = 0
        package let stock: Int?
        package let remaining: Int?
        /// Of those links that were made after redeeming it.
        package var shares = 0
        package var clicksGross = 0
        package var clicksNet = 0
        /// In basis points of a conversion.
        package var conversionCredit = 0

        private enum CodingKeys: String, CodingKey {
            case perk, qualified, redeemed, reversed, refused, cost, stock, remaining, shares
            case clicksGross = "clicks_gross"
            case clicksNet = "clicks_net"
            case conversionCredit = "conversion_credit"
        }
    }

    /// A day of the brand's zone, or the week or month that begins with it.
    ///
    /// What is done on a day and later taken back counts as reversed on that same day.
    package struct Day: Codable, Sendable, ReportCounts {
        package let date: LocalDate
        package var checkIns = 0
        package var qualified = 0
        package var redeemed = 0
        package var reversed = 0
        package var refused = 0
        package var cost = 0
        package var shares = 0
        package var clicksGross = 0
        package var clicksNet = 0
        package var conversions = 0

        private enum CodingKeys: String, CodingKey {
            case date, qualified, redeemed, reversed, refused, cost, shares, conversions
            case checkIns = "check_ins"
            case clicksGross = "clicks_gross"
            case clicksNet = "clicks_net"
        }

        fileprivate mutating func add(_ other: Day) {
            count(other)
            conversions += other.conversions
        }
    }

    /// One part of a partition of the totals: a venue, a network, a topic or a range of scores.
    package struct Line: Codable, Sendable, ReportCounts {
        /// Null for what is not known.
        @OrNull package var name: String?
        package var checkIns = 0
        package var qualified = 0
        package var redeemed = 0
        package var reversed = 0
        package var refused = 0
        package var cost = 0
        package var shares = 0
        package var clicksGross = 0
        package var clicksNet = 0
        /// In basis points of a conversion.
        package var conversionCredit = 0

        private enum CodingKeys: String, CodingKey {
            case name, qualified, redeemed, reversed, refused, cost, shares
            case checkIns = "check_ins"
            case clicksGross = "clicks_gross"
            case clicksNet = "clicks_net"
            case conversionCredit = "conversion_credit"
        }

        /// The most topics that have a line of their own.
        static let mostTopics = 50

        fileprivate mutating func add(_ other: Line) {
            count(other)
            conversionCredit += other.conversionCredit
        }

        fileprivate var isEmpty: Bool {
            [
                checkIns, qualified, redeemed, reversed, refused, cost, shares, clicksGross, clicksNet,
                conversionCredit,
            ].allSatisfy { $0 == 0 }
        }
    }
}

extension [Report.Day] {
    /// These days as the sums of those that belong to the same first day.
    func summed(by start: (LocalDate) -> LocalDate) -> [Report.Day] {
        reduce(into: []) { sums, day in
            let first = start(day.date)
            if sums.last?.date != first { sums.append(Report.Day(date: first)) }
            sums[sums.count - 1].add(day)
        }
    }
}

extension LocalDate {
    /// The first day of its week, as ISO 8601 has it.
    var monday: LocalDate { adding(days: -weekday.rawValue) }

    /// The first day of its month.
    var firstOfMonth: LocalDate { adding(days: 1 - day) }
}

extension [Report.Line] {
    /// The lines that are not all zero, most check-ins first, then by name; what is not known comes last.
    ///
    /// Those beyond a limit are summed in one line, which follows the others that are known.
    func arranged(atMost limit: Int?) -> [Report.Line] {
        let filled = filter { !$0.isEmpty }
        var named = filled.filter { $0.name != nil }
            .sorted { ($1.checkIns, $0.name ?? "") < ($0.checkIns, $1.name ?? "") }
        if let limit, named.count > limit {
            var other = Report.Line(name: "(other)")
            named[limit...].forEach { other.add($0) }
            named = named[..<limit] + [other]
        }
        return named + filled.filter { $0.name == nil }
    }
}

/// What a period and a part of the totals both count.
package protocol ReportCounts {
    var checkIns: Int { get set }
    var qualified: Int { get set }
    var redeemed: Int { get set }
    var reversed: Int { get set }
    var refused: Int { get set }
    var cost: Int { get set }
    var shares: Int { get set }
    var clicksGross: Int { get set }
    var clicksNet: Int { get set }
}

extension ReportCounts {
    fileprivate mutating func count(_ other: Self) {
        checkIns += other.checkIns
        qualified += other.qualified
        redeemed += other.redeemed
        reversed += other.reversed
        refused += other.refused
        cost += other.cost
        shares += other.shares
        clicksGross += other.clicksGross
        clicksNet += other.clicksNet
    }
}
