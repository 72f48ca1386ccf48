import Foundation
import Postgres

/// What the idempotency keys of a batch are bound to.
struct BoundKeys {
    private struct Binding {
        let fingerprint: [UInt8]
        let outcome: DeskWriting.Outcome?
        /// What was made under the key; after a lost answer it may be what one of these very requests made.
        var made: UUID?
    }

    private var bindings: [String: Binding] = [:]

    /// Reads what the keys of requests were bound to by earlier transactions.
    init(of requests: [Desk.Request], _ brand: ID<Brand>, in connection: isolated Connection) throws {
        let own = Dictionary(
            requests.compactMap { request in request.idempotency.map { ($0.key.text, request) } },
            uniquingKeysWith: { first, _ in first })
        guard !own.isEmpty else { return }
        let rows = try connection.query(
            """
            select k.key, k.fingerprint, k.claim_id, k.answer, k.kept_until, c.receipt, c.hold_receipt
            from idempotency_key k
            left join claim c on c.brand_id = k.brand_id and c.id = k.claim_id
            where k.brand_id = \(brand) and k.key = any (\(Array(own.keys)))
            """)
        for row in rows {
            let key: String = try row["key"]
            guard let request = own[key] else { continue }
            // An answer whose time is over is as good as none; whoever binds the key anew replaces it.
            if let end: Timestamp = try row["kept_until"], end <= request.now { continue }
            let (outcome, made) = try Self.outcome(row, request)
            bindings[key] = Binding(fingerprint: try row["fingerprint"], outcome: outcome, made: made)
        }
    }

    /// The answer that a row stands for; nil when it is an answer to another kind of request.
    private static func outcome(
        _ row: Row, _ request: Desk.Request
    ) throws -> (DeskWriting.Outcome?, made: UUID?) {
        let answer: Desk.Answer
        switch request.wish {
        case .checkIn:
            guard let text: String = try row["answer"],
                let checkIn = try? JSON.decoder.decode(CheckIn.self, from: Data(text.utf8))
            else { return (nil, nil) }
            return (.known(.checkIn(checkIn), isReplay: true), checkIn.id?.uuid)
        case .hold:
            guard let receipt: JSONValue = try row["hold_receipt"] else { return (nil, nil) }
            answer = .hold(try receipt.decode())
        case .redemption:
            guard let receipt: JSONValue = try row["receipt"] else { return (nil, nil) }
            answer = .redemption(try receipt.decode())
        }
        return (.known(answer, isReplay: true), try row["claim_id"])
    }

    /// What a request's key is bound to; nil when it is new.
    ///
    /// Throws `idempotency_key_reused` when that was another request.
    func answer(to request: Desk.Request) throws(PerksError) -> DeskWriting.Outcome? {
        guard let idempotency = request.idempotency, let binding = bindings[idempotency.key.text] else { return nil }
        guard binding.fingerprint == idempotency.fingerprint, let outcome = binding.outcome else {
            throw PerksError(
                .idempotencyKeyReused,
                "This Idempotency-Key was used with another request. Use a new key for a new request.")
        }
        if binding.made == request.id, case .known(let answer, _) = outcome { return .new(answer) }
        return outcome
    }

    /// Binds a key for the requests that follow in this batch.
    mutating func bind(_ idempotency: Idempotency, to outcome: DeskWriting.Outcome) {
        bindings[idempotency.key.text] = Binding(
            fingerprint: idempotency.fingerprint, outcome: outcome.again)
    }
}
