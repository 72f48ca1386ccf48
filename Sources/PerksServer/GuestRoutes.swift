import Perks

/// The people others listen to, as the platform knows them.
enum GuestRoutes {
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
            brand: .optional, problems: [.optedOut]
        ) { (draft: GuestDraft, call) in
            let reference = try GuestReference(try call.capture("guest"))
            let (guest, isNew) = try await call.backend.put(draft, for: reference, as: call.principal, at: call.now)
            return (value: guest, isNew: isNew)
        },
        .upload(
            "/v1/guest-imports", "Take guests from a file", by: .platform, brand: .optional,
            of: RequestContent.fileTypes
        ) { upload, call in
            try await GuestImport(call.backend, as: call.principal, at: call.now)
                .run(upload, format: upload.type == RequestContent.csv ? .csv : .ndjson)
        },
    ]
}
