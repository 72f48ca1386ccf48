import Foundation
import Postgres

/// What a request can create: the answer that shows it is kept for repeats of the request.
package protocol Creatable: Encodable, Sendable {
    /// The members of the answer that are never kept: a repeat takes them from its own request, or goes without.
    static var withheld: Set<String> { get }
    /// Whom the answer tells of, so that it is forgotten with them.
    var subject: ID<Guest>? { get }
}

extension Creatable {
    package static var withheld: Set<String> { [] }
    package var subject: ID<Guest>? { nil }
}

/// The answer to a request that creates something, as it is sent.
package struct CreationAnswer: Sendable {
    package let location: String?
    package let json: Data
    /// Whether it had been given before to the same request.
    package let isReplay: Bool

    /// Creates what a request asks for and answers it; with a key exactly once, however often the request comes.
    ///
    /// The key is bound in the transaction that creates, so that both are kept or neither is: a refusal binds nothing.
    /// Whoever comes with the same key meanwhile waits for that transaction to end.
    ///
    /// Throws `idempotency_key_reused`, `idempotency_key_in_flight`, and what `create` throws.
    package static func creating<Value: Creatable>(
        by request: JSONValue, _ idempotency: Idempotency?, at location: ((Value) -> String)?, as principal: Principal,
        at now: Timestamp, in connection: isolated Connection, _ create: () throws -> Value
    ) throws -> CreationAnswer {
        guard let idempotency else { return try CreationAnswer(create(), at: location) }
        let brand = principal.brand?.id.uuid ?? .zero
        var fingerprint = idempotency.fingerprint
        if !Value.withheld.isDisjoint(with: request.members.keys) {
            // What is short enough to be guessed could be confirmed by a hash that anybody can compute.
            fingerprint = try IdentityHasher(in: connection, at: now).hash(fingerprint)
        }
        let key = idempotency.key
        guard try bind(key, to: fingerprint, of: brand, at: now, in: connection) else {
            return try recall(key, for: fingerprint, of: brand, in: connection).filled(from: request, Value.withheld)
        }
        let value = try create()
        let answer = try CreationAnswer(value, at: location)
        try connection.execute(
            """
            update idempotency_key
            set location = \(answer.location), answer = \(try answer.text(without: Value.withheld)),
                guest_id = \(value.subject)
            where brand_id = \(brand) and key = \(key.text)
            """)
        return answer
    }

    private init(location: String?, json: Data, isReplay: Bool) {
        self.location = location
        self.json = json
        self.isReplay = isReplay
    }

    private init<Value: Creatable>(_ value: Value, at location: ((Value) -> String)?) throws {
        self.init(location: location?(value), json: try JSON.encoder.encode(value), isReplay: false)
    }

    /// Takes a key for a request; false when it is taken already, which is then certain until commit.
    private static func bind(
        _ key: IdempotencyKey, to fingerprint: [UInt8], of brand: UUID, at now: Timestamp,
        in connection: isolated Connection
    ) throws -> Bool {
        do {
            let bound = try connection.execute(
                """
                insert into idempotency_key as k (brand_id, key, fingerprint, kept_until)
                values (\(brand), \(key.text), \(fingerprint), \(now.adding(seconds: Idempotency.secondsKept)))
                on conflict on constraint idempotency_key_pkey
                    do update set fingerprint = excluded.fingerprint, kept_until = excluded.kept_until
                    where k.kept_until <= \(now)
                """)
            return bound == 1
        } catch let error as PostgresError where error.sqlState == "55P03" {
            throw PerksError(
                .idempotencyKeyInFlight,
                "The same request is still under way. Repeat it in a few seconds, with the same key.")
        }
    }

    /// The answer that a key is bound to.
    private static func recall(
        _ key: IdempotencyKey, for fingerprint: [UInt8], of brand: UUID, in connection: isolated Connection
    ) throws -> CreationAnswer {
        let row = try connection.query(
            "select fingerprint, location, answer from idempotency_key where brand_id = \(brand) and key = \(key.text)"
        )[0]
        // A key that claimed a unit has its answer with the unit.
        guard let text: String = try row["answer"], try row["fingerprint"] == fingerprint else {
            throw PerksError(
                .idempotencyKeyReused,
                "This Idempotency-Key was used with another request. Use a new key for a new request.")
        }
        return CreationAnswer(location: try row["location"], json: Data(text.utf8), isReplay: true)
    }

    private func text(without withheld: Set<String>) throws -> String {
        guard !withheld.isEmpty else { return String(decoding: json, as: UTF8.self) }
        let members = try JSONValue(parsing: json).members.filter { !withheld.contains($0.key) }
        return JSON.text(.object(members)).text
    }

    private func filled(from request: JSONValue, _ withheld: Set<String>) throws -> CreationAnswer {
        let missing = request.members.filter { withheld.contains($0.key) }
        guard !missing.isEmpty else { return self }
        let members = try JSONValue(parsing: json).members.merging(missing) { kept, _ in kept }
        return CreationAnswer(
            location: location, json: try JSON.encoder.encode(JSONValue.object(members)), isReplay: isReplay)
    }
}
