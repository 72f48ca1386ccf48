import Foundation
import Perks
import Postgres
import Testing

/// Plays a simulation into a database and holds every answer against what must come of it.
struct SimulationPlayer {
    let play: Simulation
    let palms: Palms
    private(set) var owners: [Principal] = []
    private(set) var perks: [ID<Perk>] = []
    /// Identifiers by the place of what they name in the simulation.
    private(set) var shares: [Int: Share] = [:]
    var clicks: [Int: ID<Click>] = [:]
    var redemptions: [Int: ID<Redemption>] = [:]
    var conversions: [Int: ID<Conversion>] = [:]

    static let publicURL = "https://perks.example"

    init(_ play: Simulation) async throws {
        self.play = play
        palms = try await Palms()
        let now = moment("2026-09-01T00:00:00Z")
        try await palms.importTopics(Simulation.topics.enumerated().map { ($0.offset + 1, $0.element) })
        let platform = palms.platform
        for slug in Simulation.brands {
            let brand = try await palms.backend.transaction(as: platform) { connection in
                try Brand.create(
                    .init(slug: slug, name: slug, timeZone: "America/New_York", country: "US"), as: platform, at: now,
                    in: connection)
            }
            owners.append(Principal(role: .owner, actor: "test:owner", brand: brand))
        }
        try await makePlaces(at: now)
        try await makeCampaigns(at: now)
    }

    private func makePlaces(at now: Timestamp) async throws {
        for place in Simulation.places {
            let owner = owners[place.brand]
            let draft = Venue.Draft(
                slug: place.slug, name: place.slug, timeZone: place.zone, country: place.country, region: place.region)
            _ = try await palms.backend.transaction(as: owner) { connection in
                try Venue.create(draft, as: owner, at: now, in: connection)
            }
        }
    }

    private mutating func makeCampaigns(at now: Timestamp) async throws {
        for campaign in Simulation.campaigns {
            let owner = owners[campaign.brand]
            var draft = Campaign.Draft(slug: campaign.slug, name: campaign.slug)
            draft.ruleText = "country in (\(campaign.countries.sorted().joined(separator: ", ")))"
            draft.startsAt = campaign.first.flatMap { Boundary($0) }
            draft.endsAt = campaign.last.flatMap { Boundary($0) }
            draft.landingURL = "https://brand.example/\(campaign.slug)"
            _ = try await palms.backend.transaction(as: owner) { [draft] connection in
                let campaign = try Campaign.create(draft, as: owner, at: now, in: connection)
                return try Campaign.setStatus(.active, of: .id(campaign.id), as: owner, at: now, in: connection)
            }
        }
        for (number, perk) in Simulation.perks.enumerated() {
            let campaign = Simulation.campaigns[perk.campaign]
            let owner = owners[campaign.brand]
            var draft = Perk.Draft(slug: perk.slug, name: perk.slug, benefit: .upgrade(item: perk.slug))
            (draft.stock, draft.cost, draft.group, draft.rank) = (perk.stock, perk.cost, perk.group, perk.rank)
            draft.perGuest = .init(limit: perk.limit, period: .campaign)
            draft.ruleText = perk.reach.map { "reach >= \($0)" }
            let made = now.adding(seconds: number)
            let id = try await palms.backend.transaction(as: owner) { [draft] connection in
                try Perk.create(draft, in: .slug(campaign.slug), as: owner, at: made, in: connection).id
            }
            perks.append(id)
        }
    }

    // MARK: Playing

    /// Plays all steps, those that do not mind each other together.
    mutating func run() async throws {
        var index = 0
        while index < play.steps.count {
            let first = play.steps[index]
            var end = index + 1
            var people: Set<Int> = [first.person].reduce(into: []) { if let person = $1 { $0.insert(person) } }
            while !first.isAlone, first.kind != nil, end < play.steps.count, end - index < 500 {
                let next = play.steps[end]
                guard !next.isAlone, next.kind == first.kind, next.isOfSameBrand(as: first, in: play) else { break }
                if let person = next.person, !people.insert(person).inserted { break }
                end += 1
            }
            try await play(index..<end)
            index = end
        }
    }

    private mutating func play(_ range: Range<Int>) async throws {
        let steps = play.steps[range]
        guard let first = steps.first else { return }
        switch first.act {
        case .import, .measure: try await take(first)
        case .checkIn: try await checkIn(steps)
        case .redeem: try await redeem(range)
        case .reverse: try await reverse(steps)
        case .share: try await share(steps)
        case .post: try await post(steps)
        case .click: try await click(steps)
        case .convert: try await convert(steps)
        case .reverseConversion: try await reverseConversions(steps)
        case .join(let absorbed, let survivor): try await join(absorbed, to: survivor, at: first.at)
        case .leaveOut(let person): try await leaveOut(person, at: first.at)
        case .erase(let person): try await erase(person, at: first.at)
        }
    }

    /// Notes the link that was made for a share, which stays the same.
    mutating func keep(_ share: Share, as index: Int) {
        if let known = shares[index] { #expect(known.id == share.id && known.token == share.token) }
        shares[index] = share
    }

    func guest(_ person: Int?) -> String { person.map { play.people[$0].name } ?? "twitter:nobody-knows-me" }

    /// Holds what came of a step against what must.
    func compare(_ code: String?, with step: Simulation.Step) {
        switch step.refusal {
        case "": #expect(code != nil, "\(step.act) at \(step.at.rfc3339)")
        default: #expect(code == step.refusal, "\(step.act) at \(step.at.rfc3339)")
        }
    }

    /// Does the same for each of some wishes in one transaction; answers what comes of them, nothing if they are refused.
    func together<Wish: Sendable, Made: Sendable>(
        _ steps: ArraySlice<Simulation.Step>, _ wishes: [Wish],
        _ work: @escaping @Sendable (Wish, Principal, isolated Connection) throws -> Made
    ) async throws -> [Made] {
        guard let first = steps.first else { return [] }
        #expect(wishes.count == steps.count)
        let owner = owners[first.brand(in: play)]
        var made: [Made] = []
        let code = try await refusal {
            made = try await palms.backend.transaction(as: owner) { connection in
                try wishes.map { try work($0, owner, connection) }
            }
        }
        compare(code?.rawValue, with: first)
        return made
    }

    /// The identifiers of the guests that are still known, by their first names.
    func guests() async throws -> [String: String] {
        let rows = try await palms.backend.database.read("select network, handle_key, guest_id from identity")
        return try rows.reduce(into: [:]) { guests, row in
            let (network, handle): (String, String) = (try row["network"], try row["handle_key"])
            guests["\(network):\(handle)"] = (try row["guest_id"] as ID<Guest>).description
        }
    }

    // MARK: People

    private func take(_ step: Simulation.Step) async throws {
        let (file, count) =
            switch step.act {
            case .import(let range): (play.file(of: range), range.count)
            case .measure(let scores): (play.file(of: scores), scores.count)
            default: ("", 0)
            }
        let outcome = try await GuestImport(palms.backend, as: palms.platform, at: step.at)
            .run(stream(file, chunk: 100_000), format: .csv)
        #expect(outcome.added + outcome.updated + outcome.unchanged == count)
        #expect(outcome.refusedCount == 0, "\(outcome.refused.prefix(3))")
    }

    private func join(_ absorbed: Int, to survivor: Int, at now: Timestamp) async throws {
        let (person, platform) = (play.people[absorbed], palms.platform)
        let reference = try GuestReference(guest(survivor))
        _ = try await palms.backend.transaction(as: platform) { connection in
            try Guest.join(
                .init(network: person.network, handle: person.handle), to: reference, as: platform, at: now,
                in: connection
            ).isNew
        }
    }

    private func leaveOut(_ person: Int, at now: Timestamp) async throws {
        let (name, owner) = (guest(person), owners[0])
        _ = try await palms.backend.transaction(as: owner) { connection in
            try OptOut.create(.init(identity: name), as: owner, at: now, in: connection)
        }
    }

    private func erase(_ person: Int, at now: Timestamp) async throws {
        let (reference, platform) = (try GuestReference(guest(person)), palms.platform)
        try await palms.backend.transaction(as: platform) { connection in
            try Guest.erase(reference, as: platform, at: now, in: connection)
        }
    }
}

extension Simulation.Step {
    /// What is done, without what it is done to; nil for what is always done by itself.
    var kind: Int? {
        switch act {
        case .checkIn: 0
        case .redeem: 1
        case .reverse: 2
        case .share: 3
        case .post: 4
        case .click: 5
        case .convert: 6
        case .reverseConversion: 7
        case .import, .measure, .join, .leaveOut, .erase: nil
        }
    }

    /// Who asks for a perk.
    var person: Int? { if case .redeem(let person, _, _, _, _) = act { person } else { nil } }

    /// Whether both are done for one brand.
    func isOfSameBrand(as other: Self, in play: Simulation) -> Bool { brand(in: play) == other.brand(in: play) }

    func brand(in play: Simulation) -> Int {
        switch act {
        case .share(_, let campaign, _, _, _): play.brand(of: campaign)
        case .post(_, _, let brand), .convert(_, let brand, _), .reverseConversion(_, let brand): brand
        case .reverse(let index): play.brand(of: Simulation.perks[play.redemptions[index].perk].campaign)
        default: 0
        }
    }
}
