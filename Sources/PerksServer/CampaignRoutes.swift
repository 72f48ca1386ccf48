import Perks

/// What a brand promises.
enum CampaignRoutes {
    static let endpoints: [Endpoint] =
        [
            .create(
                "/v1/campaigns", "Create a campaign, as a draft", by: .managers,
                problems: [.slugTaken, .invalidRule, .venueNotFound]
            ) { draft, call, connection in
                try Campaign.create(draft, as: call.principal, at: call.now, in: connection)
            },
            .list(
                "/v1/campaigns", "List the campaigns", by: .everyone,
                filters: [Parameter("status", .status, "Only those of this status.")]
            ) { page, call in
                let status = call.query["status"].flatMap(Campaign.Status.init)
                return try await call.transaction(readOnly: true) {
                    try Campaign.list(page, status: status, as: call.principal, in: $0)
                }
            },
            .put(
                "/v1/campaigns/{campaign}/status", "Start, pause or end a campaign", by: .managers,
                problems: [.campaignNotFound, .invalidTransition]
            ) { (draft: CampaignStatusDraft, call) in
                let reference = try call.reference(to: Campaign.self)
                let campaign = try await call.transaction {
                    try Campaign.setStatus(draft.status, of: reference, as: call.principal, at: call.now, in: $0)
                }
                return (value: campaign, isNew: false)
            },
            .list(
                "/v1/campaigns/{campaign}/revisions", "List what a campaign said from change to change", by: .readers,
                problems: [.campaignNotFound]
            ) { page, call in
                let reference = try call.reference(to: Campaign.self)
                return try await call.transaction(readOnly: true) {
                    try Revision.list(page, of: reference, as: call.principal, in: $0)
                }
            },
        ]
        + Endpoint.edit(
            Campaign.self, at: "/v1/campaigns/{campaign}", readBy: .everyone, changedBy: .managers,
            problems: [.slugTaken, .invalidRule, .venueNotFound])
}

/// The body that sets a campaign's status.
private struct CampaignStatusDraft: Decodable, Described {
    let status: Campaign.Status

    static let schemaName = "CampaignStatusDraft"
    static let schema = JSONSchema.object([
        .required("status", .status, "draft → active ⇄ paused → ended, which is final.")
    ])
}

extension JSONSchema {
    fileprivate static let status = word(Campaign.Status.allCases.map(\.rawValue))
}
