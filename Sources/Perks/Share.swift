import Eligibility
import Foundation
import Postgres

/// A guest's own link to a campaign, with the text to post it with.
package struct Share: Codable, Sendable, Noun {
    package static let noun = "share"

    package let id: ID<Share>
    /// The last segment of the link.
    package let token: String
    package let guest: Redemption.Person
    package let campaign: CampaignSummary
    /// The slug of the venue that it was made at.
    package let venue: String?
    package let url: String
    /// What the guest may post: it begins with the campaign's disclosure.
    package let text: String
    package let createdAt: Timestamp
    /// When the guest asked to be left out, or was seen to be a minor: from then on the link leads on and counts nothing.
    package let endedAt: Timestamp?

    private enum CodingKeys: String, CodingKey {
        case id, token, guest, campaign, venue, url, text
        case createdAt = "created_at"
        case endedAt = "ended_at"
    }

    /// Who shares what.
    package struct Draft: Codable, Sendable {
        package var guest: String
        package var campaign: String
        /// Id or slug of the venue it is made at; a bound clerk's own, or where the guest was last, if left out.
        package var venue: String?
        /// The guest's own browser.
        package var visitor: Visitor?

        package init(guest: String, campaign: String, venue: String? = nil, visitor: Visitor? = nil) {
            self.guest = guest
            self.campaign = campaign
            self.venue = venue
            self.visitor = visitor
        }
    }
}

extension Share.Draft: Described {
    package static let schemaName = "ShareDraft"
    package static let schema = JSONSchema.object([
        .required("guest", .string(1...300), "twitter:ana_w, member:<number> or guest_01k…"),
        .required("campaign", .string(1...90), "Id or slug."),
        .optional("venue", .string(1...90), "Id or slug of where it is made; where the guest was last, if left out."),
        .optional("visitor", Visitor.schema, "The guest's own browser, whose clicks are then not counted."),
    ])
}

extension Share: Described {
    package static let schemaName = "Share"
    package static let schema = JSONSchema.object([
        .required("id", .id(of: Share.self)),
        .required("token", .string(), "The last segment of the link."),
        .required("guest", .object([.required("id", .id(of: Guest.self))])),
        .required("campaign", CampaignSummary.schema),
        .optional("venue", .slug, "Where it was made."),
        .required("url", .webAddress, "The link to post."),
        .required("text", .string(), "What to post; it begins with the campaign's disclosure."),
        .required("created_at", .timestamp),
        .optional(
            "ended_at", .timestamp, "When the guest was left out or seen to be a minor: nothing counts any more."),
    ])
}

extension Share: Creatable {
    package var subject: ID<Guest>? { guest.id }
}

extension Share {
    /// Gives a guest their link to a campaign: one a guest and campaign, so that asking again gives the same one.
    ///
    /// The link begins with where this service is reached, such as `https://perks.example`.
    /// Throws `guest_not_found`, `campaign_not_found`, `campaign_not_running`, `landing_url_missing`, `minor_blocked`, and
    /// `not_qualified` for a guest whose age is not known.
    package static func create(
        _ draft: Draft, publicURL: String, as principal: Principal, at now: Timestamp, _ catalogues: Catalogues,
        in connection: isolated Connection
    ) throws -> Share {
        let brand = try principal.requiredBrand()
        let catalogue = try catalogues.current(of: principal, in: connection)
        let campaign = try campaign(draft.campaign, in: catalogue, as: principal, in: connection)
        let isAnywhere = draft.venue == nil && principal.venue == nil
        let venue = isAnywhere ? nil : try catalogue.venue(draft.venue, for: principal)
        let reference = try GuestReference(draft.guest, at: "/guest")
        guard let guest = try Guest.lockForUse([reference], as: principal, in: connection)[0],
            let facts = try GuestFacts.load([guest], catalogue, as: principal, at: now, in: connection)[guest]
        else { throw Guest.notFound(at: "/guest") }
        try facts.requireAge(catalogue.ageGate(of: campaign), on: brand.zone.local(now).date)

        let visitor = try draft.visitor.map { try VisitorHasher(in: connection, at: now).hash($0).today }
        let row = try connection.query(
            """
            insert into share (
                brand_id, id, campaign_id, guest_id, token, venue_id, perk_id, visitor, actor, created_at)
            select \(brand.id), \(ID<Share>(at: now)), \(campaign.id), \(guest), \(ShareToken.random()),
                   coalesce(\(venue?.id)::uuid, last.venue_id, (
                       select c.venue_id from check_in c
                       where c.brand_id = \(brand.id) and c.guest_id = \(guest) order by c.at desc, c.id desc limit 1)),
                   last.perk_id, \(visitor)::bigint, \(principal.actor), \(now)
            from (values (1)) one
            left join lateral (
                select c.venue_id, c.perk_id from claim c
                where c.brand_id = \(brand.id) and c.guest_id = \(guest) and c.campaign_id = \(campaign.id)
                    and c.status = 'redeemed'
                order by c.redeemed_at desc, c.id desc limit 1
            ) last on true
            on conflict (brand_id, campaign_id, guest_id) where is_current
                do update set visitor = coalesce(excluded.visitor, share.visitor), ended_at = null
            returning id, created_at = \(now) as is_new
            """)[0]
        let id: ID<Share> = try row["id"]
        if try row["is_new"] {
            try AuditEvent.record("share.create", of: id, as: principal, at: now, in: connection)
        }
        return try find(.id(id), publicURL: publicURL, as: principal, in: connection)
    }

    /// Ends the links that a guest has of this brand: an ID has shown a minor, whose word is not to be marketed with.
    ///
    /// They still lead on, and nothing is counted any more.
    static func end(
        of guest: ID<Guest>, as principal: Principal, at now: Timestamp, in connection: isolated Connection
    ) throws {
        try connection.execute(
            """
            update share set ended_at = \(now), visitor = null
            where brand_id = \(principal.requiredBrand().id) and guest_id = \(guest) and ended_at is null
            """)
    }

    /// The running campaign of this name, if its links can lead anywhere.
    private static func campaign(
        _ name: String, in catalogue: Catalogue, as principal: Principal, in connection: isolated Connection
    ) throws -> Campaign {
        guard let reference = Reference<Campaign>(name) else { throw Campaign.notFound(at: "/campaign") }
        let campaign: Campaign
        do {
            campaign = try Campaign.find(reference, as: principal, in: connection)
        } catch let error as PerksError where error.code == .campaignNotFound {
            throw Campaign.notFound(at: "/campaign")
        }
        guard catalogue.campaigns.contains(where: { $0.campaign.id == campaign.id }) else {
            throw PerksError(
                .campaignNotRunning, "The campaign \(campaign.slug) is \(campaign.status.rawValue). Start it first.")
        }
        guard campaign.landingURL != nil else {
            throw PerksError(
                .landingURLMissing,
                "The campaign \(campaign.slug) has no landing_url for its links to lead to. Set one first.")
        }
        return campaign
    }
}

extension GuestFacts {
    /// Refuses whoever is not known to be old enough.
    fileprivate func requireAge(_ gate: AgeGate, on date: LocalDate) throws {
        let (birthDate, source) = birthDate
        switch isUnder13 ? .tooYoung : gate.decide(birthDate: birthDate, source: source, on: date) {
        case .passes: break
        case .tooYoung:
            throw PerksError(.minorBlocked, "The guest is below the age that this campaign demands, and gets no link.")
        case .unknown:
            throw PerksError(
                .notQualified, "The guest's age is not known. Check an ID at a check-in, then share.",
                reasons: [.ageUnknown])
        }
    }
}
