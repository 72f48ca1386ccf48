import Eligibility
import Foundation
import Postgres

/// Clicks of one brand that are written together, each with what it is taken for.
///
/// They are looked at in the order of their times, one batch of a brand after the other, whichever server they come from.
struct ClickBatch {
    /// A click with what is known of who made it.
    private struct Candidate {
        let pending: ClickRecorder.Pending
        let visitor: VisitorHash
        let isRobot: Bool
    }

    /// What a batch asks of a link.
    private struct Link {
        let createdAt: Timestamp
        let sharer: UUID?
    }

    private struct VisitorOfLink: Hashable {
        let share: ID<Share>
        let visitor: UUID
    }

    private let brand: ID<Brand>
    private let candidates: [Candidate]
    private var links: [ID<Share>: Link] = [:]
    /// The latest clicks of a visitor on any link, programs' left out; at most two, oldest first.
    private var recent: [UUID: [Timestamp]] = [:]
    /// When a visitor was last counted for a link.
    private var counted: [VisitorOfLink: Timestamp] = [:]

    /// A batch of one brand's clicks, of which there is at least one.
    init(_ clicks: [ClickRecorder.Pending], _ hasher: VisitorHasher) {
        brand = clicks[0].link.brand
        var hashes: [Visitor: VisitorHash] = [:]
        candidates = clicks.sorted { ($0.at, $0.id.uuid.bits) < ($1.at, $1.id.uuid.bits) }.map { click in
            let visitor = click.visit.visitor
            let hash = hashes[visitor] ?? hasher.hash(visitor)
            hashes[visitor] = hash
            return Candidate(pending: click, visitor: hash, isRobot: click.visit.isRobot)
        }
    }

    /// Writes the clicks; those that are there already stay as they are.
    mutating func write(in connection: isolated Connection) throws {
        try connection.act(for: brand.uuid)
        try connection.query("select pg_advisory_xact_lock(\(Self.lock)::int, \(brand.uuid.lockNumber)::int)")
        try loadLinks(in: connection)
        let people = candidates.filter { !$0.isRobot && links[$0.pending.link.share] != nil }
        if !people.isEmpty {
            try loadRecent(of: people, in: connection)
            try loadCounted(of: people, in: connection)
        }
        var rows: [(click: ClickRecorder.Pending, kind: Click.Kind, visitor: UUID)] = []
        for candidate in candidates {
            // Of a link whose sharer has asked to be left out in the meantime nothing is counted.
            guard let link = links[candidate.pending.link.share] else { continue }
            rows.append((candidate.pending, kind(of: candidate, link), candidate.visitor.today))
        }
        try connection.execute(
            """
            insert into click (brand_id, campaign_id, id, share_id, at, kind, visitor)
            select \(brand), c.* from unnest(
                \(rows.map(\.click.link.campaign)), \(rows.map(\.click.id)), \(rows.map(\.click.link.share)),
                \(rows.map(\.click.at)), \(rows.map(\.kind.rawValue)), \(rows.map(\.visitor))) c
            on conflict on constraint click_pkey do nothing
            """)
    }

    /// Says what a click is taken for, and remembers it for those that follow.
    private mutating func kind(of candidate: Candidate, _ link: Link) -> Click.Kind {
        guard !candidate.isRobot else { return .bot }
        let (at, visitor) = (candidate.pending.at, candidate.visitor)
        let before = visitor.all.flatMap { recent[$0] ?? [] }
        recent[visitor.today] = Array((before + [at]).sorted().suffix(2))
        if visitor.matches(link.sharer) { return .own }
        let isBurst = before.count { at.isWithin(Click.secondsOfBurst, of: $0) } >= 2
        if isBurst || at < link.createdAt.adding(seconds: Click.secondsToPost) { return .tooFast }
        let share = candidate.pending.link.share
        let isRepeated = visitor.all.contains { hash in
            counted[.init(share: share, visitor: hash)].map { at.isWithin(Click.secondsOfRepetition, of: $0) } ?? false
        }
        if isRepeated { return .duplicate }
        counted[.init(share: share, visitor: visitor.today)] = at
        return .human
    }

    private mutating func loadLinks(in connection: isolated Connection) throws {
        let shares = Array(Set(candidates.map(\.pending.link.share)))
        let rows = try connection.query(
            """
            select id, created_at, visitor from share
            where brand_id = \(brand) and id = any (\(shares)) and ended_at is null
            """)
        for row in rows { links[try row["id"]] = Link(createdAt: try row["created_at"], sharer: try row["visitor"]) }
    }

    private mutating func loadRecent(of people: [Candidate], in connection: isolated Connection) throws {
        let visitors = Array(Set(people.flatMap(\.visitor.all)))
        let since = people[0].pending.at.adding(seconds: -Click.secondsOfBurst)
        let rows = try connection.query(
            """
            select v.visitor, c.at from unnest(\(visitors)) v (visitor)
            cross join lateral (
                select k.at from click k
                where k.brand_id = \(brand) and k.visitor = v.visitor and k.at >= \(since) and k.kind <> 'bot'
                order by k.at desc limit 2
            ) c
            order by c.at
            """)
        for row in rows { recent[try row["visitor"], default: []].append(try row["at"]) }
    }

    private mutating func loadCounted(of people: [Candidate], in connection: isolated Connection) throws {
        let pairs = Array(
            Set(
                people.flatMap { one in
                    one.visitor.all.map { VisitorOfLink(share: one.pending.link.share, visitor: $0) }
                }))
        let since = people[0].pending.at.adding(seconds: -Click.secondsOfRepetition)
        let rows = try connection.query(
            """
            select p.share_id, p.visitor, c.at from unnest(\(pairs.map(\.share)), \(pairs.map(\.visitor))) p (share_id, visitor)
            cross join lateral (
                select k.at from click k
                where k.brand_id = \(brand) and k.share_id = p.share_id and k.visitor = p.visitor and k.kind = 'human'
                    and k.at >= \(since)
                order by k.at desc limit 1
            ) c
            """)
        for row in rows { counted[.init(share: try row["share_id"], visitor: try row["visitor"])] = try row["at"] }
    }

    /// The space of advisory locks that one batch of a brand's clicks waits in for another.
    private static let lock = 2
}

extension Timestamp {
    /// Whether two moments are at most so many seconds apart.
    fileprivate func isWithin(_ seconds: Int, of other: Timestamp) -> Bool {
        abs(microseconds - other.microseconds) <= Int64(seconds) * 1_000_000
    }
}
