import Perks

/// What callers show to be let in.
enum KeyRoutes {
    static let endpoints: [Endpoint] = [
        .create(
            "/v1/keys", "Create a key; its secret is in this answer only", by: .owners, brand: .optional,
            problems: [.venueNotFound], at: { "/v1/keys/\($0.id)" }
        ) { (draft: Key.Draft, call, connection) in
            try Key.create(draft, as: call.principal, at: call.now, in: connection)
        },
        .list("/v1/keys", "List the keys", by: [.operator, .owner, .auditor], brand: .optional) { page, call in
            try await call.transaction(readOnly: true) { try Key.list(page, as: call.principal, in: $0) }
        },
        .get(
            "/v1/keys/{key}", "Read a key", by: [.operator, .owner, .auditor], brand: .optional,
            problems: [.keyNotFound]
        ) { call in
            let id = try call.id(of: Key.self)
            return try await call.transaction(readOnly: true) { try Key.find(id, as: call.principal, in: $0) }
        },
        .delete("/v1/keys/{key}", "Revoke a key at once", by: .owners, brand: .optional, problems: [.keyNotFound]) {
            call in
            let id = try call.id(of: Key.self)
            try await call.transaction { try Key.revoke(id, as: call.principal, at: call.now, in: $0) }
        },
    ]
}
