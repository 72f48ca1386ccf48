import Perks

/// The places where guests check in.
enum VenueRoutes {
    static let endpoints: [Endpoint] =
        [
            .create("/v1/venues", "Create a venue", by: .managers, problems: [.slugTaken]) {
                draft, call, connection in
                try Venue.create(draft, as: call.principal, at: call.now, in: connection)
            },
            .list("/v1/venues", "List the venues", by: .everyone) { page, call in
                try await call.transaction(readOnly: true) { try Venue.list(page, as: call.principal, in: $0) }
            },
        ]
        + Endpoint.edit(
            Venue.self, at: "/v1/venues/{venue}", readBy: .everyone, changedBy: .managers, problems: [.slugTaken])
}
