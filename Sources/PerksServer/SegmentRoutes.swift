import Perks

/// A brand's own lists of guests.
enum SegmentRoutes {
    static let endpoints: [Endpoint] = [
        .list("/v1/segments", "List the segments", by: .readers) { page, call in
            try await call.transaction(readOnly: true) { try Segment.list(page, as: call.principal, in: $0) }
        },
        .get("/v1/segments/{segment}", "Read a segment", by: .readers, problems: [.segmentNotFound]) { call in
            let slug = try call.capture("segment")
            return try await call.transaction(readOnly: true) { try Segment.find(slug, as: call.principal, in: $0) }
        },
        .put("/v1/segments/{segment}", "Create a segment or rename it", by: .managers) {
            (draft: Segment.Draft, call) in
            let slug = try call.capture("segment")
            let (segment, isNew) = try await call.transaction {
                try Segment.put(slug, draft, as: call.principal, at: call.now, in: $0)
            }
            return (value: segment, isNew: isNew)
        },
        .upload(
            "/v1/segments/{segment}/members", "Put guests on a segment, one reference a line", by: .managers,
            of: [RequestContent.csv], problems: [.segmentNotFound]
        ) { upload, call in
            try await SegmentImport(call.backend, as: call.principal, at: call.now)
                .run(upload, into: try call.capture("segment"))
        },
        .delete(
            "/v1/segments/{segment}/members/{guest}", "Take a guest off a segment", by: .managers,
            problems: [.segmentNotFound]
        ) { call in
            let slug = try call.capture("segment")
            let guest = try GuestReference(try call.capture("guest"))
            try await call.transaction {
                try Segment.remove(guest, from: slug, as: call.principal, at: call.now, in: $0)
            }
        },
    ]
}
