import Perks

/// The links that guests share, and what they post with them.
enum ShareRoutes {
    static let endpoints: [Endpoint] = [
        .create(
            "/v1/shares", "Give a guest their link to a campaign, the same one each time", by: .desk,
            problems: [
                .guestNotFound, .campaignNotFound, .venueNotFound, .campaignNotRunning, .landingURLMissing,
                .minorBlocked,
                .notQualified,
            ], at: { (share: Share) in "/v1/shares/\(share.id)" }
        ) { (draft: Share.Draft, call, connection) in
            try Share.create(
                draft, publicURL: call.publicURL, as: call.principal, at: call.now, call.backend.catalogues,
                in: connection)
        },
        .list(
            "/v1/shares", "List the shares, newest first", by: .readers,
            filters: [
                Parameter("campaign", .string(1...90), "Only this campaign's, by id or slug."),
                Parameter("guest", .string(1...300), "Only this guest's."),
            ], problems: [.campaignNotFound]
        ) { page, call in
            let campaign = try call.query.reference(to: Campaign.self)
            return try await call.transaction(readOnly: true) {
                try Share.list(
                    page, campaign: campaign, guest: call.query["guest"], publicURL: call.publicURL,
                    as: call.principal, in: $0)
            }
        },
        .get("/v1/shares/{share}", "Read a share, by its id or token", by: .readers, problems: [.shareNotFound]) {
            call in
            let name = try call.capture("share")
            return try await call.transaction(readOnly: true) {
                try Share.find(named: name, publicURL: call.publicURL, as: call.principal, in: $0)
            }
        },
        .create(
            "/v1/shares/{share}/posts", "Report a post with a share's link; again to bring it up to date", by: .desk,
            problems: [.shareNotFound], at: { (post: SharePost) in "/v1/shares/\(post.share)/posts" }
        ) { (draft: SharePost.Draft, call, connection) in
            let share = try call.id(of: Share.self)
            return try SharePost.record(draft, of: share, as: call.principal, at: call.now, in: connection)
        },
        .list(
            "/v1/shares/{share}/posts", "List the posts with a share's link, newest first", by: .readers,
            problems: [.shareNotFound]
        ) { page, call in
            let share = try call.id(of: Share.self)
            return try await call.transaction(readOnly: true) {
                try SharePost.list(page, of: share, as: call.principal, in: $0)
            }
        },
    ]
}
