import Perks

/// Whoever rewards people: made by the platform, changed by their owners.
enum BrandRoutes {
    static let endpoints: [Endpoint] =
        [
            .create("/v1/brands", "Create a brand", by: .platform, brand: .optional, problems: [.slugTaken]) {
                draft, call, connection in
                try Brand.create(draft, as: call.principal, at: call.now, in: connection)
            },
            .list("/v1/brands", "List the brands you can reach", by: .readers, brand: .optional) { page, call in
                try await call.transaction(readOnly: true) { try Brand.list(page, as: call.principal, in: $0) }
            },
        ]
        + Endpoint.edit(
            Brand.self, at: "/v1/brands/{brand}", readBy: .readers, changedBy: .owners, brand: .optional,
            problems: [.slugTaken])
}
