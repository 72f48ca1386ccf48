import HTTPTypes
import Perks

extension Endpoint {
    /// This endpoint as an operation of the document.
    func operation(_ components: inout [String: JSONValue]) -> JSONValue {
        var parameters = path.captures.map { name -> JSONValue in
            ["name": .string(name), "in": "path", "required": true, "schema": ["type": "string", "minLength": 1]]
        }
        for parameter in self.parameters {
            parameters.append([
                "name": .string(parameter.name), "in": "query", "required": false,
                "description": .string(parameter.summary),
                "schema": parameter.schema.document(isClosed: true, &components),
            ])
        }
        if roles != nil { parameters.append(["$ref": "#/components/parameters/Perks-Brand"]) }
        switch idempotencyKey {
        case .required: parameters.append(["$ref": "#/components/parameters/Idempotency-Key"])
        case .optional: parameters.append(["$ref": "#/components/parameters/Optional-Idempotency-Key"])
        case nil: break
        }
        if method == .patch { parameters.append(["$ref": "#/components/parameters/If-Match"]) }
        var operation: JSONValue = [
            "operationId": .string(operationID), "summary": .string(summary), "tags": [.string(tag)],
            "responses": .object(responses(&components)),
        ]
        if !parameters.isEmpty { operation = operation.with("parameters", .array(parameters)) }
        if let roles {
            let names = Role.allCases.filter(roles.contains).map(\.rawValue)
            operation = operation.with("security", [["key": []]])
                .with("description", .string("Roles: \(names.joined(separator: ", "))."))
                .with("x-roles", .array(names.map { .string($0) }))
        }
        return operation.with("requestBody", requestBody(&components))
    }

    /// Method and path as one word, such as `get_campaigns_by_campaign_perks`.
    private var operationID: String {
        let words = path.description.split(separator: "/").filter { $0 != "v1" }.map { segment in
            segment.hasPrefix("{") ? "by_" + segment.dropFirst().dropLast() : String(segment)
        }
        return ([method.rawValue.lowercased()] + words).joined(separator: "_")
            .replacing("-", with: "_").replacing(".", with: "_")
    }

    /// The noun under which it is listed: what its path is about.
    var tag: String {
        // A link is short, and a share's.
        if case .link = handler { return "shares" }
        let words = path.description.split(separator: "/").filter { $0 != "v1" && !$0.hasPrefix("{") }
        return words.first.map(String.init) ?? "service"
    }

    private func requestBody(_ components: inout [String: JSONValue]) -> JSONValue? {
        let schema: JSONValue
        switch request {
        case .nothing: return nil
        case .json(let json, _): schema = json.document(isClosed: true, &components)
        case .stream: schema = ["type": "string"]
        }
        let content = Dictionary(request.types.map { ($0, ["schema": schema] as JSONValue) }) { first, _ in first }
        return ["required": true, "content": .object(content)]
    }

    private func responses(_ components: inout [String: JSONValue]) -> [String: JSONValue] {
        var responses: [String: JSONValue] = [:]
        var success: JSONValue = [
            "description": .string(summary + "."),
            "headers": ["X-Request-Id": ["$ref": "#/components/headers/X-Request-Id"]],
        ]
        if !answer.content.isEmpty {
            var content: [String: JSONValue] = [:]
            for (type, schema) in answer.content {
                content[type] = ["schema": schema?.document(isClosed: false, &components) ?? ["type": "string"]]
            }
            success = success.with("content", .object(content))
        }
        for status in [answer.status] + (answer.alternative.map { [$0] } ?? []) {
            responses["\(status.code)"] = success
        }
        for (status, codes) in Dictionary(grouping: allProblems, by: \.status.code) {
            let names = codes.map(\.rawValue).sorted().joined(separator: ", ")
            responses["\(status)"] = .problem.with("description", .string("Problem: \(names)."))
        }
        return responses
    }

    /// Every refusal that it can answer, shared ones included.
    package var allProblems: Set<PerksError.Code> {
        var codes = Set(problems).union([.invalidRequest, .internal, .overloaded, .unavailable])
        if roles != nil { codes.formUnion([.unauthenticated, .forbidden, .brandNotFound]) }
        if needsBrand { codes.insert(.brandRequired) }
        if idempotencyKey == .required { codes.insert(.idempotencyKeyRequired) }
        if idempotencyKey != nil { codes.formUnion([.idempotencyKeyReused, .idempotencyKeyInFlight]) }
        switch request {
        case .nothing: break
        case .json: codes.formUnion([.payloadTooLarge, .unsupportedMediaType])
        case .stream: codes.insert(.unsupportedMediaType)
        }
        return codes
    }
}
