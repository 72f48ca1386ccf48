import Perks

/// People who want to be left out.
enum OptOutRoutes {
    static let endpoints: [Endpoint] = [
        .create("/v1/opt-outs", "Leave a person out, at once and for good", by: .desk, brand: .optional, at: nil) {
            (draft: OptOut.Draft, call, connection) in
            try OptOut.create(draft, as: call.principal, at: call.now, in: connection)
        }
    ]
}
