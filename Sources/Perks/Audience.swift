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
            coalesce(sum(guests), 0)::bigint as total, \(fragment: Self.sum(where: condition)) as qualifying,
            \(fragment: Self.sum(where: "\(fragment: condition) is null")) as unknown
            """
        for index in query.leaves.indices {
            let alone: Query = "\(fragment: query.condition(assuming: index)) and \(fragment: condition) is not true"
            counts = """
                \(fragment: counts),
                \(fragment: Self.sum(where: "\(identifier: "leaf_\(index)")")) as \(identifier: "passes_\(index)"),
                \(fragment: Self.sum(where: alone)) as \(identifier: "removes_\(index)")
                """
        }
        // Guests with the same leaves true, false and unknown are counted first, so that the rule is weighed once for
        // all of them.
        let statement: Query = """
            select \(fragment: counts)
            from (
                select count(*) as guests, \(fragment: query.columns)
                from \(fragment: query.guests)
                group by \(fragment: query.columnNames)
            ) patterns
            """
        try connection.limitStatements(to: patience)
        try prepare(connection)
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

    /// Suits the transaction to a statement that reads every guest.
    private static func prepare(_ connection: isolated Connection) throws {
        // To compile the statement takes longer than to interpret it. Every process that takes part builds the leaves'
        // lists for itself, so two of them are nearly as fast as more and leave more to others.
        try connection.query(
            """
            select set_config('jit', 'off', true), set_config('work_mem', '64MB', true),
                set_config('max_parallel_workers_per_gather',
                           least(current_setting('max_parallel_workers_per_gather')::integer, 1)::text, true)
            """)
    }

    private static func sum(where condition: Query) -> Query {
        "coalesce(sum(guests) filter (where \(fragment: condition)), 0)::bigint"
    }
}
