import HTTPTypes
import Perks
import Postgres

/// The ways to describe a route: what it takes and answers is read off its handler's types.
extension Endpoint {
    /// Reads something.
    static func get<Value: Described & Encodable>(
        _ path: String, _ summary: String, by roles: Set<Role>, brand: BrandNeed = .required,
        filters: [Parameter] = [], problems: [PerksError.Code] = [],
        _ handle: @escaping @Sendable (Call) async throws -> Value
    ) -> Endpoint {
        Endpoint(
            method: .get, path: PathPattern(path), summary: summary,
            handler: .keyed(roles, brand) { try Reply(json: try await handle($0)) },
            parameters: filters, answer: .json(Value.reference), problems: problems)
    }

    /// Lists something, page by page.
    static func list<Item: Described & Codable>(
        _ path: String, _ summary: String, by roles: Set<Role>, brand: BrandNeed = .required,
        filters: [Parameter] = [], problems: [PerksError.Code] = [],
        _ handle: @escaping @Sendable (PageRequest, Call) async throws -> Page<Item>
    ) -> Endpoint {
        Endpoint(
            method: .get, path: PathPattern(path), summary: summary,
            handler: .keyed(roles, brand) { call in
                let page = try await handle(try call.query.page(of: call.path), call)
                let reply = try Reply(json: page)
                guard let cursor = page.nextCursor else { return reply }
                return reply.with(.link, "<\(call.path)?\(call.query.text(cursor: cursor))>; rel=\"next\"")
            },
            parameters: filters + Parameter.pages, answer: .json(Page<Item>.reference),
            problems: problems + [.invalidCursor])
    }

    /// Creates something: 201 with its `Location`, if it can be read anywhere.
    ///
    /// The handler runs in the transaction that binds the `Idempotency-Key`, if the request has one; what is to be waited
    /// for comes before it.
    static func create<Draft: Described & Decodable & Sendable, Value: Described & Creatable>(
        _ path: String, _ summary: String, by roles: Set<Role>, brand: BrandNeed = .required,
        problems: [PerksError.Code] = [], at location: (@Sendable (Value) -> String)?,
        before prepare: (@Sendable (Draft, Call) async throws -> Void)? = nil,
        _ handle: @escaping @Sendable (Draft, Call, isolated Connection) throws -> Value
    ) -> Endpoint {
        Endpoint(
            method: .post, path: PathPattern(path), summary: summary,
            handler: .keyed(roles, brand) { call in
                let draft = try Draft(validating: call.json)
                let idempotency = try call.idempotency()
                try await prepare?(draft, call)
                let answer = try await call.transaction { connection in
                    try CreationAnswer.creating(
                        by: call.json, idempotency, at: location, as: call.principal, at: call.now, in: connection
                    ) { try handle(draft, call, connection) }
                }
                var reply = Reply(.created, type: "application/json", body: answer.json)
                reply.headers[.location] = answer.location
                return answer.isReplay ? reply.with(.idempotentReplayed, "true") : reply
            },
            request: .json(Draft.reference), answer: .json(Value.reference, .created), problems: problems,
            idempotencyKey: .optional)
    }

    /// Creates something exactly once: the same `Idempotency-Key` and request get the same answer, however often.
    static func createOnce<Draft: Described & Decodable, Value: Described & Encodable>(
        _ path: String, _ summary: String, by roles: Set<Role>, problems: [PerksError.Code] = [],
        at location: @escaping @Sendable (Value) -> String,
        _ handle: @escaping @Sendable (Draft, IdempotencyKey, Call) async throws -> Replayable<Value>
    ) -> Endpoint {
        Endpoint(
            method: .post, path: PathPattern(path), summary: summary,
            handler: .keyed(roles, .required) { call in
                let key = try call.idempotencyKey()
                let outcome = try await handle(try Draft(validating: call.json), key, call)
                return try Reply(outcome, at: location(outcome.answer))
            },
            request: .json(Draft.reference), answer: .json(Value.reference, .created), problems: problems,
            idempotencyKey: .required)
    }

    /// Records something each time it is asked to; with an `Idempotency-Key` once, as `createOnce` does.
    static func record<Draft: Described & Decodable, Value: Described & Encodable>(
        _ path: String, _ summary: String, by roles: Set<Role>, problems: [PerksError.Code] = [],
        at location: @escaping @Sendable (Value) -> String,
        _ handle: @escaping @Sendable (Draft, IdempotencyKey?, Call) async throws -> Replayable<Value>
    ) -> Endpoint {
        Endpoint(
            method: .post, path: PathPattern(path), summary: summary,
            handler: .keyed(roles, .required) { call in
                let key = try call.idempotencyKeyIfAny()
                let outcome = try await handle(try Draft(validating: call.json), key, call)
                return try Reply(outcome, at: location(outcome.answer))
            },
            request: .json(Draft.reference), answer: .json(Value.reference, .created), problems: problems,
            idempotencyKey: .optional)
    }

    /// Works something out, or changes something that is there, as a request says.
    ///
    /// What the answer looks like may be said apart, where that is not the schema of its type.
    static func post<Draft: Described & Decodable, Value: Described & Encodable>(
        _ path: String, _ summary: String, by roles: Set<Role>, brand: BrandNeed = .required,
        problems: [PerksError.Code] = [], answering schema: JSONSchema = Value.reference,
        _ handle: @escaping @Sendable (Draft, Call) async throws -> Value
    ) -> Endpoint {
        Endpoint(
            method: .post, path: PathPattern(path), summary: summary,
            handler: .keyed(roles, brand) { call in
                try Reply(json: try await handle(try Draft(validating: call.json), call))
            },
            request: .json(Draft.reference), answer: .json(schema), problems: problems)
    }

    /// Sets something to what the request says: 200, or 201 when that made it.
    static func put<Draft: Described & Decodable, Value: Described & Encodable>(
        _ path: String, _ summary: String, by roles: Set<Role>, brand: BrandNeed = .required,
        filters: [Parameter] = [], problems: [PerksError.Code] = [],
        _ handle: @escaping @Sendable (Draft, Call) async throws -> (value: Value, isNew: Bool)
    ) -> Endpoint {
        var answer = Answer.json(Value.reference)
        answer.alternative = .created
        return Endpoint(
            method: .put, path: PathPattern(path), summary: summary,
            handler: .keyed(roles, brand) { call in
                let (value, isNew) = try await handle(try Draft(validating: call.json), call)
                return try Reply(isNew ? .created : .ok, json: value)
            },
            parameters: filters, request: .json(Draft.reference), answer: answer, problems: problems)
    }

    /// Takes something away; there is nothing to answer.
    static func delete(
        _ path: String, _ summary: String, by roles: Set<Role>, brand: BrandNeed = .required,
        problems: [PerksError.Code] = [], _ handle: @escaping @Sendable (Call) async throws -> Void
    ) -> Endpoint {
        Endpoint(
            method: .delete, path: PathPattern(path), summary: summary,
            handler: .keyed(roles, brand) { call in
                try await handle(call)
                return .nothing
            },
            answer: .nothing, problems: problems)
    }

    /// Takes a file of any length, read as fast as it is used.
    static func upload<Value: Described & Encodable>(
        _ path: String, _ summary: String, by roles: Set<Role>, brand: BrandNeed = .required,
        filters: [Parameter] = [], of types: [String], problems: [PerksError.Code] = [],
        _ handle: @escaping @Sendable (Upload, Call) async throws -> Value
    ) -> Endpoint {
        Endpoint(
            method: .post, path: PathPattern(path), summary: summary,
            handler: .keyed(roles, brand) { call in
                try Reply(json: try await handle(try call.upload(), call))
            },
            parameters: filters, request: .stream(types: types), answer: .json(Value.reference), problems: problems)
    }
}

extension Reply {
    /// What was created, and whether that had been answered before.
    fileprivate init(_ outcome: Replayable<some Encodable>, at location: String) throws {
        var reply = try Reply(.created, json: outcome.answer).with(.location, location)
        if outcome.isReplay { reply = reply.with(.idempotentReplayed, "true") }
        self = reply
    }
}
