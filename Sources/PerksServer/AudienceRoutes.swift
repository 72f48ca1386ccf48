import Perks

/// How many a rule would let in.
enum AudienceRoutes {
    static let endpoints: [Endpoint] = [
        .post(
            "/v1/audience-estimates", "Count whom a rule would let in, over all guests", by: .managers,
            problems: [.invalidRule]
        ) { (draft: Audience.Draft, call) in
            try await call.transaction(readOnly: true) {
                try Audience.estimate(draft, as: call.principal, at: call.now, in: $0)
            }
        }
    ]
}
