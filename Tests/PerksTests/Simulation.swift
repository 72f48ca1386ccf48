import Eligibility
import Perks
import Postgres

/// A made-up season of two brands: who is there, what they do, and what must come of it by the definitions alone.
///
/// It is thought through before anything is played, so that nothing in it can be learnt from the program under test.
struct Simulation {
    /// The campaign that the report is about; the others must leave no trace in it.
    static let campaign = 0
    static let campaigns = [
        Campaign(slug: "autumn", brand: 0, countries: ["US", "CA", "GB"], first: "2026-10-12", last: "2026-11-15"),
        Campaign(slug: "members", brand: 0, countries: ["US", "CA", "GB", "FR"], first: nil, last: nil),
        Campaign(slug: "rivals", brand: 1, countries: ["US", "CA", "GB", "FR"], first: nil, last: nil),
    ]
    static let perks = [
        Perk(slug: "suite", campaign: 0, stock: 300, cost: 12_000, group: "welcome", rank: 1, reach: 5000, limit: 1),
        Perk(slug: "spa", campaign: 0, stock: 560, cost: 2501, group: nil, rank: 2, reach: nil, limit: 2),
        Perk(slug: "coffee", campaign: 0, stock: nil, cost: 349, group: "welcome", rank: 3, reach: nil, limit: 1),
        Perk(slug: "lounge", campaign: 1, stock: nil, cost: 77, group: nil, rank: nil, reach: nil, limit: 3),
        Perk(slug: "cinema", campaign: 2, stock: nil, cost: 55, group: nil, rank: nil, reach: nil, limit: 3),
    ]
    static let places = [
        Place(slug: "new-york", zone: "America/New_York", country: "US", region: "NY", brand: 0, clock: .newYork),
        Place(slug: "las-vegas", zone: "America/Los_Angeles", country: "US", region: "NV", brand: 0, clock: .vegas),
        Place(slug: "london", zone: "Europe/London", country: "GB", region: nil, brand: 0, clock: .london),
        Place(slug: "corner", zone: "America/Los_Angeles", country: "US", region: "CA", brand: 1, clock: .vegas),
    ]
    static let brands = ["casino", "rival"]

    struct Campaign {
        let slug: String
        let brand: Int
        let countries: Set<String>
        /// Dates in the zone of each venue, both inclusive.
        let first: String?
        let last: String?

        func runs(on date: LocalDate) -> Bool {
            first.map { date.description >= $0 } ?? true && last.map { date.description <= $0 } ?? true
        }
    }

    struct Perk {
        let slug: String
        let campaign: Int
        let stock: Int?
        let cost: Int
        let group: String?
        let rank: Int?
        /// The least reach of a guest who may have it.
        let reach: Int?
        let limit: Int
    }

    struct Place {
        let slug: String
        let zone: String
        let country: String
        let region: String?
        let brand: Int
        let clock: WallClock
    }

    // MARK: What has happened

    struct CheckIn {
        let at: Timestamp
        let person: Int?
        let place: Int
        let campaigns: Set<Int>
        let qualified: Set<Int>
    }

    struct Redemption {
        let at: Timestamp
        let person: Int
        let perk: Int
        let place: Int
        /// What it converted, where it named a link.
        let conversion: Int?
        var isReversed = false
    }

    struct Refusal {
        let at: Timestamp
        let person: Int?
        let perk: Int
        let place: Int
        let code: String
    }

    struct Share {
        let at: Timestamp
        let person: Int
        let campaign: Int
        let place: Int?
        let perk: Int?
        /// The sharer's own browser.
        let browser: Int?

        /// The day of UTC on which it was made.
        var day: Int { Int(at.microseconds / 86_400_000_000) }
    }

    struct Post {
        let at: Timestamp
        let share: Int
        let reach: Int?
        let impressions: Int?
        let disclosed: Bool
    }

    enum Kind: String, CaseIterable { case human, bot, duplicate, too_fast, own = "self" }

    struct Click {
        let at: Timestamp
        let share: Int
        let browser: Int
        let kind: Kind

        /// Its day of UTC, whose key its visitor is hashed with.
        var day: Int { Int(at.microseconds / 86_400_000_000) }
    }

    struct Touch {
        let share: Int
        let at: Timestamp
    }

    struct Conversion {
        let at: Timestamp
        let campaign: Int
        let person: Int?
        let order: String?
        let redemption: Int?
        let touches: [Touch]
        var isReversed = false
    }

    // MARK: The state of the world

    let seed: UInt64
    var chance: RuleChance
    var people: [Person] = []
    /// Who a person turned out to be.
    var survivors: [Int: Int] = [:]
    var stock = perks.map(\.stock)
    var checkIns: [CheckIn] = []
    var redemptions: [Redemption] = []
    var refusals: [Refusal] = []
    var shares: [Share] = []
    var posts: [Post] = []
    var clicks: [Click] = []
    var conversions: [Conversion] = []
    /// All that is done, in the order in which it is done.
    var steps: [Step] = []

    // What is looked up often.
    var claims: [Int: [Int]] = [:]
    var links: [Int: [Int]] = [:]
    var clicksOfBrowser: [Int: [Int]] = [:]
    var converted: [Int: [Int]] = [:]
    var orders: Set<String> = []
    var appointments: [Appointment] = []

    init(seed: UInt64, people count: Int, days: Int) {
        self.seed = seed
        chance = RuleChance(state: seed)
        makePeople(count)
        write(days: days)
    }

    /// The person that somebody is known to be.
    func known(_ person: Int) -> Int {
        var person = person
        while let survivor = survivors[person] { person = survivor }
        return person
    }
}

/// A clock on a wall in the autumn of 2026, which goes back once.
struct WallClock {
    /// Hours ahead of UTC.
    let summer: Int64
    let winter: Int64
    let change: Timestamp

    static let newYork = WallClock(summer: -4, winter: -5, change: moment("2026-11-01T06:00:00Z"))
    static let vegas = WallClock(summer: -7, winter: -8, change: moment("2026-11-01T09:00:00Z"))
    static let london = WallClock(summer: 1, winter: 0, change: moment("2026-10-25T01:00:00Z"))

    /// The date that it shows.
    func date(at moment: Timestamp) -> LocalDate {
        let hours = moment < change ? summer : winter
        return LocalDate(daysSinceEpoch: Int((moment.microseconds + hours * 3_600_000_000) / 86_400_000_000))
    }

    /// The first moment of a date.
    func start(of date: LocalDate) -> Timestamp {
        let midnight = Int64(date.daysSinceEpoch) * 86_400_000_000
        let early = Timestamp(microseconds: midnight - summer * 3_600_000_000)
        return early < change ? early : Timestamp(microseconds: midnight - winter * 3_600_000_000)
    }
}

extension Timestamp {
    /// The moment so many microseconds later.
    func later(by microseconds: Int64) -> Timestamp { Timestamp(microseconds: self.microseconds + microseconds) }
}
