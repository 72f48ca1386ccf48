import Perks

/// What a guest may be handed, within a campaign.
enum PerkRoutes {
    static let endpoints: [Endpoint] =
        [
            .create(
                "/v1/campaigns/{campaign}/perks", "Create a perk", livingAt: "/v1/perks", by: .managers,
                problems: [.campaignNotFound, .slugTaken, .invalidRule]
            ) { draft, call, connection in
                let campaign = try call.reference(to: Campaign.self)
                return try Perk.create(draft, in: campaign, as: call.principal, at: call.now, in: connection)
            },
            .list(
                "/v1/campaigns/{campaign}/perks", "List the perks of a campaign", by: .everyone,
                problems: [.campaignNotFound]
            ) { page, call in
                let campaign = try call.reference(to: Campaign.self)
                return try await call.transaction(readOnly: true) {
                    try Perk.list(page, of: campaign, as: call.principal, in: $0)
                }
            },
            .list("/v1/perks", "List the perks of all campaigns", by: .everyone) { page, call in
                try await call.transaction(readOnly: true) { try Perk.list(page, as: call.principal, in: $0) }
            },
            .list(
                "/v1/perks/{perk}/revisions", "List what a perk said from change to change", by: .readers,
                problems: [.perkNotFound]
            ) { page, call in
                let reference = try call.reference(to: Perk.self)
                return try await call.transaction(readOnly: true) {
                    try Revision.list(page, of: reference, as: call.principal, in: $0)
                }
            },
        ]
        + Endpoint.edit(
            Perk.self, at: "/v1/perks/{perk}", readBy: .everyone, changedBy: .managers,
            problems: [.slugTaken, .invalidRule, .stockBelowUsed])
}
