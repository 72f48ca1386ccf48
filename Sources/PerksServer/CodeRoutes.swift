import Perks

/// The codes that perks hand out; those that nobody has had yet are worth money, so that only managers see them.
enum CodeRoutes {
    static let endpoints: [Endpoint] = [
        .upload(
            "/v1/perks/{perk}/codes", "Give a perk codes to hand out, one a line", by: .managers,
            of: [RequestContent.csv], problems: [.perkNotFound]
        ) { upload, call in
            try await CodeImport(call.backend, as: call.principal, at: call.now)
                .run(upload, for: try call.reference(to: Perk.self))
        },
        .post(
            "/v1/perks/{perk}/code-generations", "Make up codes for a perk to hand out", by: .managers,
            problems: [.perkNotFound]
        ) { (generation: CodeGeneration, call) in
            try await CodeImport(call.backend, as: call.principal, at: call.now)
                .run(generation, for: try call.reference(to: Perk.self))
        },
        .list(
            "/v1/perks/{perk}/codes", "List the codes of a perk in the order in which they are handed out",
            by: .managers,
            filters: [
                Parameter("status", .word(Code.Status.allCases.map(\.rawValue)), "Only those of this status.")
            ], problems: [.perkNotFound]
        ) { page, call in
            let perk = try call.reference(to: Perk.self)
            let status = call.query["status"].flatMap(Code.Status.init)
            return try await call.transaction(readOnly: true) {
                try Code.list(page, of: perk, status: status, as: call.principal, in: $0)
            }
        },
        .get(
            "/v1/perks/{perk}/code-pool", "Read how many codes a perk has left", by: .readers,
            problems: [.perkNotFound, .notFound]
        ) { call in
            let perk = try call.reference(to: Perk.self)
            return try await call.transaction(readOnly: true) {
                try CodePool.find(of: perk, as: call.principal, in: $0)
            }
        },
    ]
}
