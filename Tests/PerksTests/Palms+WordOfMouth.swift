import Foundation
import Perks
import Postgres

/// What tests do with links.
extension Palms {
    static let publicURL = "https://perks.example"

    /// A guest's link to a campaign.
    @discardableResult
    func share(
        _ guest: String, _ campaign: String = "opening-night", at venue: String? = nil, visitor: Visitor? = nil,
        as principal: Principal? = nil, now: Timestamp = Palms.now
    ) async throws -> Share {
        let principal = principal ?? owner
        return try await backend.transaction(as: principal) { [catalogues = backend.catalogues] connection in
            try Share.create(
                .init(guest: guest, campaign: campaign, venue: venue, visitor: visitor), publicURL: Palms.publicURL,
                as: principal, at: now, catalogues, in: connection)
        }
    }

    @discardableResult
    func post(
        _ url: String, with share: ID<Share>, reach: Int? = nil, disclosed: Bool = true, at postedAt: Timestamp? = nil,
        now: Timestamp = Palms.now
    ) async throws -> SharePost {
        try await backend.transaction(as: owner) { [owner] connection in
            try SharePost.record(
                .init(network: "net", url: url, reach: reach, postedAt: postedAt, disclosed: disclosed), of: share,
                as: owner, at: now, in: connection)
        }
    }

    /// The agent of a person's browser.
    static let browser =
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"

    /// Follows a link, and waits until that is recorded.
    @discardableResult
    func follow(
        _ share: Share, from address: String = "203.0.113.1", agent: String? = Palms.browser, isHead: Bool = false,
        purposes: [String] = [], now: Timestamp
    ) async throws -> Followed {
        let visit = Visit(address: address, agent: agent, isHead: isHead, purposes: purposes)
        let followed = try await backend.follow(share.token, visit, at: now)
        try await backend.recordClicks()
        return followed
    }

    @discardableResult
    func convert(
        _ draft: Conversion.Draft, as principal: Principal? = nil, now: Timestamp = Palms.now
    ) async throws -> Conversion {
        let principal = principal ?? owner
        return try await backend.transaction(as: principal) { connection in
            try Conversion.record(draft, as: principal, at: now, in: connection)
        }
    }

    @discardableResult
    func reverse(_ id: ID<Conversion>, now: Timestamp = Palms.now) async throws -> Conversion {
        try await backend.transaction(as: owner) { [owner] connection in
            try Conversion.reverse(id, .init(reason: "order cancelled"), as: owner, at: now, in: connection)
        }
    }

    /// What the clicks of a share were taken for, in the order of their times.
    func kinds(of share: Share) async throws -> [String] {
        try await backend.transaction(as: owner, readOnly: true) { connection in
            try connection.query("select kind from click where share_id = \(share.id) order by at, id")
                .map { try $0["kind"] }
        }
    }
}
