import Perks

/// What people are listened to about.
enum TopicRoutes {
    static let endpoints: [Endpoint] = [
        .list(
            "/v1/topics", "List the topics", by: .readers, brand: .optional,
            filters: [
                Parameter("under", .string(1...200), "The slug of a topic; only those below it."),
                Parameter("q", .string(1...200), "A part of the slug or name."),
            ], problems: [.topicNotFound]
        ) { page, call in
            try await call.transaction(readOnly: true) {
                try Topic.list(page, under: call.query["under"], containing: call.query["q"], in: $0)
            }
        },
        .upload(
            "/v1/topic-imports", "Load a topic ontology: topics.csv, and edges.csv right behind it", by: .platform,
            brand: .optional, of: [RequestContent.csv]
        ) { upload, call in
            try await TopicImport(call.backend, as: call.principal, at: call.now).run(upload)
        },
    ]
}
