import Eligibility
import Foundation
import Postgres

/// A rule as a caller states it: as a tree, as text, or as both saying the same.
struct RuleInput {
    let tree: JSONValue?
    let text: String?

    /// Reads the rule and holds it against the known topics and segments; throws `invalid_rule` with every fault's place.
    func rule(in connection: isolated Connection) throws -> Rule? {
        let parsed = try text.map { text in
            do throws(RuleError) {
                return try ParsedRule(text)
            } catch {
                throw PerksError.invalidRule([error], at: "/rule_text", text: true)
            }
        }
        let decoded = try tree.map { tree in
            do {
                return try tree.decode(as: Rule.self)
            } catch let error as RuleError {
                throw PerksError.invalidRule([error], at: "/rule")
            }
        }
        if let parsed, let decoded, parsed.rule.flattened() != decoded.flattened() {
            throw PerksError.invalid(
                "/rule_text", "rules_differ", "rule and rule_text say different things. Send one of them.")
        }
        guard let rule = decoded ?? parsed?.rule else { return nil }
        let topics = try KnownNames(rule.topicSlugs, in: connection, known: "select slug from topic_name")
        let segments = try KnownNames(
            rule.segmentSlugs, in: connection, known: "select slug from segment where brand_id = current_brand()")
        // What is wrong is told of the rule as it was stated; what is saved has its groups merged.
        if let decoded {
            let errors = decoded.validate(topics: topics.suggestions(for:), segments: segments.suggestions(for:))
            guard errors.isEmpty else { throw PerksError.invalidRule(errors, at: "/rule") }
        } else if let parsed {
            let errors = parsed.validate(topics: topics.suggestions(for:), segments: segments.suggestions(for:))
            guard errors.isEmpty else { throw PerksError.invalidRule(errors, at: "/rule_text", text: true) }
        }
        return rule.flattened()
    }

    /// Which of the names in a rule exist, and which others there are where one does not.
    private struct KnownNames {
        private let known: Set<String>
        private let all: [String]

        init(_ named: Set<String>, in connection: isolated Connection, known names: Query) throws {
            func slugs(_ query: Query) throws -> [String] {
                try connection.query(query).map { try $0.decode("slug", as: String.self) }
            }
            known =
                named.isEmpty
                ? []
                : Set(try slugs("select slug from (\(fragment: names)) names where slug = any (\(Array(named)))"))
            all = known.count == named.count ? [] : try slugs(names)
        }

        func suggestions(for slug: String) -> [String]? {
            known.contains(slug) ? nil : Spelling.nearest(to: slug, among: all)
        }
    }
}

extension Rule {
    /// The topics that it names.
    var topicSlugs: Set<String> {
        var slugs: Set<String> = []
        for case .topic(let leaf) in leaves.map(\.leaf) {
            slugs.formUnion(leaf.topics)
        }
        return slugs
    }

    /// The segments that it names.
    var segmentSlugs: Set<String> {
        var slugs: Set<String> = []
        for case .segment(let leaf) in leaves.map(\.leaf) {
            slugs.formUnion(leaf.segments)
        }
        return slugs
    }

    /// Reads a rule from a jsonb column.
    static func stored(_ value: JSONValue?) throws -> Rule? {
        try value?.decode(as: Rule.self)
    }
}

extension PerksError {
    /// That a rule cannot be saved, with every fault at its place: a JSON pointer, or a line and column of the text.
    package static func invalidRule(_ errors: [RuleError], at pointer: String, text: Bool = false) -> PerksError {
        let violations = errors.prefix(20).map { error in
            Violation(text ? pointer : pointer + error.pointer, error.code, error.sentence)
        }
        return PerksError(
            .invalidRule, violations.first?.detail ?? "The rule cannot be used.", violations: Array(violations))
    }
}

extension RuleError {
    /// The message with the place in the text, where there is one.
    package var sentence: String {
        guard let line, let column else { return message }
        return "line \(line), column \(column): \(message)"
    }
}
