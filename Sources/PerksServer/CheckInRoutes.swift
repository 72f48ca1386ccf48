import Perks

/// The desk: what a guest may have, recorded or only asked.
enum CheckInRoutes {
    static let endpoints: [Endpoint] = [
        .record(
            "/v1/check-ins", "Check a guest in: what they may have, and why not the rest", by: .desk,
            problems: [.venueNotFound], at: { "/v1/check-ins/\($0.id?.description ?? "")" }
        ) { (draft: CheckIn.Draft, key, call) in
            try await call.backend.checkIn(draft, key: key, as: call.principal, at: call.now)
        },
        .list(
            "/v1/check-ins", "List the check-ins, newest first", by: .everyone,
            filters: [
                Parameter("guest", .string(1...300), "Only this guest's."),
                Parameter("venue", .string(1...90), "Only this venue's, by id or slug."),
            ], problems: [.venueNotFound]
        ) { page, call in
            let venue = try call.query.reference(to: Venue.self)
            return try await call.transaction(readOnly: true) {
                try CheckIn.list(page, guest: call.query["guest"], venue: venue, as: call.principal, in: $0)
            }
        },
        .get("/v1/check-ins/{check_in}", "Read a check-in", by: .everyone, problems: [.checkInNotFound]) { call in
            let id = try call.id(of: CheckIn.self)
            return try await call.transaction(readOnly: true) { try CheckIn.find(id, as: call.principal, in: $0) }
        },
        .get(
            "/v1/check-ins/{check_in}/explanation", "Explain a check-in by the facts and rules of its moment",
            by: .readers, problems: [.checkInNotFound]
        ) { call in
            let id = try call.id(of: CheckIn.self)
            return try await call.transaction(readOnly: true) { try CheckIn.explain(id, as: call.principal, in: $0) }
        },
        .post(
            "/v1/eligibility", "Say what a guest may have, and record nothing", by: .desk, problems: [.venueNotFound],
            answering: EligibilityAnswer.reference
        ) { (draft: EligibilityDraft, call) in
            try await call.transaction(readOnly: true) {
                try CheckIn.check(draft, as: call.principal, at: call.now, call.backend.catalogues, in: $0)
            }
        },
    ]
}
