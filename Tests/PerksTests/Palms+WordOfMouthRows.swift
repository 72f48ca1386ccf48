import Foundation
import Postgres
import Testing

@testable import Perks

/// Word of mouth as rows, written as the program itself would with its role and its brand.
extension Palms {
    /// A brand with a running campaign, a perk and so many guests, `net:g0` and so on.
    static func beforeSharing(guests: Int, _ change: @Sendable (inout Campaign.Draft) -> Void = { _ in })
        async throws -> Palms
    {
        let palms = try await Palms()
        try await palms.makeCampaign("opening-night", change)
        try await palms.makePerk()
        try await palms.importCrowd(guests)
        return palms
    }

    /// An operator acting for the brand, who may read everybody.
    var knowing: Principal { Principal(role: .operator, actor: "test:operator", brand: owner.brand) }

    func report(
        _ question: Report.Question = .init(), as principal: Principal? = nil, at now: Timestamp = Palms.now
    ) async throws -> Report {
        let principal = principal ?? owner
        return try await backend.transaction(as: principal, readOnly: true, isolation: .repeatableRead) { connection in
            try Report.compute(for: .slug("opening-night"), question, as: principal, at: now, in: connection)
        }
    }

    /// Makes a link.
    func share(
        _ guest: String, at now: Timestamp, venue: String? = nil, perk: String? = nil, isCurrent: Bool = true
    ) async throws -> UUID {
        let id = UUID.version7(at: now)
        let (network, handle) = (guest.prefix { $0 != ":" }, guest.drop { $0 != ":" }.dropFirst())
        try await write(
            """
            insert into share (
                brand_id, id, campaign_id, guest_id, token, venue_id, perk_id, is_current, actor, created_at)
            select c.brand_id, \(id), c.id, k.guest_id, \(id.uuidString),
                   (select v.id from venue v where v.slug = \(venue)), (select p.id from perk p where p.slug = \(perk)),
                   \(isCurrent), 'test', \(now)
            from campaign c, identity k
            where c.slug = 'opening-night' and k.network = \(String(network)) and k.handle_key = \(String(handle))
            """)
        return id
    }

    /// Records clicks on a link.
    func click(_ share: UUID, at now: Timestamp, _ kinds: String...) async throws {
        for kind in kinds {
            try await write(
                """
                insert into click (brand_id, campaign_id, id, share_id, at, kind, visitor)
                select s.brand_id, s.campaign_id, \(UUID.version7(at: now)), s.id, \(now), \(kind), \(Int.random(in: 0...Int.max))
                from share s where s.id = \(share)
                """)
        }
    }

    /// Records a conversion that these links led to, at these moments.
    func convert(
        at now: Timestamp, _ touches: [(share: UUID, at: Timestamp)], isReversed: Bool = false
    ) async throws {
        let id = UUID.version7(at: now)
        try await write(
            """
            with made as (
                insert into conversion (
                    brand_id, id, campaign_id, at, actor, recorded_at, reversed_at, reversed_by)
                select c.brand_id, \(id), c.id, \(now), 'test', \(now), \(isReversed ? now : nil),
                       \(isReversed ? "test" : nil)
                from campaign c where c.slug = 'opening-night'
                returning brand_id, id
            )
            insert into conversion_touch (brand_id, conversion_id, position, share_id, at)
            select m.brand_id, m.id, t.position, t.share_id, t.at
            from made m, unnest(\(touches.map(\.share)), \(touches.map(\.at))) with ordinality t (share_id, at, position)
            """)
    }

    /// Reports a post of a link.
    func post(
        _ share: UUID, at now: Timestamp, reach: Int?, impressions: Int?, isDisclosed: Bool
    ) async throws {
        try await write(
            """
            insert into share_post (
                brand_id, id, share_id, campaign_id, network, url, reach, potential_impressions, posted_at, disclosed,
                actor, created_at)
            select s.brand_id, \(UUID.version7(at: now)), s.id, s.campaign_id, 'net', \(UUID().uuidString), \(reach),
                   \(impressions), \(now), \(isDisclosed), 'test', \(now)
            from share s where s.id = \(share)
            """)
    }

    /// Adds a score, in points, to a guest's history.
    func score(
        _ handle: String, _ points: Int, at now: Timestamp, model: String = "m1", recordedAt: Timestamp = Palms.now
    ) async throws {
        try await write(
            """
            insert into guest_score (guest_id, measured_at, model, score, recorded_at)
            select guest_id, \(now), \(model), \(points * 100), \(recordedAt) from identity where handle_key = \(handle)
            """)
    }

    /// Runs a statement as the program would.
    func write(_ query: Query) async throws {
        _ = try await backend.transaction(as: owner) { connection in try connection.execute(query) }
    }
}
