import Perks

/// Who did what.
enum AuditEventRoutes {
    static let endpoints: [Endpoint] = [
        .list("/v1/audit-events", "List who did what, newest first", by: .readers, brand: .optional) { page, call in
            try await call.transaction(readOnly: true) { try AuditEvent.list(page, as: call.principal, in: $0) }
        }
    ]
}
