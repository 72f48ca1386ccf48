import HTTPTypes
import Perks

/// The page at `/docs`: the list of endpoints for people, in one file without scripts.
struct DocumentationPage {
    let html: String

    /// Nothing is loaded and nothing runs; the page brings its own style.
    static let securityPolicy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"

    init(_ endpoints: [Endpoint]) {
        let nouns = Dictionary(grouping: endpoints, by: \.tag)
        // In the order of the list, not of the alphabet.
        let order = endpoints.map(\.tag).reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
        let sections = order.map { noun in
            "<h2 id=\"\(noun)\">\(noun)</h2>\n" + (nouns[noun] ?? []).map(\.section).joined(separator: "\n")
        }
        let codes =
            PerksError.Code.allCases.map { (status: $0.status.code, code: $0.rawValue) }
            + ProtocolFault.allCases.map { (status: $0.status.code, code: $0.rawValue) }
        let problems = codes.sorted { $0 < $1 }.map { status, code in
            "<dt id=\"problem-\(code)\"><code>\(code)</code></dt><dd>\(status)</dd>"
        }
        html = """
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>Perks API</title>
            <style>\(Self.style)</style>
            </head>
            <body>
            <h1>Perks API</h1>
            <p>Send <code>Authorization: Bearer &lt;key&gt;</code>; an operator names the brand with
            <code>Perks-Brand</code>. The same as a document for programs: <a href="/openapi.json">openapi.json</a>.</p>
            <nav>\((order + ["problems"]).map { "<a href=\"#\($0)\">\($0)</a>" }.joined(separator: " · "))</nav>
            \(sections.joined(separator: "\n"))
            <h2 id="problems">problems</h2>
            <p>Every refusal is <code>application/problem+json</code> with one of these codes.</p>
            <dl>\(problems.joined(separator: "\n"))</dl>
            </body>
            </html>

            """
    }

    private static let style = """
        :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
        body { max-width: 56rem; margin: 2rem auto; padding: 0 1rem; }
        section { border-top: 1px solid #8884; padding: .5rem 0; }
        h2 { margin-top: 2.5rem; } h3 { margin: 0; font-size: 1rem; } p { margin: .25rem 0; }
        .method { display: inline-block; min-width: 4rem; font-weight: 700; }
        small { opacity: .75; } code { font-size: .95em; }
        dl { columns: 3 14rem; } dd { margin: 0 0 .5rem; opacity: .75; }
        """
}

extension Endpoint {
    fileprivate var section: String {
        var lines = [
            "<h3><span class=\"method\">\(method.rawValue)</span> <code>\(path.description.escaped)</code></h3>",
            "<p>\(summary.escaped).</p>",
        ]
        if let roles {
            let names = Role.allCases.filter(roles.contains).map(\.rawValue).joined(separator: ", ")
            lines.append("<p><small>Roles: \(names)\(needsBrand ? "; of one brand" : "")</small></p>")
        }
        if !parameters.isEmpty {
            let names = parameters.map { "<code>\($0.name)</code> (\($0.summary.escaped))" }.joined(separator: " ")
            lines.append("<p><small>Query: \(names)</small></p>")
        }
        if !request.types.isEmpty {
            lines.append("<p><small>Takes: \(request.typesAndName)</small></p>")
        }
        let answers = answer.content.map { ([$0.type] + [$0.schema?.name].compactMap { $0 }).joined(separator: " ") }
        lines.append("<p><small>Answers: \(answer.status.code) \(answers.joined(separator: ", ").escaped)</small></p>")
        if !problems.isEmpty {
            let codes = problems.map { "<a href=\"#problem-\($0.rawValue)\">\($0.rawValue)</a>" }
            lines.append("<p><small>Refuses: \(codes.joined(separator: ", "))</small></p>")
        }
        return "<section>\(lines.joined(separator: "\n"))</section>"
    }
}

extension RequestContent {
    fileprivate var typesAndName: String {
        let types = types.joined(separator: " or ")
        if case .json(let schema, _) = self, let name = schema.name { return "\(types) \(name)".escaped }
        return types.escaped
    }
}

extension JSONSchema {
    fileprivate var name: String? {
        if case .named(let name, _) = self { name } else { nil }
    }
}

extension String {
    /// This text as the content of an element or attribute.
    fileprivate var escaped: String {
        replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
            .replacing("\"", with: "&quot;")
    }
}
