import Foundation
import Postgres
import Synchronization

/// A share's link: where it leads, and whose clicks it counts.
struct ShareLink: Sendable {
    let brand: ID<Brand>
    let campaign: ID<Campaign>
    let share: ID<Share>
    let landing: LandingAddress
    /// False once the sharer has asked to be left out.
    let isCounted: Bool

    /// Nil for a link of a campaign that has no landing page any more.
    fileprivate init?(_ row: Row) throws {
        guard let address: String = try row["landing_url"],
            let landing = LandingAddress(address, campaign: try row["campaign"])
        else { return nil }
        brand = try row["brand_id"]
        campaign = try row["campaign_id"]
        share = try row["share_id"]
        isCounted = try row["is_counted"]
        self.landing = landing
    }
}

/// The links that were followed lately, by their tokens: looked up once for all who follow one, and forgotten when the
/// database announces a change.
package final class ShareLinks: Sendable {
    /// Beyond so many links, all are forgotten and looked up anew as they are followed.
    private static let capacity = 100_000

    private struct Memory {
        var links: [String: ShareLink] = [:]
        /// Counts what was forgotten, so that nothing is remembered that was read before.
        var generation = 0
        /// The channels that changes are announced on to this process; nothing is remembered but while all of them are.
        var channels: Set<String> = []
    }

    private let memory = Mutex(Memory())
    private let lookUp: Batcher<Bool, String, ShareLink?>

    init(_ database: Database) {
        lookUp = Batcher(
            largestBatch: 1024, longestQueue: 8192, patience: .seconds(5),
            lateness: { _, _ in
                PerksError(.overloaded, "Too many requests are waiting for the database. Try again in a moment.")
            },
            { tokens in await ShareLinks.find(tokens, database) })
    }

    /// The link of a token, from memory or by one read; nil when there is none.
    func find(_ token: String) async throws -> ShareLink? {
        let (known, generation) = memory.withLock { ($0.links[token], $0.generation) }
        if let known { return known }
        guard ShareToken.isValid(token) else { return nil }
        guard let link = try await lookUp.submit(token, for: true) else { return nil }
        memory.withLock { memory in
            guard memory.channels.count == Self.channels.count, memory.generation == generation else { return }
            if memory.links.count >= Self.capacity { memory.links.removeAll() }
            memory.links[token] = link
        }
        return link
    }

    private static func find(_ tokens: [String], _ database: Database) async -> [Result<ShareLink?, any Error>] {
        do {
            let wanted = Array(Set(tokens))
            let rows = try await database.read(
                """
                select token, brand_id, campaign_id, share_id, campaign, landing_url, is_counted
                from find_links(\(wanted))
                """)
            var links: [String: ShareLink] = [:]
            for row in rows { links[try row["token"]] = try ShareLink(row) }
            return tokens.map { [links] in .success(links[$0]) }
        } catch {
            return tokens.map { _ in .failure(error) }
        }
    }

    /// Forgets links as the database announces that they, or what their brand offers, have changed; remembers them only
    /// while it does.
    package func forgetChanged(announcedBy database: Database) async {
        await withTaskGroup { group in
            for (channel, forget) in Self.channels {
                group.addTask { await self.follow(channel, announcedBy: database, forget) }
            }
        }
    }

    /// What is forgotten for a payload of each channel.
    private static let channels: [String: @Sendable (inout Memory, String) -> Void] = [
        "perks_share": { memory, token in memory.links[token] = nil },
        "perks_catalogue": { memory, brand in
            guard let uuid = UUID(uuidString: brand) else { return }
            memory.links = memory.links.filter { $0.value.brand != ID(uuid) }
        },
    ]

    private func follow(
        _ channel: String, announcedBy database: Database, _ forget: @Sendable (inout Memory, String) -> Void
    ) async {
        for await notification in database.notifications(on: channel) {
            memory.withLock { memory in
                memory.generation += 1
                switch notification {
                case .payload(let text): forget(&memory, text)
                case .reconnected:
                    memory.links.removeAll()
                    memory.channels.insert(channel)
                }
            }
        }
        _ = memory.withLock { $0.channels.remove(channel) }
    }
}
