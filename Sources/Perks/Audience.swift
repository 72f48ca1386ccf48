import Eligibility
import Foundation
import Postgres

/// How many of all guests a rule lets in, before anything is promised.
///
/// The age gate is not part of it.
package struct Audience: Codable, Sendable {
    /// All guests but those who opted out.
    package let total: Int
    package let qualifying: Int
    /// Those of whom too little is known.
    package let unknown: Int
    package let conditions: [Condition]

    package struct Condition: Codable, Sendable {
        package let text: String
        /// How many it is true of.
        package let passes: Int
        /// How many would qualify if it were not for this condition.
        package let removesAlone: Int

        private enum CodingKeys: String, CodingKey {
            case text, passes
            case removesAlone = "removes_alone"
        }
    }

    /// The rule to count by.
    package struct Draft: Codable, Sendable {
        package var rule: JSONValue?
        package var ruleText: String?
        /// The moment that `local_time` and ages are taken at; now, if left out.
        package var at: Timestamp?

        package init(rule: JSONValue? = nil, ruleText: String? = nil, at: Timestamp? = nil) {
            self.rule = rule
            self.ruleText = ruleText
            self.at = at
        }

        private enum CodingKeys: String, CodingKey {
            case rule, at
            case ruleText = "rule_text"
        }
    }
}

extension Audience.Draft: Described {
    package static let schemaName = "AudienceDraft"
    package static let schema = JSONSchema.object([
        .optional("rule", .rule, "The rule, as a tree."),
        .optional("rule_text", .string(1...100_000), "The rule, as text."),
        .optional("at", .timestamp, "The moment that ages and local_time are taken at; now, if left out."),
    ])
}

extension Audience: Described {
    package static let schemaName = "Audience"
    package static let schema: JSONSchema = {
        let count = JSONSchema.integer(0...Int.max)
        return .object([
            .required("total", count, "All guests but those who opted out."),
            .required("qualifying", count),
            .required("unknown", count, "Those of whom too little is known."),
            .required(
                "conditions",
                .array(
                    of: .object([
                        .required("text", .string()), .required("passes", count),
                        .required("removes_alone", count, "How many would qualify if it were not for this condition."),
                    ]))),
        ])
    }()
}

extension Audience {
    /// How long counting may take.
    static let patience = Duration.seconds(20)

    /// Counts by a rule; throws `invalid_rule`, and `overloaded` when it takes longer than 20 seconds.
    package static func estimate(
        _ draft: Draft, as principal: Principal, at now: Timestamp, in connection: isolated Connection
    ) throws -> Audience {
        let brand = try principal.requiredBrand()
        guard let rule = try RuleInput(tree: draft.rule, text: draft.ruleText).rule(in: connection) else {
            throw PerksError.invalid("/rule", "missing", "rule or rule_text is required.")
        }
        let now = draft.at ?? now
        let query = RuleQuery(rule, .init(brand: brand.id, now: now, local: brand.zone.local(now)))
        let condition = query.condition()
        var counts: Query = """
            count(*) as total, count(*) filter (where \(fragment: condition)) as qualifying,
            count(*) filter (where \(fragment: condition) is null) as unknown
            """
        for index in query.leaves.indices {
            counts = """
                \(fragment: counts),
                count(*) filter (where \(identifier: "leaf_\(index)")) as \(identifier: "passes_\(index)"),
                count(*) filter (where \(fragment: query.condition(assuming: index))
                                 and \(fragment: condition) is not true) as \(identifier: "removes_\(index)")
                """
        }
        try connection.limitStatements(to: patience)
        // The inner offset keeps each leaf from being computed more than once for a guest.
        let statement: Query = """
            select \(fragment: counts)
            from (
                select \(fragment: query.columns)
                from guest g left join member m on m.brand_id = \(brand.id) and m.guest_id = g.guest_id
                where g.opted_out_at is null
                offset 0
            ) guests
            """
        let row: Row
        do {
            row = try connection.query(statement)[0]
        } catch let error as PostgresError where error.kind == .timeout {
            throw PerksError(
                .overloaded,
                "Counting this audience takes longer than 20 seconds. Ask with fewer conditions, or at a quieter hour.")
        }
        return Audience(
            total: try row["total"], qualifying: try row["qualifying"], unknown: try row["unknown"],
            conditions: try query.leaves.enumerated().map { index, leaf in
                Condition(
                    text: leaf.text, passes: try row["passes_\(index)"], removesAlone: try row["removes_\(index)"])
            })
    }
}
