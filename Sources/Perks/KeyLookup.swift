import Foundation
import Postgres

/// Looks up the keys that requests show: once for all who show the same one while it is being looked up.
///
/// A look-up begins after everybody it is for has asked, so that a revoked key lets nobody in from that moment on.
struct KeyLookup: Sendable {
    private struct Question: Hashable {
        let key: ID<Key>
        /// The brand that an operator acts for.
        let brand: String?
    }

    private let batcher: Batcher<Question, Question, Row?>

    init(_ database: Database) {
        batcher = Batcher(
            largestBatch: 4096, longestQueue: 4096, patience: .seconds(10),
            lateness: { _, _ in
                PerksError(.overloaded, "Too many requests are waiting for the database. Try again in a moment.")
            },
            { questions in
                let answer = await KeyLookup.answer(to: questions.first, database)
                return questions.map { _ in answer }
            })
    }

    /// The key of this identifier and its brand, or the brand that an operator names; nil when there is no such key.
    func find(_ key: ID<Key>, brand: String?) async throws -> Row? {
        let question = Question(key: key, brand: brand)
        return try await batcher.submit(question, for: question)
    }

    private static func answer(to question: Question?, _ database: Database) async -> Result<Row?, any Error> {
        guard let question else { return .success(nil) }
        do {
            let rows = try await database.read(
                """
                select k.role, k.venue_id, k.secret_hash, k.expires_at, k.revoked_at,
                       b.id, b.slug, b.name, b.time_zone, b.country, b.minimum_age, b.created_at
                from find_key(\(question.key)) k
                left join brand b on b.id = k.brand_id or (k.role = 'operator' and b.slug = \(question.brand))
                """)
            return .success(rows.first)
        } catch {
            return .failure(error)
        }
    }
}
