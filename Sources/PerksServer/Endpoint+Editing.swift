import HTTPTypes
import Perks
import Postgres

extension Endpoint {
    /// Creates an object that can be changed later; it lives below `home`, or where it is created.
    static func create<Kind: Editable>(
        _ path: String, _ summary: String, livingAt home: String? = nil, by roles: Set<Role>,
        brand: BrandNeed = .required, problems: [PerksError.Code] = [],
        _ handle: @escaping @Sendable (Kind.Draft, Call, isolated Connection) throws -> Kind
    ) -> Endpoint {
        create(path, summary, by: roles, brand: brand, problems: problems, at: { "\(home ?? path)/\($0.id)" }, handle)
    }

    /// Reads one object and changes it: GET with an `ETag`, PATCH that respects `If-Match`.
    ///
    /// The path names the object by a capture of its noun, such as `/v1/venues/{venue}`.
    static func edit<Kind: Editable>(
        _ kind: Kind.Type, at path: String, readBy readers: Set<Role>, changedBy changers: Set<Role>,
        brand: BrandNeed = .required, problems: [PerksError.Code] = []
    ) -> [Endpoint] {
        let name = Kind.noun.replacing("_", with: "-")
        return [
            Endpoint(
                method: .get, path: PathPattern(path), summary: "Read a \(name)",
                handler: .keyed(readers, brand) { call in
                    let reference = try call.reference(to: kind)
                    let object = try await call.transaction(readOnly: true) {
                        try Kind.find(reference, forUpdate: false, as: call.principal, in: $0)
                    }
                    return try Reply(json: object).tagged
                },
                answer: .json(Kind.reference), problems: [.missing(kind)]),
            Endpoint(
                method: .patch, path: PathPattern(path), summary: "Change a \(name)",
                handler: .keyed(changers, brand) { call in
                    let reference = try call.reference(to: kind)
                    let object = try await call.transaction {
                        try Kind.patch(reference, with: call.json, as: call.principal, at: call.now, in: $0) {
                            current in
                            try EntityTag(of: current).check(against: call.headers)
                        }
                    }
                    return try Reply(json: object).tagged
                },
                request: .json(
                    .named(Kind.schemaName + "Patch") { Kind.Draft.schema.mergePatch },
                    types: ["application/merge-patch+json", "application/json"]),
                answer: .json(Kind.reference), problems: [.missing(kind), .preconditionFailed] + problems),
        ]
    }
}

extension JSONSchema {
    /// What a merge patch (RFC 7396) of such an object looks like: every member may be left out, null takes it away.
    fileprivate var mergePatch: JSONSchema {
        guard case .object(let properties) = self else { return self }
        return .object(properties.map { .optional($0.name, $0.schema, $0.summary) })
    }
}
