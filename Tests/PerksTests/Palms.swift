import Eligibility
import Foundation
import Logging
import Perks
import Postgres
import Schema
import TestDatabase
import Testing

/// A database of its own with a brand, a venue, a few topics and guests, and shorthand for what tests do with them.
struct Palms: Sendable {
    let url: String
    let backend: Backend
    let platform = Principal(role: .operator, actor: "test:operator", brand: nil)
    let owner: Principal
    let clerk: Principal

    /// A Saturday evening in Las Vegas, long after daylight saving ended.
    static let now = moment("2026-11-22T03:00:00Z")

    init() async throws {
        let url = try await Palms.database()
        try await self.init(brand: "palms", url: url, backend: Palms.backend(url))
    }

    /// Another brand in the same database, with a venue of its own.
    func another(brand: String) async throws -> Palms {
        try await Palms(brand: brand, url: url, backend: backend)
    }

    /// The same brand on another server of the same database: nothing is shared but that.
    func onAnotherServer() -> Palms { Palms(self, Palms.backend(url)) }

    private init(_ other: Palms, _ backend: Backend) {
        (url, owner, clerk) = (other.url, other.owner, other.clerk)
        self.backend = backend
    }

    private init(brand slug: String, url: String, backend: Backend) async throws {
        self.url = url
        self.backend = backend
        let brand = try await backend.transaction(as: platform) { [platform] connection in
            try Brand.create(
                .init(slug: slug, name: slug, timeZone: "America/Los_Angeles", country: "US"),
                as: platform, at: Palms.now, in: connection)
        }
        owner = Principal(role: .owner, actor: "test:owner", brand: brand)
        clerk = Principal(role: .clerk, actor: "test:clerk", brand: brand)
        try await makeVenue("las-vegas", zone: "America/Los_Angeles", region: "NV")
    }

    /// A migrated database of the caller's own.
    static func database() async throws -> String {
        try await TestDatabase.clone(of: "migrated") { url in
            _ = try await Migrator(url: url, logger: logger).migrate()
        }
    }

    static func backend(_ url: String, connections: Int = 8) -> Backend {
        Backend(.init(url: url, maximumConnections: connections), logger: logger)
    }

    static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    func close() async {
        await backend.database.close()
    }

    // MARK: What a brand sets up

    @discardableResult
    func makeVenue(
        _ slug: String, zone: String, country: String = "US", region: String? = nil
    ) async throws -> Venue {
        try await backend.transaction(as: owner) { [owner] connection in
            try Venue.create(
                .init(slug: slug, name: slug, timeZone: zone, country: country, region: region),
                as: owner, at: Palms.now, in: connection)
        }
    }

    /// A campaign that runs.
    @discardableResult
    func makeCampaign(
        _ slug: String = "opening-night", _ change: @Sendable (inout Campaign.Draft) -> Void = { _ in }
    ) async throws -> Campaign {
        var draft = Campaign.Draft(slug: slug, name: slug)
        change(&draft)
        return try await backend.transaction(as: owner) { [owner, draft] connection in
            let campaign = try Campaign.create(draft, as: owner, at: Palms.now, in: connection)
            return try Campaign.setStatus(
                .active, of: .id(campaign.id), as: owner, at: Palms.now, in: connection)
        }
    }

    func set(_ campaign: String, _ status: Campaign.Status) async throws {
        try await backend.transaction(as: owner) { [owner] connection in
            _ = try Campaign.setStatus(status, of: .slug(campaign), as: owner, at: Palms.now, in: connection)
        }
    }

    @discardableResult
    func makePerk(
        _ slug: String = "suite-upgrade", in campaign: String = "opening-night",
        _ change: @Sendable (inout Perk.Draft) -> Void = { _ in }
    ) async throws -> Perk {
        var draft = Perk.Draft(slug: slug, name: slug, benefit: .upgrade(item: "suite"))
        change(&draft)
        return try await backend.transaction(as: owner) { [owner, draft] connection in
            try Perk.create(draft, in: .slug(campaign), as: owner, at: Palms.now, in: connection)
        }
    }

    /// Changes a perk.
    func change(_ perk: String, _ change: @Sendable (inout Perk.Draft) -> Void) async throws {
        try await backend.transaction(as: owner) { [owner] connection in
            let old = try Perk.find(.slug(perk), forUpdate: true, as: owner, in: connection)
            var draft = old.draft
            change(&draft)
            _ = try old.replacing(with: draft, as: owner, at: Palms.now, in: connection)
        }
    }

    /// Gives a perk codes, one a line.
    @discardableResult
    func importCodes(
        _ file: String, for perk: String = "suite-upgrade", chunk: Int = 1000
    ) async throws -> CodeImport.Outcome {
        try await CodeImport(backend, as: owner, at: Palms.now).run(stream(file, chunk: chunk), for: .slug(perk))
    }

    // MARK: People

    /// Imports guests as CSV.
    @discardableResult
    func importGuests(_ csv: String, at now: Timestamp = Palms.now) async throws -> GuestImport.Outcome {
        try await GuestImport(backend, as: platform, at: now).run(stream(csv), format: .csv)
    }

    /// Imports so many adults, `net:g0`, `net:g1` and so on.
    func importCrowd(_ count: Int) async throws {
        let rows = (0..<count).map { "net,g\($0),1980-01-01,US,70" }
        try await importGuests((["network,handle,birth_date,country,score"] + rows).joined(separator: "\n"))
    }

    @discardableResult
    func importTopics(_ topics: [(id: Int, slug: String)], _ edges: [(Int, Int)] = []) async throws
        -> TopicImport.Outcome
    {
        let slugs = Dictionary(uniqueKeysWithValues: topics.map { ($0.id, $0.slug) })
        func slug(_ id: Int) -> String { id == 0 ? "_ROOT_" : slugs[id] ?? "orphan-\(id)" }
        let lines =
            ["topicId,topicSlug,topicDisplayName"] + topics.map { "\($0.id),\($0.slug),\($0.slug)" }
            + ["parentTopicId,parrentTopicSlug,childTopicId,childTopicSlug"]
            + edges.map { "\($0.0),\(slug($0.0)),\($0.1),\(slug($0.1))" }
        return try await TopicImport(backend, as: platform, at: Palms.now)
            .run(stream(lines.joined(separator: "\n")))
    }

    // MARK: The desk

    func checkIn(
        _ guest: String, at venue: String = "las-vegas", id date: LocalDate? = nil, as principal: Principal? = nil,
        now: Timestamp = Palms.now
    ) async throws -> CheckIn {
        let principal = principal ?? owner
        return try await backend.checkIn(
            .init(guest: guest, venue: venue, birthDateOnID: date), as: principal, at: now
        ).answer
    }

    func redeem(
        _ guest: String, _ perk: String = "suite-upgrade", at venue: String = "las-vegas", key: String,
        as principal: Principal? = nil, now: Timestamp = Palms.now, hold: ID<Hold>? = nil, share: String? = nil
    ) async throws -> Replayable<Redemption> {
        let key = try #require(IdempotencyKey(key))
        return try await backend.redeem(
            .init(guest: guest, perk: perk, venue: venue, hold: hold, share: share), key: key, as: principal ?? owner,
            at: now)
    }

    func hold(
        _ guest: String, _ perk: String = "suite-upgrade", key: String, now: Timestamp = Palms.now
    ) async throws -> Replayable<Hold> {
        let key = try #require(IdempotencyKey(key))
        return try await backend.hold(
            .init(guest: guest, perk: perk, venue: "las-vegas"), key: key, as: owner, at: now)
    }

    func release(_ id: ID<Hold>, now: Timestamp = Palms.now) async throws {
        try await backend.transaction(as: owner) { [owner] connection in
            try Hold.release(id, as: owner, at: now, in: connection)
        }
    }

    func find(_ id: ID<Hold>, now: Timestamp = Palms.now) async throws -> Hold {
        try await backend.transaction(as: owner, readOnly: true) { [owner] connection in
            try Hold.find(id, as: owner, at: now, in: connection)
        }
    }

    func reverse(
        _ id: ID<Redemption>, as principal: Principal? = nil, now: Timestamp = Palms.now
    ) async throws -> Redemption {
        let principal = principal ?? owner
        return try await backend.transaction(as: principal) { connection in
            try Redemption.reverse(id, .init(reason: "guest left"), as: principal, at: now, in: connection)
        }
    }

    /// Expects that all that was handed out adds up, in every brand of the database.
    func expectInvariants(sourceLocation: SourceLocation = #_sourceLocation) async throws {
        for finding in try await backend.checkInvariants() {
            #expect(finding.faults == 0, "\(finding.examples)", sourceLocation: sourceLocation)
        }
    }

    /// A number out of the database, behind no policy.
    func count(_ query: Query) async throws -> Int {
        let database = Database(.init(url: url, maximumConnections: 1), logger: Palms.logger)
        let rows = try await database.read(query)
        await database.close()
        return try rows[0]["count"]
    }
}

/// A moment that a test writes down.
func moment(_ text: String) -> Timestamp {
    Timestamp(rfc3339: text) ?? Timestamp(microseconds: 0)
}

/// A date that a test writes down.
func date(_ text: String) -> LocalDate {
    LocalDate(text) ?? LocalDate(daysSinceEpoch: 0)
}

/// Text as the chunks it might arrive in.
func stream(_ text: String, chunk: Int = 1000) -> AsyncStream<[UInt8]> {
    AsyncStream { continuation in
        let bytes = Array(text.utf8)
        for start in stride(from: 0, to: bytes.count, by: chunk) {
            continuation.yield(Array(bytes[start..<min(start + chunk, bytes.count)]))
        }
        continuation.finish()
    }
}

/// The code of the refusal that some work ends with; nil when it does not.
func refusal(_ work: () async throws -> Void) async throws -> PerksError.Code? {
    do {
        try await work()
        return nil
    } catch let error as PerksError {
        return error.code
    }
}

/// The folder of real data, where it is at hand.
let sharedData = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../../../shared/data").standardizedFileURL
let hasSharedData = FileManager.default.fileExists(atPath: sharedData.path)
