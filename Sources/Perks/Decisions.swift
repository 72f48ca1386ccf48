import Eligibility
import Postgres

/// Every perk that runs at a venue and moment, decided for one guest; none for a guest who is not known.
struct Decisions {
    /// The campaigns that run there and then.
    let campaigns: [Campaign]
    let all: [PerkDecision]

    /// Decides for all perks, or for those of one group alone.
    init(
        for guest: GuestFacts?, at venue: Venue, _ catalogue: Catalogue, _ counters: Counters, at now: Timestamp,
        group: String? = nil
    ) {
        let local = venue.zone.local(now)
        let running = catalogue.campaigns.filter { entry in
            entry.campaign.includes(venue) && entry.campaign.isScheduled(at: now, on: local.date)
        }
        campaigns = running.map(\.campaign)
        guard let guest else {
            all = []
            return
        }
        let decisions = running.flatMap { entry in
            entry.perks.filter { group == nil || $0.perk.group == group }.map { perk, rule in
                PerkDecision(
                    perk, rule: rule, of: entry.campaign, for: guest, at: venue, catalogue, counters, at: now, local)
            }
        }
        let best = Decisions.bestOfGroups(decisions)
        all = decisions.map { decision in
            guard decision.qualifies, let group = decision.perk.group, let best = best[group],
                best.id != decision.perk.id
            else { return decision }
            return decision.yielding(to: best)
        }
    }

    /// What was decided of a perk; nil when it was not among them.
    subscript(perk: ID<Perk>) -> PerkDecision? { all.first { $0.perk.id == perk } }

    /// Of each group the qualified perk that ranks best: the lower rank, then the older campaign's and perk.
    private static func bestOfGroups(_ decisions: [PerkDecision]) -> [String: Perk] {
        var best: [String: Perk] = [:]
        // A campaign's perks come best rank first, and campaigns oldest first.
        for perk in decisions.filter(\.qualifies).map(\.perk) {
            guard let group = perk.group else { continue }
            guard let known = best[group], known.rank ?? .max <= perk.rank ?? .max else {
                best[group] = perk
                continue
            }
        }
        return best
    }

    /// What the desk is told of.
    var shown: [PerkDecision] { all.filter { !$0.isHidden } }

    var qualified: [PerkDecision] { all.filter(\.qualifies) }

    /// Of each group the qualified perk that ranks best, and every qualified perk without a group; best rank first.
    var best: [ID<Perk>] {
        // A campaign's perks come best rank first; of two campaigns' the better rank, then the older.
        qualified.enumerated().sorted { left, right in
            (left.element.perk.rank ?? .max, left.offset) < (right.element.perk.rank ?? .max, right.offset)
        }.map(\.element.perk.id)
    }
}

extension Catalogues {
    /// The catalogue of the principal's brand, as it is in this transaction.
    func current(of principal: Principal, in connection: isolated Connection) throws -> Catalogue {
        let brand = try principal.requiredBrand()
        let revision: Int = try connection.query(
            "select catalogue_revision from brand where id = \(brand.id)")[0]["catalogue_revision"]
        return try current(of: brand.id, revision: revision, in: connection)
    }
}

extension Catalogue {
    /// The venue a caller names in a body, or the one that a clerk is bound to.
    func venue(_ name: String?, for principal: Principal) throws -> Venue {
        guard let name else {
            guard let venue = venues.first(where: { $0.id == principal.venue }) else {
                throw PerksError.invalid("/venue", "missing", "venue is required: this key is not bound to one.")
            }
            return venue
        }
        guard let reference = Reference<Venue>(name), let venue = venue(reference) else {
            throw Venue.notFound(at: "/venue")
        }
        guard principal.venue == nil || venue.id == principal.venue else {
            throw PerksError(.forbidden, "This key is bound to another venue.")
        }
        return venue
    }
}
