import Foundation
import Perks
import Testing

@testable import PerksServer

@Suite struct OpenAPITests {
    private let document = OpenAPI(Endpoints.all).document

    @Test func everyEndpointIsAnOperation() throws {
        let paths = try #require(document["paths"]?.members)
        var operations: Set<String> = []
        for (path, methods) in paths {
            for method in methods.members.keys { operations.insert("\(method.uppercased()) \(path)") }
        }
        #expect(operations == Set(Endpoints.all.map { "\($0.method) \($0.path)" }))
        let identifiers = paths.values.flatMap { $0.members.values.compactMap { $0["operationId"]?.string } }
        #expect(Set(identifiers).count == Endpoints.all.count)
        for identifier in identifiers {
            #expect(identifier.allSatisfy { $0.isLowercase || $0 == "_" }, "\(identifier)")
        }
    }

    @Test func everyReferenceLeadsSomewhere() {
        var references: Set<String> = []
        func collect(_ value: JSONValue) {
            if let reference = value["$ref"]?.string { references.insert(reference) }
            for member in value.members.values { collect(member) }
            for element in value.array { collect(element) }
        }
        collect(document)
        #expect(references.count > 20)
        for reference in references {
            let target = reference.split(separator: "/").dropFirst().reduce(document as JSONValue?) { $0?[String($1)] }
            #expect(target?.members.isEmpty == false, "\(reference)")
        }
    }

    @Test func whereAKeyMakesRepeatingSafe() throws {
        var keys: [String: Bool] = [:]
        for (path, methods) in try #require(document["paths"]?.members) {
            for (method, operation) in methods.members {
                for parameter in operation["parameters"]?.array ?? [] {
                    let name = parameter["$ref"]?.string?.split(separator: "/").last.map(String.init) ?? ""
                    let header = document["components"]?["parameters"]?[name]
                    guard header?["name"] == "Idempotency-Key" else { continue }
                    keys["\(method) \(path)"] = header?["required"] == true
                    #expect(operation["responses"]?["422"] != nil && operation["responses"]?["409"] != nil)
                }
            }
        }
        #expect(keys["post /v1/redemptions"] == true)
        for path in [
            "brands", "venues", "keys", "campaigns", "campaigns/{campaign}/perks", "opt-outs",
            "guests/{guest}/identities", "redemptions/{redemption}/reversal",
        ] {
            #expect(keys["post /v1/\(path)"] == false, "\(path)")
        }
        for path in ["eligibility", "audience-estimates", "guest-imports", "topic-imports"] {
            #expect(keys["post /v1/\(path)"] == nil, "\(path)")
        }
    }

    @Test func noNameStandsForTwoSchemas() {
        var printed: [String: JSONValue] = [:]
        func check(_ schema: JSONSchema) {
            guard case .named(let name, let content) = schema else { return }
            var components: [String: JSONValue] = [:]
            let text = content().document(isClosed: true, &components)
            #expect(printed[name] == nil || printed[name] == text, "\(name)")
            printed[name] = text
        }
        for endpoint in Endpoints.all {
            if case .json(let schema, _) = endpoint.request { check(schema) }
            endpoint.answer.content.compactMap(\.schema).forEach(check)
        }
        #expect(printed["Venue"] != nil)
    }

    @Test func schemasReadAsJSONSchema() {
        let schema = JSONSchema.object([
            .required("slug", .slug, "A name."), .optional("rank", .integer(1...9)),
            .required("kind", .word(["a", "b"])), .required("any", .any([.boolean, .anything])),
            .required("list", .array(of: .number(0...1), 1...3)), .required("map", .map(of: .date)),
        ])
        var components: [String: JSONValue] = [:]
        #expect(
            schema.document(isClosed: true, &components) == [
                "type": "object", "additionalProperties": false, "required": ["slug", "kind", "any", "list", "map"],
                "properties": [
                    "slug": [
                        "type": "string", "minLength": 1, "maxLength": 63, "pattern": "^[a-z0-9-]{1,63}$",
                        "description": "A name.",
                    ],
                    "rank": ["anyOf": [["type": "integer", "minimum": 1, "maximum": 9], ["type": "null"]]],
                    "kind": ["type": "string", "enum": ["a", "b"]],
                    "any": ["anyOf": [["type": "boolean"], [:]]],
                    "list": [
                        "type": "array", "minItems": 1, "maxItems": 3,
                        "items": ["type": "number", "minimum": 0, "maximum": 1],
                    ],
                    "map": [
                        "type": "object",
                        "additionalProperties": [
                            "type": "string", "minLength": 10, "maxLength": 10, "pattern": "^\\d{4}-\\d{2}-\\d{2}$",
                            "format": "date",
                        ],
                    ],
                ],
            ])
    }

    @Test func thePageShowsEveryEndpointAndProblem() {
        let html = DocumentationPage(Endpoints.all).html
        for endpoint in Endpoints.all { #expect(html.contains("<code>\(endpoint.path)</code>")) }
        for code in PerksError.Code.allCases.map(\.rawValue) + ProtocolFault.allCases.map(\.rawValue) {
            #expect(html.contains("id=\"problem-\(code)\""))
        }
        #expect(!html.contains("<script"))
        #expect(!html.contains("src="))
        #expect(!html.contains("http"), "nothing is loaded from elsewhere")
    }

    @Test(.enabled(if: Validator.isInstalled, "`pip install openapi-spec-validator` for this one"))
    func aValidatorAgrees() throws {
        #expect(try Validator.judge(JSON.encoder.encode(document)) == "")
    }

    @Test func bothAreServedToAnyone() async throws {
        try await RunningServer.run { server in
            let json = try await server.send("GET", "/openapi.json", as: nil)
            #expect(json.json == document)
            let page = try await server.send("GET", "/docs", as: nil)
            #expect(page["Content-Type"] == "text/html; charset=utf-8")
            #expect(page["Content-Security-Policy"]?.contains("default-src 'none'") == true)
        }
    }
}

/// The OpenAPI validator that PyPI has, where it is installed.
private enum Validator {
    static let isInstalled = (try? run(["-c", "import openapi_spec_validator"], Data()))?.status == 0

    /// What is wrong with a document; empty when nothing is.
    static func judge(_ document: Data) throws -> String {
        let (status, output) = try run(["-m", "openapi_spec_validator", "-"], document)
        return status == 0 ? "" : output
    }

    private static func run(_ arguments: [String], _ input: Data) throws -> (status: Int32, output: String) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3"] + arguments
        let (standardInput, output) = (Pipe(), Pipe())
        (process.standardInput, process.standardOutput, process.standardError) = (standardInput, output, output)
        try process.run()
        try standardInput.fileHandleForWriting.write(contentsOf: input)
        try standardInput.fileHandleForWriting.close()
        let text = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: text, as: UTF8.self))
    }
}
