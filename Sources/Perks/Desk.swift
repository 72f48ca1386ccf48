import Foundation
import Postgres

/// The requests of all desks: check-ins, holds and redemptions, answered in batches, a brand's at a time.
package struct Desk: Sendable {
    /// What somebody at a desk asks for.
    struct Request: Sendable {
        enum Wish: Sendable {
            case checkIn(CheckIn.Draft)
            case hold(Hold.Draft)
            case redemption(Redemption.Draft)
        }

        let wish: Wish
        /// Nil for a check-in, which may come without.
        let idempotency: Idempotency?
        let principal: Principal
        let now: Timestamp
        /// The identifier of what it makes: known beforehand, so that doing it again after a lost answer makes nothing twice.
        let id: UUID

        init(_ wish: Wish, _ idempotency: Idempotency?, as principal: Principal, at now: Timestamp) {
            self.wish = wish
            self.idempotency = idempotency
            self.principal = principal
            self.now = now
            id = .version7(at: now)
        }
    }

    /// What a request is answered.
    enum Answer: Sendable {
        case checkIn(CheckIn)
        case hold(Hold)
        case redemption(Redemption)
    }

    typealias Outcome = Result<Replayable<Answer>, any Error>

    private let batcher: Batcher<ID<Brand>, Request, Replayable<Answer>>

    /// How often a batch is begun at most when something has come in between.
    private static let attempts = 3

    init(_ database: Database, _ catalogues: Catalogues) {
        batcher = Batcher(
            largestBatch: 64, longestQueue: 4096, patience: .seconds(5),
            lateness: { request, previous in
                guard let key = request.idempotency?.key else { return Desk.tooSlow }
                return previous.contains { $0.idempotency?.key == key } ? Desk.inFlight : Desk.tooSlow
            },
            { requests in await Desk.answer(requests, database, catalogues) })
    }

    /// Answers a request, together with others of its brand.
    func answer(_ request: Request) async throws -> Replayable<Answer> {
        try await batcher.submit(request, for: try request.principal.requiredBrand().id)
    }

    /// How many requests wait for their batch to begin.
    var waiting: Int { get async { await batcher.waiting } }

    /// Answers a batch; one that fails is taken apart, so that nobody fails for a neighbour.
    private static func answer(
        _ requests: [Request], _ database: Database, _ catalogues: Catalogues
    ) async -> [Outcome] {
        do {
            return try await together(requests, database, catalogues)
        } catch  where requests.count > 1 && mayBeOfOne(error) {
            return await apart(requests, database, catalogues)
        } catch {
            return requests.map { .failure(told(error, of: $0)) }
        }
    }

    /// Answers each request alone, a few at a time, so that what holds one of them up holds up no other.
    private static func apart(
        _ requests: [Request], _ database: Database, _ catalogues: Catalogues
    ) async -> [Outcome] {
        let deadline = ContinuousClock.now + .seconds(5)
        return await withTaskGroup(of: [(Int, Outcome)].self) { group in
            let lanes = 4
            for lane in 0..<lanes {
                group.addTask {
                    var outcomes: [(Int, Outcome)] = []
                    for index in stride(from: lane, to: requests.count, by: lanes) {
                        let isLate = ContinuousClock.now > deadline
                        let alone = isLate ? [] : await answer([requests[index]], database, catalogues)
                        outcomes.append((index, alone.first ?? .failure(tooSlow)))
                    }
                    return outcomes
                }
            }
            let all = await group.reduce(into: []) { $0 += $1 }
            return all.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }

    private static let inFlight = PerksError(
        .idempotencyKeyInFlight,
        "The same request, or another of this guest's, is still under way. Repeat it in a few seconds, with the same key."
    )

    private static let tooSlow = PerksError(
        .overloaded, "The database took too long. Try again in a moment, with the same Idempotency-Key.")

    private static func together(
        _ requests: [Request], _ database: Database, _ catalogues: Catalogues
    ) async throws -> [Outcome] {
        var attempt = 1
        while true {
            do {
                return try await database.transaction { connection in
                    try DeskBatch.answer(requests, catalogues, in: connection)
                }
            } catch  where attempt < attempts && isWorthRepeating(error) {
                attempt += 1
            }
        }
    }

    /// Whether the next attempt may find things otherwise.
    ///
    /// One whose end is in doubt is safe to repeat: whatever was kept is found by its key or its identifier.
    private static func isWorthRepeating(_ error: any Error) -> Bool {
        switch error {
        case is DeskBatch.Disturbed: true
        case let error as PostgresError: error.kind == .inDoubt || error.sqlState == "23505"
        default: false
        }
    }

    /// Whether a failure may be the fault of one request, rather than the database's.
    private static func mayBeOfOne(_ error: any Error) -> Bool {
        guard let error = error as? PostgresError else { return true }
        return error.kind == .server
    }

    /// What a caller is told of a failure.
    private static func told(_ error: any Error, of request: Request) -> any Error {
        switch error {
        case let error as PostgresError where error.sqlState == "55P03" && request.idempotency != nil:
            inFlight
        case is DeskBatch.Disturbed:
            PerksError(.overloaded, "Others were quicker again and again. Try again in a moment, with the same key.")
        case let error as PostgresError: PerksError(error) ?? error
        default: error
        }
    }
}

extension Backend {
    /// Records a guest at the desk and says what they may have.
    ///
    /// Throws `venue_not_found`, `forbidden` for another venue than a bound clerk's own.
    package func checkIn(
        _ draft: CheckIn.Draft, key: IdempotencyKey? = nil, as principal: Principal, at now: Timestamp
    ) async throws -> Replayable<CheckIn> {
        let idempotency = try key.map { try Idempotency($0, "POST", "/v1/check-ins", body: draft) }
        let outcome = try await desk.answer(.init(.checkIn(draft), idempotency, as: principal, at: now))
        guard case .checkIn(let checkIn) = outcome.answer else { throw Desk.wrongAnswer }
        return Replayable(answer: checkIn, isReplay: outcome.isReplay)
    }

    /// Keeps a unit of a perk for a guest until it expires, is released, or is redeemed.
    ///
    /// Throws what `redeem` throws.
    package func hold(
        _ draft: Hold.Draft, key: IdempotencyKey, as principal: Principal, at now: Timestamp
    ) async throws -> Replayable<Hold> {
        let idempotency = try Idempotency(key, "POST", "/v1/holds", body: draft)
        let outcome = try await desk.answer(.init(.hold(draft), idempotency, as: principal, at: now))
        guard case .hold(let hold) = outcome.answer else { throw Desk.wrongAnswer }
        return Replayable(answer: hold, isReplay: outcome.isReplay)
    }

    /// Hands a perk to a guest exactly once: the same key and request get the same answer, however often they come.
    ///
    /// Everything is decided inside the transaction that claims the unit. A refusal changes nothing but the list of refusals,
    /// which the report counts. Throws `idempotency_key_reused`, `idempotency_key_in_flight` and every refusal.
    package func redeem(
        _ draft: Redemption.Draft, key: IdempotencyKey, as principal: Principal, at now: Timestamp
    ) async throws -> Replayable<Redemption> {
        let idempotency = try Idempotency(key, "POST", "/v1/redemptions", body: draft)
        let outcome = try await desk.answer(.init(.redemption(draft), idempotency, as: principal, at: now))
        guard case .redemption(let redemption) = outcome.answer else { throw Desk.wrongAnswer }
        return Replayable(answer: redemption, isReplay: outcome.isReplay)
    }
}

extension Desk {
    fileprivate static var wrongAnswer: PerksError { PerksError(.internal, "A desk's answer is of another kind.") }
}
