import Perks

/// The people others listen to, as the platform knows them.
enum GuestRoutes {
    private static let origin = [
        Parameter("source", .name, "Who supplied it, such as the name of a feed."),
        Parameter("consent", .name, "Under which consent, such as a version of terms."),
    ]

    static let endpoints: [Endpoint] = [
        .list("/v1/guests", "List the guests you may read", by: .readers, brand: .optional) { page, call in
            try await call.transaction(readOnly: true) { try Guest.list(page, as: call.principal, in: $0) }
        },
        .get("/v1/guests/{guest}", "Read a guest", by: .readers, brand: .optional, problems: [.guestNotFound]) {
            call in
            let reference = try GuestReference(try call.capture("guest"))
            return try await call.transaction(readOnly: true) { try Guest.find(reference, as: call.principal, in: $0) }
        },
        .put(
            "/v1/guests/{guest}", "State what is known of a guest, named network:handle", by: .platform,
            brand: .optional, filters: origin, problems: [.optedOut]
        ) { (draft: GuestDraft, call) in
            let reference = try GuestReference(try call.capture("guest"))
            let (guest, isNew) = try await call.backend.put(
                draft, for: reference, source: call.query["source"], consent: call.query["consent"],
                as: call.principal, at: call.now)
            return (value: guest, isNew: isNew)
        },
        .delete(
            "/v1/guests/{guest}", "Forget a guest, for good", by: .platform, brand: .optional,
            problems: [.guestNotFound]
        ) { call in
            let reference = try GuestReference(try call.capture("guest"))
            try await call.transaction { try Guest.erase(reference, as: call.principal, at: call.now, in: $0) }
        },
        .create(
            "/v1/guests/{guest}/identities", "Join another handle to the same person", by: .platform, brand: .optional,
            problems: [.guestNotFound, .optedOut], at: { (guest: Guest) in "/v1/guests/\(guest.id)" }
        ) { (draft: Guest.IdentityDraft, call, connection) in
            let reference = try GuestReference(try call.capture("guest"))
            return try Guest.join(draft, to: reference, as: call.principal, at: call.now, in: connection).guest
        },
        .list(
            "/v1/guests/{guest}/scores", "List every score of a guest, newest first", by: .readers, brand: .optional,
            problems: [.guestNotFound]
        ) { page, call in
            let reference = try GuestReference(try call.capture("guest"))
            return try await call.transaction(readOnly: true) {
                try Guest.scores(page, of: reference, as: call.principal, in: $0)
            }
        },
        .get(
            "/v1/guests/{guest}/export", "Read everything that is held on a guest", by: .platform, brand: .optional,
            problems: [.guestNotFound]
        ) { call in
            let reference = try GuestReference(try call.capture("guest"))
            return try await call.transaction { try Guest.export(reference, as: call.principal, at: call.now, in: $0) }
        },
        .upload(
            "/v1/guest-imports", "Take guests from a file", by: .platform, brand: .optional, filters: origin,
            of: RequestContent.fileTypes
        ) { upload, call in
            try await GuestImport(
                call.backend, source: call.query["source"], consent: call.query["consent"], as: call.principal,
                at: call.now
            ).run(upload, format: upload.type == RequestContent.csv ? .csv : .ndjson)
        },
    ]
}
