import Eligibility
import Foundation
import Postgres

/// Requests of one brand's desks, answered together in one transaction: each as if it came alone, in their order.
///
/// What decides is read under the locks that keep it from changing until commit, always taken in one order: the brand's
/// catalogue, the guests, their claims, the counters. What is taken is written at the end, set by set.
struct DeskBatch {
    /// That something had come in between after all; the batch is begun anew.
    struct Disturbed: Error {}

    let brand: Brand
    let catalogue: Catalogue
    let requests: [Desk.Request]
    /// What each request names.
    private let subjects: [Result<Subject, PerksError>]
    private var guests: [ID<Guest>: GuestFacts]
    var counters: Counters
    /// What keys are bound to: by earlier transactions, and by this batch so far.
    var keys: BoundKeys
    /// The holds that redemptions name, as they stand.
    let namedHolds: [ID<Hold>: NamedHold]
    /// Whose the check-ins are that redemptions name.
    let namedCheckIns: [ID<CheckIn>: ID<Guest>]
    /// The shares that redemptions name.
    let namedShares: [ShareReference: NamedShare]
    var writing = DeskWriting()

    /// Whom and where a request is about.
    struct Subject {
        let venue: Venue
        let reference: GuestReference
        /// Nil for somebody who is not known or has opted out.
        let guest: ID<Guest>?
        /// What the caller calls the perk; nil for a check-in.
        let perk: String?
        let place: Catalogue.Place?
    }

    /// A hold as a redemption finds it.
    struct NamedHold {
        let perk: ID<Perk>
        let guest: ID<Guest>
        let status: String
        let expiresAt: Timestamp
    }

    /// A share as a redemption finds it.
    struct NamedShare {
        let id: ID<Share>
        let campaign: ID<Campaign>
        let sharer: ID<Guest>
    }

    /// Answers every request.
    ///
    /// - Throws: `Disturbed`, and what the database says; what is wrong with one request is that one's outcome.
    static func answer(
        _ requests: [Desk.Request], _ catalogues: Catalogues, in connection: isolated Connection
    ) throws -> [Desk.Outcome] {
        guard let brand = try requests.first?.principal.requiredBrand() else { return [] }
        // Neighbours are not to wait long for what holds up one of them: then each is done alone.
        try connection.act(for: brand.id.uuid, lockTimeout: requests.count > 1 ? "500ms" : nil)
        try Catalogue.lockForUse(of: brand.id, in: connection)
        var batch = try DeskBatch(requests, of: brand, catalogues, in: connection)
        let outcomes = try requests.indices.map { try batch.outcome(of: $0, in: connection) }
        try batch.writing.complete(of: brand.id, in: connection)
        try batch.counters.write(in: connection)
        try batch.recordLowPools(in: connection)
        return try outcomes.map { try batch.writing.answer($0) }
    }

    private init(
        _ requests: [Desk.Request], of brand: Brand, _ catalogues: Catalogues, in connection: isolated Connection
    ) throws {
        let principal = requests[0].principal
        self.brand = brand
        self.requests = requests
        let catalogue = try catalogues.current(of: principal, in: connection)
        self.catalogue = catalogue
        var subjects = requests.map { request in Result { try Subject(of: request, in: catalogue) }.ofCaller }
        let known = subjects.indices.filter { (try? subjects[$0].get()) != nil }
        let references = try known.map { try subjects[$0].get().reference }
        let found = try Guest.lockForUse(references, as: principal, in: connection)
        for (index, guest) in zip(known, found) { subjects[index] = subjects[index].map { $0.with(guest) } }
        self.subjects = subjects
        let everybody = Set(found.compactMap { $0 })
        let exclusive = zip(requests, subjects).compactMap { request, subject in
            request.mayChangeGuest ? (try? subject.get())?.guest : nil
        }
        try Guest.lockForClaims(Set(exclusive), in: connection)

        let now = requests.map(\.now).min() ?? requests[0].now
        keys = try BoundKeys(of: requests, brand.id, in: connection)
        guests = try GuestFacts.load(everybody.sorted(), catalogue, as: principal, at: now, in: connection)
        namedHolds = try NamedHold.find(requests.compactMap(\.namedHold), of: brand.id, in: connection)
        namedCheckIns = try Self.checkIns(requests.compactMap(\.namedCheckIn), of: brand.id, in: connection)
        namedShares = try NamedShare.find(requests.compactMap(\.namedShare), of: brand.id, in: connection)
        for campaign in Set(namedShares.values.map(\.campaign)).sorted() {
            try Referral.lock(campaign, in: connection)
        }
        counters = try Self.counters(
            for: requests, subjects.compactMap { try? $0.get().place }, everybody, catalogue, of: brand.id, at: now,
            in: connection)
    }

    /// Locks the counters of what may be claimed, and reads those of what is only told of.
    private static func counters(
        for requests: [Desk.Request], _ claimed: [Catalogue.Place], _ guests: Set<ID<Guest>>, _ catalogue: Catalogue,
        of brand: ID<Brand>, at now: Timestamp, in connection: isolated Connection
    ) throws -> Counters {
        let groups = Set(claimed.compactMap(\.perk.group))
        let isTellingAll = requests.contains { $0.isCheckIn }
        let told = catalogue.perks.filter { isTellingAll || $0.group.map(groups.contains) == true }
        var counters = try Counters(
            of: told.map(\.id), Set(told.map(\.campaignID)).sorted(), of: brand, at: now, in: connection)
        if !claimed.isEmpty {
            var locked = try Hold.expire(
                of: brand, at: now, for: guests, Set(claimed.map(\.perk.id)), Set(claimed.map(\.campaign.id)),
                in: connection
            ).counters
            locked.fill(from: counters)
            counters = locked
        }
        return counters
    }

    private static func checkIns(
        _ ids: [ID<CheckIn>], of brand: ID<Brand>, in connection: isolated Connection
    ) throws -> [ID<CheckIn>: ID<Guest>] {
        guard !ids.isEmpty else { return [:] }
        let rows = try connection.query(
            """
            select id, guest_id from check_in
            where brand_id = \(brand) and id = any (\(ids)) and guest_id is not null
            """)
        return try Dictionary(uniqueKeysWithValues: rows.map { (try $0["id"], try $0["guest_id"]) })
    }

    /// What is known of a guest, as this batch has left it so far.
    func facts(of subject: Subject) -> GuestFacts? { subject.guest.flatMap { guests[$0] } }

    /// Keeps what this batch has changed of a guest for the requests that follow.
    mutating func keep(_ facts: GuestFacts) { guests[facts.guest] = facts }

    /// Decides one request.
    private mutating func outcome(of index: Int, in connection: isolated Connection) throws -> DeskWriting.Outcome {
        let request = requests[index]
        do {
            if let bound = try keys.answer(to: request) { return bound }
            let subject = try subjects[index].get()
            switch request.wish {
            case .checkIn(let draft): return try checkIn(draft, request, subject, in: connection)
            case .hold: return try claim(request, subject, .hold, in: connection)
            case .redemption(let draft): return try claim(request, subject, .redemption(draft), in: connection)
            }
        } catch let error as PerksError {
            // What was decided of a request that is refused is nothing, so that the next one finds all as it was.
            return .refused(error)
        }
    }

    /// Tells the audit log of pools of codes that run low.
    private func recordLowPools(in connection: isolated Connection) throws {
        for (perk, before, after) in counters.codesUsed {
            guard let slug = catalogue.place(of: .id(perk))?.perk.slug, let last = requests.last else { continue }
            try CodePool.recordIfLow(
                of: perk, slug: slug, leftBefore: before.left, leftAfter: after.left, total: after.total,
                as: last.principal, at: last.now, in: connection)
        }
    }
}

extension DeskBatch.Subject {
    fileprivate init(of request: Desk.Request, in catalogue: Catalogue) throws {
        let (venue, guest, perk): (String?, String, String?) =
            switch request.wish {
            case .checkIn(let draft): (draft.venue, draft.guest, nil)
            case .hold(let draft): (draft.venue, draft.guest, draft.perk)
            case .redemption(let draft): (draft.venue, draft.guest, draft.perk)
            }
        self.venue = try catalogue.venue(venue, for: request.principal)
        reference = try GuestReference(guest, at: "/guest")
        self.guest = nil
        self.perk = perk
        place = perk.flatMap { Reference<Perk>($0) }.flatMap { catalogue.place(of: $0) }
    }

    private init(_ other: DeskBatch.Subject, guest: ID<Guest>?) {
        (venue, reference, perk, place) = (other.venue, other.reference, other.perk, other.place)
        self.guest = guest
    }

    fileprivate func with(_ guest: ID<Guest>?) -> DeskBatch.Subject { DeskBatch.Subject(self, guest: guest) }
}

extension DeskBatch.NamedHold {
    fileprivate static func find(
        _ ids: [ID<Hold>], of brand: ID<Brand>, in connection: isolated Connection
    ) throws -> [ID<Hold>: DeskBatch.NamedHold] {
        guard !ids.isEmpty else { return [:] }
        let rows = try connection.query(
            """
            select id, perk_id, guest_id, status, expires_at from claim
            where brand_id = \(brand) and id = any (\(ids)) and held_at is not null
            """)
        return try Dictionary(
            uniqueKeysWithValues: rows.map { row in
                (
                    try row["id"],
                    DeskBatch.NamedHold(
                        perk: try row["perk_id"], guest: try row["guest_id"], status: try row["status"],
                        expiresAt: try row["expires_at"])
                )
            })
    }
}

extension DeskBatch.NamedShare {
    fileprivate static func find(
        _ names: [ShareReference], of brand: ID<Brand>, in connection: isolated Connection
    ) throws -> [ShareReference: DeskBatch.NamedShare] {
        guard !names.isEmpty else { return [:] }
        let rows = try connection.query(
            """
            select id, token, campaign_id, guest_id from share
            where brand_id = \(brand) and ended_at is null
                and (id = any (\(names.compactMap(\.id))) or token = any (\(names.compactMap(\.token))))
            """)
        var found: [ShareReference: DeskBatch.NamedShare] = [:]
        for row in rows {
            let share = DeskBatch.NamedShare(
                id: try row["id"], campaign: try row["campaign_id"], sharer: try row["guest_id"])
            found[.id(share.id)] = share
            found[.token(try row["token"])] = share
        }
        return found
    }
}

extension Desk.Request {
    fileprivate var isCheckIn: Bool { if case .checkIn = wish { true } else { false } }

    /// Whether others of the same guest must wait: all but a check-in that only looks.
    fileprivate var mayChangeGuest: Bool {
        if case .checkIn(let draft) = wish { draft.birthDateOnID != nil } else { true }
    }

    fileprivate var namedHold: ID<Hold>? { if case .redemption(let draft) = wish { draft.hold } else { nil } }
    fileprivate var namedShare: ShareReference? {
        if case .redemption(let draft) = wish { draft.share.flatMap(ShareReference.init) } else { nil }
    }
    fileprivate var namedCheckIn: ID<CheckIn>? { if case .redemption(let draft) = wish { draft.checkIn } else { nil } }
}

extension Result where Failure == any Error {
    /// The same with what a caller can be told; anything else is a fault of ours.
    fileprivate var ofCaller: Result<Success, PerksError> {
        mapError { $0 as? PerksError ?? PerksError(.internal, "\($0)") }
    }
}
