import Perks

/// Perks kept for a guest who has yet to confirm.
enum HoldRoutes {
    static let endpoints: [Endpoint] = [
        .createOnce(
            "/v1/holds", "Keep a perk for a guest until it expires, is released or is redeemed", by: .desk,
            problems: RedemptionRoutes.refusals, at: { (hold: Hold) in "/v1/holds/\(hold.id)" }
        ) { (draft: Hold.Draft, key, call) in
            try await call.backend.hold(draft, key: key, as: call.principal, at: call.now)
        },
        .list(
            "/v1/holds", "List the holds, newest first", by: .everyone,
            filters: [
                Parameter("perk", .string(1...90), "Only this perk's, by id or slug."),
                Parameter("guest", .string(1...300), "Only this guest's."),
                Parameter("status", .word(Hold.Status.allCases.map(\.rawValue)), "Only those of this status."),
            ], problems: [.perkNotFound]
        ) { page, call in
            var filters = Hold.Filters()
            filters.perk = try call.query.reference(to: Perk.self)
            filters.guest = call.query["guest"]
            filters.status = call.query["status"].flatMap(Hold.Status.init)
            return try await call.transaction(readOnly: true) { [filters] in
                try Hold.list(page, filters, as: call.principal, at: call.now, in: $0)
            }
        },
        .get("/v1/holds/{hold}", "Read a hold", by: .everyone, problems: [.holdNotFound]) { call in
            let id = try call.id(of: Hold.self)
            return try await call.transaction(readOnly: true) {
                try Hold.find(id, as: call.principal, at: call.now, in: $0)
            }
        },
        .delete("/v1/holds/{hold}", "Give a hold up", by: .desk, problems: [.holdNotFound, .holdExpired]) { call in
            let id = try call.id(of: Hold.self)
            try await call.transaction { try Hold.release(id, as: call.principal, at: call.now, in: $0) }
        },
    ]
}
