import Perks

/// Perks handed over, exactly once, and taken back.
enum RedemptionRoutes {
    /// Why a unit of a perk is not to be had.
    static let refusals: [PerksError.Code] = [
        .guestNotFound, .perkNotFound, .venueNotFound, .notQualified, .minorBlocked, .soldOut, .limitReached,
        .budgetSpent, .codesExhausted, .campaignNotRunning, .outsideHours, .wrongVenue,
    ]

    static let endpoints: [Endpoint] = [
        .createOnce(
            "/v1/redemptions", "Hand a perk to a guest, exactly once", by: .desk,
            problems: refusals + [.checkInNotFound, .holdNotFound, .holdExpired],
            at: { (redemption: Redemption) in "/v1/redemptions/\(redemption.id)" }
        ) { (draft: Redemption.Draft, key, call) in
            try await call.backend.redeem(draft, key: key, as: call.principal, at: call.now)
        },
        .list(
            "/v1/redemptions", "List the redemptions, newest first", by: .readers,
            filters: [
                Parameter("campaign", .string(1...90), "Only this campaign's, by id or slug."),
                Parameter("perk", .string(1...90), "Only this perk's, by id or slug."),
                Parameter("guest", .string(1...300), "Only this guest's."),
                Parameter("venue", .string(1...90), "Only this venue's, by id or slug."),
                Parameter("status", .word(Redemption.Status.allCases.map(\.rawValue)), "Only those of this status."),
                Parameter("from", .timestamp, "Only those redeemed then or later."),
                Parameter("to", .timestamp, "Only those redeemed before then."),
            ], problems: [.campaignNotFound, .perkNotFound, .venueNotFound]
        ) { page, call in
            let filters = try Redemption.Filters(call.query)
            return try await call.transaction(readOnly: true) {
                try Redemption.list(page, filters, as: call.principal, in: $0)
            }
        },
        .get("/v1/redemptions/{redemption}", "Read a redemption", by: .everyone, problems: [.redemptionNotFound]) {
            call in
            let id = try call.id(of: Redemption.self)
            return try await call.transaction(readOnly: true) { try Redemption.find(id, as: call.principal, in: $0) }
        },
        .create(
            "/v1/redemptions/{redemption}/reversal", "Take a redemption back", by: .desk,
            problems: [.redemptionNotFound, .alreadyReversed, .undoTooLate],
            at: { (redemption: Redemption) in "/v1/redemptions/\(redemption.id)" }
        ) { (draft: Redemption.ReversalDraft, call, connection) in
            let id = try call.id(of: Redemption.self)
            return try Redemption.reverse(id, draft, as: call.principal, at: call.now, in: connection)
        },
    ]
}

extension Redemption.Filters {
    fileprivate init(_ query: QueryParameters) throws(PerksError) {
        self.init()
        campaign = try query.reference(to: Campaign.self)
        perk = try query.reference(to: Perk.self)
        guest = query["guest"]
        venue = try query.reference(to: Venue.self)
        status = query["status"].flatMap(Redemption.Status.init)
        from = query.timestamp("from")
        to = query.timestamp("to")
    }
}
