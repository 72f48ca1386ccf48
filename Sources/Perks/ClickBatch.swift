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
        let sharer: Int?
    }

    private struct VisitorOfLink: Hashable {
        let share: ID<Share>
        let visitor: Int
    }

    private let brand: ID<Brand>
    private let candidates: [Candidate]
    private var links: [ID<Share>: Link] = [:]
    /// What visitors did within the last moments.
    private(set) var bursts: ClickBursts
    /// When a visitor was last counted for a link.
    private var counted: [VisitorOfLink: Timestamp] = [:]

    /// A batch of one brand's clicks, of which there is at least one.
    init(_ clicks: [ClickRecorder.Pending], after bursts: ClickBursts, _ hasher: VisitorHasher) {
        brand = clicks[0].brand
        self.bursts = bursts
        candidates = clicks.sorted { $0.at == $1.at ? $0.id < $1.id : $0.at < $1.at }.map { click in
            Candidate(pending: click, visitor: hasher.hash(click.visit.visitor), isRobot: click.visit.isRobot)
        }
    }

    /// Writes the clicks; those that are there already stay as they are.
    mutating func write(in connection: isolated Connection) throws {
        try connection.act(for: brand.uuid)
        try connection.query(
            "select pg_advisory_xact_lock(\(LockSpace.clicks.rawValue)::int, \(brand.uuid.lockNumber)::int)")
        try loadLinks(in: connection)
        let people = candidates.filter { !$0.isRobot && links[$0.pending.share] != nil }
        if !people.isEmpty { try loadCounted(of: people, in: connection) }
        var rows: [(click: ClickRecorder.Pending, kind: Click.Kind, visitor: Int)] = []
        for candidate in candidates {
            // Of a link whose sharer has asked to be left out in the meantime nothing is counted.
            guard let link = links[candidate.pending.share] else { continue }
            rows.append((candidate.pending, kind(of: candidate, link), candidate.visitor.today))
        }
        try connection.execute(
            """
            insert into click (brand_id, campaign_id, id, share_id, at, kind, visitor)
            select \(brand), c.* from unnest(
                \(rows.map(\.click.campaign)), \(rows.map(\.click.id)), \(rows.map(\.click.share)),
                \(rows.map(\.click.at)), \(rows.map(\.kind.rawValue)), \(rows.map(\.visitor))) c
            on conflict on constraint click_pkey do nothing
            """)
    }

    /// Says what a click is taken for, and remembers it for those that follow.
    private mutating func kind(of candidate: Candidate, _ link: Link) -> Click.Kind {
        guard !candidate.isRobot else { return .bot }
        let (at, visitor) = (candidate.pending.at, candidate.visitor)
        let isBurst = bursts.take(visitor, at: at)
        if visitor.matches(link.sharer) { return .own }
        if isBurst || at < link.createdAt.adding(seconds: Click.secondsToPost) { return .tooFast }
        let share = candidate.pending.share
        let isRepeated = visitor.all.contains { hash in
            counted[.init(share: share, visitor: hash)].map { at.isWithin(Click.secondsOfRepetition, of: $0) } ?? false
        }
        if isRepeated { return .duplicate }
        counted[.init(share: share, visitor: visitor.today)] = at
        return .human
    }

    private mutating func loadLinks(in connection: isolated Connection) throws {
        let shares = Array(Set(candidates.map(\.pending.share)))
        let rows = try connection.query(
            """
            select id, created_at, visitor from share
            where brand_id = \(brand) and id = any (\(shares)) and ended_at is null
            """)
        for row in rows { links[try row["id"]] = Link(createdAt: try row["created_at"], sharer: try row["visitor"]) }
    }

    /// Most visitors are new: whether they were ever counted is asked first, for that is never a join.
    private mutating func loadCounted(of people: [Candidate], in connection: isolated Connection) throws {
        let since = people[0].pending.at.adding(seconds: -Click.secondsOfRepetition)
        let known: [Int] = try connection.query(
            """
            select v.visitor from unnest(\(Array(Set(people.flatMap(\.visitor.all))))) v (visitor)
            where (
                select true from click k
                where k.brand_id = \(brand) and k.visitor = v.visitor and k.kind = 'human' and k.at >= \(since) limit 1)
            """
        ).map { try $0["visitor"] }
        guard !known.isEmpty else { return }
        let rows = try connection.query(
            """
            select k.share_id, k.visitor, max(k.at) as at from click k
            where k.brand_id = \(brand) and k.visitor = any (\(known)) and k.kind = 'human' and k.at >= \(since)
                and k.share_id = any (\(Array(Set(people.map(\.pending.share)))))
            group by k.share_id, k.visitor
            """)
        for row in rows { counted[.init(share: try row["share_id"], visitor: try row["visitor"])] = try row["at"] }
    }
}

/// The latest clicks of a brand's visitors on any of its links, programs' left out, for as long as they tell of a burst.
///
/// They are remembered by the server that the clicks came to, and by no other.
struct ClickBursts: Sendable {
    /// At most two a visitor, oldest first.
    private var recent: [Int: [Timestamp]] = [:]

    /// Takes a click; says whether its visitor has made two others within the time of a burst.
    fileprivate mutating func take(_ visitor: VisitorHash, at now: Timestamp) -> Bool {
        let before = (visitor.yesterday.flatMap { recent[$0] } ?? []) + (recent[visitor.today] ?? [])
        recent[visitor.today] = before.isEmpty ? [now] : Array((before + [now]).sorted().suffix(2))
        return before.count { now.isWithin(Click.secondsOfBurst, of: $0) } >= 2
    }

    /// What may still begin a burst at a moment or later; nil for nothing.
    func left(at now: Timestamp) -> ClickBursts? {
        var left = self
        left.recent = recent.filter { _, times in times.contains { now.isWithin(Click.secondsOfBurst, of: $0) } }
        return left.recent.isEmpty ? nil : left
    }
}

extension Timestamp {
    /// Whether two moments are at most so many seconds apart.
    fileprivate func isWithin(_ seconds: Int, of other: Timestamp) -> Bool {
        abs(microseconds - other.microseconds) <= Int64(seconds) * 1_000_000
    }
}
