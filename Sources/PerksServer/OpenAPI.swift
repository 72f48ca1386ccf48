import HTTPTypes
import Perks

/// The OpenAPI 3.1 document of a list of endpoints.
struct OpenAPI {
    let document: JSONValue

    init(_ endpoints: [Endpoint]) {
        var components: [String: JSONValue] = [:]
        // Requests first: what a request may hold is closed, wherever else it appears.
        for case .json(let schema, _) in endpoints.map(\.request) {
            _ = schema.document(isClosed: true, &components)
        }
        components["Problem"] = Problem.schema.document(isClosed: false, &components)
        var paths: [String: JSONValue] = [:]
        for endpoint in endpoints {
            let path = endpoint.path.description
            paths[path] = (paths[path] ?? [:])
                .with(endpoint.method.rawValue.lowercased(), endpoint.operation(&components))
        }
        document = [
            "openapi": "3.1.0",
            "info": [
                "title": "Perks", "version": "1",
                "description": "Perks for the people others listen to: who qualifies, who gets what, exactly once.",
            ],
            "servers": [["url": "/"]],
            "paths": .object(paths),
            "components": [
                "schemas": .object(components),
                "securitySchemes": ["key": ["type": "http", "scheme": "bearer", "description": "A key of a role."]],
                "parameters": .object(OpenAPI.headers),
                "headers": [
                    "X-Request-Id": ["description": "Names the request in the log.", "schema": ["type": "string"]]
                ],
                "responses": ["Problem": .problem],
            ],
        ]
    }

    private static let headers: [String: JSONValue] = [
        "Perks-Brand": [
            "name": "Perks-Brand", "in": "header", "required": false, "schema": ["type": "string"],
            "description": "The slug of the brand that an operator acts for; other keys belong to one brand.",
        ],
        "Idempotency-Key": [
            "name": "Idempotency-Key", "in": "header", "required": true,
            "schema": ["type": "string", "minLength": 1, "maxLength": 257, "pattern": "^[!-~]+$"],
            "description": "Makes repeating the request safe: 1 to 255 visible characters, new for each new request.",
        ],
        "Optional-Idempotency-Key": [
            "name": "Idempotency-Key", "in": "header", "required": false,
            "schema": ["type": "string", "minLength": 1, "maxLength": 257, "pattern": "^[!-~]+$"],
            "description":
                "Makes repeating the request safe for 7 days: 1 to 255 visible characters, new for each new request.",
        ],
        "If-Match": [
            "name": "If-Match", "in": "header", "required": false, "schema": ["type": "string"],
            "description": "The ETag of the version that the change is meant for.",
        ],
    ]
}

extension JSONValue {
    /// The response that every refusal is.
    static let problem: JSONValue = [
        "description": "What went wrong, and what to do.",
        "content": .object([Problem.mediaType: ["schema": .reference(to: "Problem")]]),
    ]
}

extension Problem {
    fileprivate static let schema = JSONSchema.object([
        .required("type", .string()), .required("title", .string()), .required("status", .integer(400...599)),
        .required("detail", .string(), "What is wrong and what to do next."),
        .required("code", .string(1...64), "Stable, for programs."),
        .required("request_id", .string(1...128), "Names the request in the log."),
        .optional(
            "errors",
            .array(
                of: .object([
                    .required("pointer", .string(), "A JSON pointer into the body, or the name of a parameter."),
                    .required("code", .string(1...64)), .required("detail", .string()),
                ]))),
        .optional(
            "reasons",
            .array(
                of: .object([
                    .required("code", .string()), .required("text", .string()), .optional("required", .anything),
                    .optional("actual", .anything),
                ])), "Why a guest does not qualify."),
    ])
}
