import Eligibility
import Foundation
import Postgres
import Synchronization

/// What one brand offers at one revision, ready to decide with: its venues and running campaigns, with rules compiled.
package struct Catalogue: Sendable {
    let revision: Int
    let venues: [Venue]
    let campaigns: [Entry]
    /// The topics that any of the rules names.
    let topics: [String]
    /// Whether any rule looks back at older scores.
    let needsScoreHistory: Bool
    /// Whether any rule counts earlier redemptions.
    let needsRedemptions: Bool
    /// The perks of which a guest may have so many a campaign, however long ago they had one.
    let countedForEver: [ID<Perk>]
    private let places: [Reference<Perk>: Place]
    private let jurisdictions: [Jurisdiction]
    private let minimumAge: Int

    /// A running campaign and its perks, best rank first.
    struct Entry: Sendable {
        let campaign: Campaign
        let perks: [(perk: Perk, rule: CompiledRule)]
    }

    /// A perk with its rule and its campaign.
    struct Place: Sendable {
        let campaign: Campaign
        let perk: Perk
        let rule: CompiledRule
    }

    /// What the law of a place demands for a category.
    private struct Jurisdiction: Sendable {
        let country: String
        let region: String
        let category: Campaign.Category
        let minimumAge: Int
    }

    /// What a restricted category demands in a place that no row names.
    static let unlistedMinimumAge = 21

    fileprivate init(of brand: ID<Brand>, revision: Int, in connection: isolated Connection) throws {
        self.revision = revision
        venues = try connection.query("select \(fragment: Venue.columns) from venue where brand_id = \(brand)")
            .map(Venue.init)
        let perks = try connection.query(
            """
            select \(fragment: Perk.columns) from \(fragment: Perk.tables)
            where p.brand_id = \(brand) and c.status = 'active' order by p.rank nulls last, p.id
            """
        ).map(Perk.init)
        campaigns = try connection.query(
            """
            select \(fragment: Campaign.columns) from campaign c
            where c.brand_id = \(brand) and c.status = 'active' order by c.id
            """
        ).map { row in
            let campaign = try Campaign(row)
            let own = perks.filter { $0.campaignID == campaign.id }
            return Entry(
                campaign: campaign, perks: own.map { ($0, CompiledRule(all: [campaign.rule, $0.rule])) })
        }
        countedForEver = perks.filter { $0.perGuest.period == .campaign }.map(\.id)
        let all = campaigns.flatMap { entry in
            entry.perks.map { Place(campaign: entry.campaign, perk: $0.perk, rule: $0.rule) }
        }
        places = Dictionary(
            all.flatMap { [(.id($0.perk.id), $0), (.slug($0.perk.slug), $0)] }, uniquingKeysWith: { first, _ in first })
        let leaves = campaigns.flatMap { entry in
            ([entry.campaign.rule] + entry.perks.map(\.perk.rule)).flatMap { $0?.leaves.map(\.leaf) ?? [] }
        }
        var topics: Set<String> = []
        var (needsScoreHistory, needsRedemptions) = (false, false)
        for leaf in leaves {
            switch leaf {
            case .topic(let leaf): topics.formUnion(leaf.topics)
            case .score(let leaf): needsScoreHistory = needsScoreHistory || leaf.bestDays != nil || leaf.model != nil
            case .redeemed: needsRedemptions = true
            default: break
            }
        }
        self.topics = topics.sorted()
        self.needsScoreHistory = needsScoreHistory
        self.needsRedemptions = needsRedemptions
        jurisdictions = try connection.query("select country, region, category, minimum_age from jurisdiction")
            .compactMap { row in
                try Campaign.Category(rawValue: try row["category"]).map { category in
                    Jurisdiction(
                        country: try row["country"], region: try row["region"], category: category,
                        minimumAge: try row["minimum_age"])
                }
            }
        minimumAge = try connection.query("select minimum_age from brand where id = \(brand)")[0]["minimum_age"]
    }

    /// The venue of this name; nil when the brand has none.
    func venue(_ reference: Reference<Venue>) -> Venue? {
        venues.first { venue in
            switch reference {
            case .id(let id): venue.id == id
            case .slug(let slug): venue.slug == slug
            }
        }
    }

    /// The perk of this name, with its running campaign; nil when there is none that runs.
    func place(of perk: Reference<Perk>) -> Place? { places[perk] }

    /// The perks of all running campaigns.
    var perks: [Perk] { campaigns.flatMap { $0.perks.map(\.perk) } }

    /// The age that a campaign demands at a venue: the highest of 18, the brand's own, and the law of the place.
    func ageGate(of campaign: Campaign, at venue: Venue) -> AgeGate {
        let rows = jurisdictions.filter { $0.category == campaign.category && $0.country == venue.country }
        let row = rows.first { $0.region == venue.region } ?? rows.first { $0.region.isEmpty }
        return ageGate(of: campaign, byLaw: row?.minimumAge)
    }

    /// The age that a campaign demands of whoever spreads word of it: that of the venue where it demands least.
    func ageGate(of campaign: Campaign) -> AgeGate {
        let gates = venues.filter(campaign.includes).map { ageGate(of: campaign, at: $0) }
        return gates.min { $0.minimum < $1.minimum } ?? ageGate(of: campaign, byLaw: nil)
    }

    private func ageGate(of campaign: Campaign, byLaw minimum: Int?) -> AgeGate {
        let demanded = campaign.category == .general ? 0 : minimum ?? Catalogue.unlistedMinimumAge
        return AgeGate(minimum: max(minimumAge, demanded), requiresID: campaign.requireID)
    }
}

extension Catalogue {
    /// Lets redemptions of a brand go on side by side while keeping every change of its catalogue out, until commit.
    static func lockForUse(of brand: ID<Brand>, in connection: isolated Connection) throws {
        try connection.query("select pg_advisory_xact_lock_shared(\(lockKey(brand)))")
    }

    /// Waits for the redemptions of a brand that are under way and keeps new ones out, until commit.
    static func lockForChange(of brand: ID<Brand>, in connection: isolated Connection) throws {
        try connection.query("select pg_advisory_xact_lock(\(lockKey(brand)))")
    }

    private static func lockKey(_ brand: ID<Brand>) -> Int {
        // The last 64 bits of a version 7 UUID are random.
        Int(Int64(truncatingIfNeeded: brand.uuid.bits))
    }
}

/// The catalogues of the brands that were asked for lately.
///
/// Each use holds the revision against the database's.
package final class Catalogues: Sendable {
    /// Beyond so many brands, all are forgotten and loaded anew as they are asked for.
    private static let capacity = 1000

    private let known = Mutex<[ID<Brand>: Catalogue]>([:])

    /// The catalogue of a brand at the revision that the database is at in this transaction.
    func current(
        of brand: ID<Brand>, revision: Int, in connection: isolated Connection
    ) throws -> Catalogue {
        if let catalogue = known.withLock({ $0[brand] }), catalogue.revision == revision { return catalogue }
        let catalogue = try Catalogue(of: brand, revision: revision, in: connection)
        known.withLock { known in
            if known.count >= Self.capacity { known.removeAll() }
            if known[brand].map({ $0.revision < revision }) ?? true { known[brand] = catalogue }
        }
        return catalogue
    }

    /// Forgets brands whose catalogue has changed, as the database announces it; all of them when announcements were missed.
    package func forgetChanged(announcedBy database: Database) async {
        for await notification in database.notifications(on: "perks_catalogue") {
            known.withLock { known in
                switch notification {
                case .payload(let text):
                    if let uuid = UUID(uuidString: text) { known[ID(uuid)] = nil }
                case .reconnected:
                    known.removeAll()
                }
            }
        }
    }
}
