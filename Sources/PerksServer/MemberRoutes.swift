import Perks

/// What a brand itself knows of its guests.
enum MemberRoutes {
    static let endpoints: [Endpoint] = [
        .list("/v1/members", "List what the brand itself knows of its guests", by: .readers) { page, call in
            try await call.transaction(readOnly: true) { try Member.list(page, as: call.principal, in: $0) }
        },
        .get(
            "/v1/members/{guest}", "Read what the brand itself knows of a guest", by: .readers,
            problems: [.memberNotFound]
        ) { call in
            let reference = try GuestReference(try call.capture("guest"))
            return try await call.transaction(readOnly: true) {
                try Member.find(reference, as: call.principal, in: $0)
            }
        },
        .put(
            "/v1/members/{guest}", "State what the brand itself knows of a guest", by: .managers,
            problems: [.guestNotFound, .segmentNotFound, .memberNumberTaken]
        ) { (draft: Member.Draft, call) in
            let reference = try GuestReference(try call.capture("guest"))
            let (member, isNew) = try await call.transaction {
                try Member.put(reference, draft, as: call.principal, at: call.now, in: $0)
            }
            return (value: member, isNew: isNew)
        },
    ]
}
