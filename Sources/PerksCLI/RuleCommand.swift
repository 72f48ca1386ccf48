import ArgumentParser
import Foundation
import Perks
import Postgres

/// `perks rule`.
struct RuleCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rule", abstract: "Try out who qualifies.",
        subcommands: [Test.self, Audience.self, Evaluate.self, Explain.self])

    /// `perks rule test`.
    struct Test: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Hold a rule against the facts of one guest; needs no database.",
            discussion: """
                The facts are a guest as the API shows one, and what else a rule may ask: venue {time_zone, country, \
                region}, segments, redeemed [{perk, campaign, at}], older scores, ancestors {topic: [topic, …]}. What \
                is absent is unknown to every condition; an empty list is known to be empty. Exits 0 when the guest \
                qualifies, 5 when not, 64 when the rule or the facts cannot be read.

                Examples:
                  perks rule test --rule 'score >= 60 and topic(coffee)' --facts guest.json
                  perks rule test --rule @rule.json --facts - --at 2026-11-21T19:00:00Z --output json < guest.json
                """)

        @Option(help: "The rule: text, JSON, @file, or - for standard input.") var rule: String
        @Option(help: "The facts, as JSON: a file, or - for standard input.") var facts: String
        @Option(help: "The moment, such as 2026-11-21T19:00:00Z. (default: now)") var at: String?
        @Option(name: .shortAndLong, help: "How the answer is written. (default: table)")
        var output: OutputFormat?

        func run() async throws {
            let output = Output(format: try Settings().output(output))
            do {
                guard rule != "-" || facts != "-" else {
                    throw PerksError(.invalidRequest, "Only one of --rule and --facts can be standard input.")
                }
                let test = try RuleTest(
                    rule: try InputFile.text(rule), facts: Data(try InputFile(facts).contents()))
                let answer = try test.answer(at: try Timestamp(option: at, "/at") ?? .now())
                try output.show(answer) { lines(answer, output) }
                if answer.verdict != .qualified { throw Failure.silent(.refused) }
            } catch {
                throw Failure(error, in: output.format)
            }
        }

        private func lines(_ answer: RuleTest.Answer, _ output: Output) -> [String] {
            let isQualified = answer.verdict == .qualified
            let words = isQualified ? "QUALIFIED" : "NOT QUALIFIED"
            var lines = [output.styled(words, isQualified ? .good : .bad) + "  " + answer.text.printable]
            let table = Table(
                header: ["RESULT", "CONDITION"], rows: answer.conditions.map { [$0.result, $0.text] })
            lines += table.lines().map { "  " + $0 }
            lines += answer.reasons.map { "  " + $0.text.printable }
            if let nearest = answer.nearest { lines.append("  " + nearest.printable) }
            return lines
        }
    }
}

extension RuleCommand {
    /// `perks rule audience`.
    struct Audience: SessionCommand {
        static let configuration = CommandConfiguration(
            abstract: "Count how many of all guests a rule lets in, and what each condition takes away.",
            discussion: """
                Guests who opted out are not counted; the age gate is not part of it.

                Example: perks rule audience 'score >= 60 and topic(casinos)' --brand palms
                """)

        @Argument(help: "The rule: text, JSON, @file, or - for standard input.") var rule: String
        @Option(help: "The moment that ages and hours are taken at. (default: now)") var at: String?
        @OptionGroup var options: BrandOptions

        func run(in session: Session) async throws {
            let draft = try RuleCommand.draft(rule, at: at)
            let audience = try await session.read { connection in
                try Perks.Audience.estimate(draft, as: session.principal, at: session.now, in: connection)
            }
            try session.output.show(audience) { lines(audience) }
        }

        private func lines(_ audience: Perks.Audience) -> [String] {
            let table = Table(
                header: ["CONDITION", "TRUE OF", "REMOVES ALONE"], rightAligned: [false, true, true],
                rows: audience.conditions.map { [$0.text, "\($0.passes)", "\($0.removesAlone)"] })
            let sum = "\(audience.qualifying) of \(audience.total) guests qualify"
            let rest = audience.unknown > 0 ? "; of \(audience.unknown) too little is known." : "."
            return [sum + rest, ""] + table.lines()
        }
    }
}

extension Timestamp {
    /// Reads an option that is a moment; throws `invalid_request` naming its place.
    init?(option text: String?, _ pointer: String) throws {
        guard let text else { return nil }
        guard let moment = Timestamp(rfc3339: text) else {
            throw PerksError.invalid(
                pointer, "wrong_format", "\(text) is not a time in RFC 3339, such as 2026-11-21T19:02:11Z.")
        }
        self = moment
    }
}
