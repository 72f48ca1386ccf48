import ArgumentParser
import Perks
import Postgres

extension RuleCommand {
    /// `perks rule explain`.
    struct Explain: SessionCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print a rule as text, tree and SQL, and the limits it stands beside.",
            discussion: """
                Examples:
                  perks rule explain 'score >= 60 and topic(casinos)' --brand palms
                  perks rule explain --perk suite-upgrade --brand palms
                """)

        @Argument(help: "The rule: text, JSON, @file, or - for standard input.") var rule: String?
        @Option(help: "The rule that a perk is measured by, its campaign's included.") var perk: String?
        @OptionGroup var options: BrandOptions

        func validate() throws {
            if (rule == nil) == (perk == nil) { throw ValidationError("Give a rule or --perk, one of them.") }
        }

        func run(in session: Session) async throws {
            let explanation: RuleExplanation
            if let perk {
                let reference = try Perk.reference(perk)
                explanation = try await session.read { connection in
                    try RuleExplanation(of: reference, as: session.principal, at: session.now, in: connection)
                }
            } else {
                let draft = try RuleCommand.draft(rule ?? "", at: nil)
                explanation = try await session.read { connection in
                    try RuleExplanation(draft, as: session.principal, at: session.now, in: connection)
                }
            }
            try session.output.show(explanation) {
                ["TEXT", "  " + explanation.text, "TREE"] + explanation.tree.map { "  " + $0 } + ["SQL"]
                    + explanation.sql.split(separator: "\n").map { "  " + $0 }
                    + (explanation.limits.isEmpty ? [] : ["LIMITS"] + explanation.limits.map { "  " + $0 })
            }
        }
    }

    /// `perks rule evaluate`.
    struct Evaluate: SessionCommand {
        static let configuration = CommandConfiguration(
            abstract: "Put a rule to every guest of a file; a verdict a line, as NDJSON. Nothing is recorded.",
            discussion: """
                Example: perks rule evaluate 'score >= 60' --guests guests.csv --brand palms > verdicts.ndjson
                """)

        @Argument(help: "The rule: text, JSON, @file, or - for standard input.") var rule: String
        @Option(help: "Guests as CSV: a file, or - for standard input.", completion: .file(extensions: ["csv"]))
        var guests: String
        @Option(help: "The moment that ages and hours are taken at. (default: now)") var at: String?
        @OptionGroup var options: BrandOptions

        func run(in session: Session) async throws {
            let draft = try RuleCommand.draft(rule, at: at)
            let input = try InputFile(guests)
            let evaluation = try await session.read { connection in
                try RuleEvaluation(draft, as: session.principal, at: session.now, in: connection)
            }
            let lines = Output(format: .ndjson)
            var refused = 0
            try await evaluation.run(Pieces(files: [input])) { line in
                if line.refused != nil { refused += 1 }
                try lines.encode(line)
            }
            if refused > 0 {
                session.output.note("\(refused) rows could not be read; their lines say why.")
                throw Failure.silent(.failed)
            }
        }
    }

    /// The request that a rule given on the command line amounts to.
    static func draft(_ rule: String, at: String?) throws -> Perks.Audience.Draft {
        var fields = Fields()
        fields.set("rule_text", try RuleSource.text(demanding: RuleSource(try InputFile.text(rule)), and: []))
        fields.set("at", at)
        return try fields.request(Perks.Audience.Draft.self)
    }
}
