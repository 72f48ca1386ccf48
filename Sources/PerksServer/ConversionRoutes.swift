import Perks

/// What came of word of mouth.
enum ConversionRoutes {
    static let endpoints: [Endpoint] = [
        .create(
            "/v1/conversions", "Report that somebody converted, and the click or share that led to it", by: .desk,
            problems: [
                .clickNotFound, .shareNotFound, .guestNotFound, .selfReferral, .referralLoop, .alreadyConverted,
            ], at: { (conversion: Conversion) in "/v1/conversions/\(conversion.id)" },
            // Whoever clicks and buys at once must find the click recorded; what kept it from that shows when it is looked up.
            before: { (draft: Conversion.Draft, call) in
                if draft.click != nil { try? await call.backend.recordClicks() }
            }
        ) { (draft: Conversion.Draft, call, connection) in
            try Conversion.record(draft, as: call.principal, at: call.now, in: connection)
        },
        .list(
            "/v1/conversions", "List the conversions, newest first", by: .readers,
            filters: [
                Parameter("campaign", .string(1...90), "Only this campaign's, by id or slug."),
                Parameter("share", .id(of: Share.self), "Only those that this share has led to."),
            ], problems: [.campaignNotFound]
        ) { page, call in
            let campaign = try call.query.reference(to: Campaign.self)
            let share = call.query["share"].flatMap { ID<Share>($0) }
            return try await call.transaction(readOnly: true) {
                try Conversion.list(page, campaign: campaign, share: share, as: call.principal, in: $0)
            }
        },
        .get(
            "/v1/conversions/{conversion}", "Read a conversion", by: .readers, problems: [.conversionNotFound]
        ) { call in
            let id = try call.id(of: Conversion.self)
            return try await call.transaction(readOnly: true) { try Conversion.find(id, as: call.principal, in: $0) }
        },
        .create(
            "/v1/conversions/{conversion}/reversal", "Take a conversion back", by: .desk,
            problems: [.conversionNotFound, .alreadyReversed, .invalidTransition],
            at: { (conversion: Conversion) in "/v1/conversions/\(conversion.id)" }
        ) { (draft: Redemption.ReversalDraft, call, connection) in
            let id = try call.id(of: Conversion.self)
            return try Conversion.reverse(id, draft, as: call.principal, at: call.now, in: connection)
        },
    ]
}
