import Foundation
import Postgres

/// What is left of what is capped: stock by perk, budgets by campaign, codes by perk.
///
/// What is not capped is not here.
struct Counters {
    private(set) var stock: [ID<Perk>: Int] = [:]
    private(set) var budgets: [ID<Campaign>: Budget] = [:]
    private(set) var codes: [ID<Perk>: CodePool] = [:]
    /// The codes as they were when they were locked.
    private var codesBefore: [ID<Perk>: CodePool] = [:]
    /// What has been taken since they were read.
    private var taken = Units()
    private let brand: ID<Brand>

    /// What is left of a budget; nil is without limit.
    struct Budget {
        var amount: Int?
        var redemptions: Int?

        func covers(cost: Int) -> Bool {
            (amount.map { $0 >= cost } ?? true) && (redemptions.map { $0 >= 1 } ?? true)
        }
    }

    /// A unit of a perk, as the counters see it.
    struct Unit {
        let perk: ID<Perk>
        let campaign: ID<Campaign>
        let cost: Int
        /// Whether it takes one of the perk's codes.
        let takesCode: Bool

        init(perk: ID<Perk>, campaign: ID<Campaign>, cost: Int, takesCode: Bool) {
            self.perk = perk
            self.campaign = campaign
            self.cost = cost
            self.takesCode = takesCode
        }

        init(_ row: Row) throws {
            perk = try row["perk_id"]
            campaign = try row["campaign_id"]
            cost = try row["cost"]
            takesCode = try row["takes_code"]
        }
    }

    /// Sums of what many units take from each counter.
    private struct Units {
        var byPerk: [ID<Perk>: Int] = [:]
        var byCampaign: [ID<Campaign>: (amount: Int, count: Int)] = [:]
        var codesTaken: [ID<Perk>: Int] = [:]
        var codesReserved: [ID<Perk>: Int] = [:]

        mutating func add(_ unit: Unit) {
            byPerk[unit.perk, default: 0] += 1
            let sum = byCampaign[unit.campaign] ?? (0, 0)
            byCampaign[unit.campaign] = (sum.amount + unit.cost, sum.count + 1)
        }
    }

    /// Reads the counters of perks and of their campaigns, counting what holds that are due still take as free.
    init(
        of perks: [ID<Perk>], _ campaigns: [ID<Campaign>], of brand: ID<Brand>, at now: Timestamp,
        in connection: isolated Connection
    ) throws {
        try self.init(of: perks, campaigns, of: brand, "", in: connection)
        guard !perks.isEmpty else { return }
        let due = try connection.query(
            """
            select perk_id, campaign_id, cost, takes_code from claim
            where brand_id = \(brand) and status = 'held' and expires_at <= \(now)
            """
        ).map(Unit.init)
        for unit in due { putBack(unit) }
    }

    /// Locks the counters of perks and of their campaigns until commit, always in the same order: stock, budgets,
    /// codes, each by key.
    ///
    /// Whoever takes or gives back units does it under this lock.
    static func lock(
        _ perks: [ID<Perk>], _ campaigns: [ID<Campaign>], of brand: ID<Brand>, in connection: isolated Connection
    ) throws -> Counters {
        try Counters(of: perks, campaigns, of: brand, "for update", in: connection)
    }

    private init(
        of perks: [ID<Perk>], _ campaigns: [ID<Campaign>], of brand: ID<Brand>, _ lock: Query,
        in connection: isolated Connection
    ) throws {
        self.brand = brand
        guard !perks.isEmpty || !campaigns.isEmpty else { return }
        let stockRows = try connection.query(
            """
            select perk_id, remaining from perk_stock where brand_id = \(brand) and perk_id = any (\(perks))
            order by perk_id \(fragment: lock)
            """)
        for row in stockRows { stock[try row["perk_id"]] = try row["remaining"] }
        let budgetRows = try connection.query(
            """
            select campaign_id, remaining_amount, remaining_redemptions from campaign_budget
            where brand_id = \(brand) and campaign_id = any (\(campaigns)) order by campaign_id \(fragment: lock)
            """)
        for row in budgetRows {
            budgets[try row["campaign_id"]] = Budget(
                amount: try row["remaining_amount"], redemptions: try row["remaining_redemptions"])
        }
        let codeRows = try connection.query(
            """
            select perk_id, total, taken, reserved from code_pool where brand_id = \(brand) and perk_id = any (\(perks))
            order by perk_id \(fragment: lock)
            """)
        for row in codeRows {
            codes[try row["perk_id"]] = CodePool(
                total: try row["total"], taken: try row["taken"], reserved: try row["reserved"])
        }
        codesBefore = codes
    }

    /// Adds what another reading has and this one has not.
    mutating func fill(from other: Counters) {
        stock.merge(other.stock) { own, _ in own }
        budgets.merge(other.budgets) { own, _ in own }
        codes.merge(other.codes) { own, _ in own }
    }

    /// How many units of a perk can still be had, by stock and codes; nil is uncapped.
    func remaining(of perk: ID<Perk>) -> Int? {
        [stock[perk], codes[perk]?.left].compactMap { $0 }.min()
    }

    /// The pools that codes were taken or reserved from since they were locked: as they were, and as they are.
    var codesUsed: [(perk: ID<Perk>, before: CodePool, after: CodePool)] {
        codesBefore.keys.sorted().compactMap { perk in
            guard let before = codesBefore[perk], let after = codes[perk], before != after else { return nil }
            return (perk, before, after)
        }
    }

    // MARK: Taking

    /// Takes a unit for a redemption; answers the position of its code, if it takes one.
    mutating func take(_ unit: Unit) -> Int? {
        subtract(unit)
        guard unit.takesCode else { return nil }
        return takeCode(of: unit.perk)
    }

    /// Takes a unit for a hold, which reserves a code without choosing it.
    mutating func hold(_ unit: Unit) {
        subtract(unit)
        guard unit.takesCode else { return }
        codes[unit.perk]?.reserved += 1
        taken.codesReserved[unit.perk, default: 0] += 1
    }

    /// Makes a held unit a redeemed one; answers the position of its code, if it takes one.
    mutating func confirm(_ unit: Unit) -> Int? {
        guard unit.takesCode else { return nil }
        codes[unit.perk]?.reserved -= 1
        taken.codesReserved[unit.perk, default: 0] -= 1
        return takeCode(of: unit.perk)
    }

    private mutating func subtract(_ unit: Unit) {
        stock[unit.perk]? -= 1
        if let amount = budgets[unit.campaign]?.amount { budgets[unit.campaign]?.amount = amount - unit.cost }
        if let count = budgets[unit.campaign]?.redemptions { budgets[unit.campaign]?.redemptions = count - 1 }
        taken.add(unit)
    }

    private mutating func takeCode(of perk: ID<Perk>) -> Int? {
        guard let position = codes[perk].map({ $0.taken + 1 }) else { return nil }
        codes[perk]?.taken = position
        taken.codesTaken[perk, default: 0] += 1
        return position
    }

    /// Counts what a hold has taken as free again.
    mutating func putBack(_ unit: Unit) {
        stock[unit.perk]? += 1
        if let amount = budgets[unit.campaign]?.amount { budgets[unit.campaign]?.amount = amount + unit.cost }
        if let count = budgets[unit.campaign]?.redemptions { budgets[unit.campaign]?.redemptions = count + 1 }
        if unit.takesCode { codes[unit.perk]?.reserved -= 1 }
    }

    // MARK: Writing

    /// Writes down what was taken from the counters that are locked.
    func write(in connection: isolated Connection) throws {
        let capped = taken.byPerk.filter { stock[$0.key] != nil }
        try Counters.change(
            stock: capped.mapValues { -$0 },
            budgets: taken.byCampaign.filter { budgets[$0.key] != nil }.mapValues { (-$0.amount, -$0.count) },
            codesTaken: taken.codesTaken, codesReserved: taken.codesReserved, of: brand, in: connection)
    }

    /// Gives back what units have taken: to the stock and the budget, and the code that a hold has reserved.
    ///
    /// The code of a redemption stays taken. The counters are locked.
    static func giveBack(
        _ units: [Unit], wereHeld: Bool, of brand: ID<Brand>, in connection: isolated Connection
    ) throws {
        var sums = Units()
        for unit in units {
            sums.add(unit)
            if wereHeld, unit.takesCode { sums.codesReserved[unit.perk, default: 0] -= 1 }
        }
        try change(
            stock: sums.byPerk, budgets: sums.byCampaign, codesTaken: [:], codesReserved: sums.codesReserved, of: brand,
            in: connection)
    }

    /// Adds to the counters; those of what is not capped are not there, and nothing is added to them.
    private static func change(
        stock: [ID<Perk>: Int], budgets: [ID<Campaign>: (amount: Int, count: Int)], codesTaken: [ID<Perk>: Int],
        codesReserved: [ID<Perk>: Int], of brand: ID<Brand>, in connection: isolated Connection
    ) throws {
        if !stock.isEmpty {
            try connection.execute(
                """
                update perk_stock s set remaining = s.remaining + c.change
                from unnest(\(Array(stock.keys)), \(Array(stock.values))) c (perk_id, change)
                where s.brand_id = \(brand) and s.perk_id = c.perk_id
                """)
        }
        if !budgets.isEmpty {
            try connection.execute(
                """
                update campaign_budget b
                set remaining_amount = b.remaining_amount + c.amount,
                    remaining_redemptions = b.remaining_redemptions + c.count
                from unnest(\(Array(budgets.keys)), \(budgets.values.map(\.amount)), \(budgets.values.map(\.count)))
                    c (campaign_id, amount, count)
                where b.brand_id = \(brand) and b.campaign_id = c.campaign_id
                """)
        }
        let perks = Set(codesTaken.keys).union(codesReserved.keys).sorted()
        if !perks.isEmpty {
            try connection.execute(
                """
                update code_pool p set taken = p.taken + c.taken, reserved = p.reserved + c.reserved
                from unnest(\(perks), \(perks.map { codesTaken[$0] ?? 0 }), \(perks.map { codesReserved[$0] ?? 0 }))
                    c (perk_id, taken, reserved)
                where p.brand_id = \(brand) and p.perk_id = c.perk_id
                """)
        }
    }
}
