import Postgres
import Synchronization
import Testing

@testable import Perks

/// What two servers do at the same moment. Within one server a brand's requests follow one another, so that only two can
/// show what the database itself keeps apart.
extension Palms {
    /// Begins the second work on another server while the first is done but not committed; answers what becomes of it.
    ///
    /// The first is committed as soon as the second has to wait, or only when it is through. The check looks at the
    /// database just before.
    func during<Result: Sendable>(
        commitsWhileWaitedFor: Bool = true, _ first: @escaping @Sendable (isolated Connection) throws -> Void,
        elsewhere second: @escaping @Sendable (Palms) async throws -> Result,
        check: @escaping @Sendable (isolated Connection) throws -> Void = { _ in }
    ) async throws -> Result {
        let other = onAnotherServer()
        let (begun, begin) = AsyncStream.makeStream(of: Void.self)
        let isThrough = Mutex(false)
        async let result: Result = {
            for await _ in begun { break }
            defer { isThrough.withLock { $0 = true } }
            return try await second(other)
        }()
        try await backend.transaction(as: owner) { connection in
            try first(connection)
            begin.yield()
            try connection.spin { connection in
                let isWaitedFor = try connection.isWaitedFor()
                return commitsWhileWaitedFor && isWaitedFor || isThrough.withLock { $0 }
            }
            try check(connection)
        }
        let answer = try await result
        await other.close()
        return answer
    }

    /// Redeems in a transaction of the caller's, as a server would.
    @discardableResult
    func redeem(
        _ guest: String, _ perk: String = "suite-upgrade", at venue: String = "las-vegas", key: String,
        now: Timestamp = Palms.now, hold: ID<Hold>? = nil, in connection: isolated Connection
    ) throws -> ID<Redemption> {
        let draft = Redemption.Draft(guest: guest, perk: perk, venue: venue, hold: hold)
        let key = try #require(IdempotencyKey(key))
        let request = Desk.Request(
            .redemption(draft), try Idempotency(key, "POST", "/v1/redemptions", body: draft), as: owner, at: now)
        let outcomes = try DeskBatch.answer([request], backend.catalogues, in: connection)
        guard case .redemption(let redemption) = try #require(outcomes.first).get().answer else {
            throw PerksError(.internal, "The answer to a redemption is of another kind.")
        }
        return redemption.id
    }
}
