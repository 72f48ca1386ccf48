import ArgumentParser
import Foundation
import Perks
import Postgres

/// `perks report`.
struct ReportCommand: SessionCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "What became of a campaign: from check-in to what came of word of mouth.",
        discussion: """
            Days, weeks and months are those of the brand's time zone. With --output csv there is one line for each of what
            --by says.

            Example: perks report opening-night --brand palms --from 2026-11-01 --to 2026-11-30 --by week
            """)

    @Argument(help: "The campaign, by id or slug.") var campaign: String
    @Option(help: "The first day, as YYYY-MM-DD. (default: the day it was made)") var from: String?
    @Option(help: "The last day, inclusive. (default: today)") var to: String?
    @Option(help: "How credit for a conversion is shared among its touches.") var attribution = Attribution.last
    @Option(help: "How many days a touch counts for, from 1 to 365.") var windowDays = Report.Question.defaultWindow
    @Option(help: "What lines stand for; a table shows these in full.") var by = Report.Breakdown.day
    @OptionGroup var options: BrandOptions

    func run(in session: Session) async throws {
        let reference = try Campaign.reference(campaign)
        let question = Report.Question(
            from: try date(from, "/from"), to: try date(to, "/to"), attribution: attribution, windowDays: windowDays)
        let report = try await session.read(isolation: .repeatableRead) { connection in
            try Report.compute(for: reference, question, as: session.principal, at: session.now, in: connection)
        }
        let output = session.output
        switch output.format {
        case .table: try output.write(ReportPage(report, by: by, output).lines)
        case .csv: try Terminal.standardOutput.write(report.csv(by: by))
        case .json, .ndjson: try output.encode(report)
        }
    }

    private func date<Date: Decodable>(_ text: String?, _ pointer: String) throws -> Date? {
        try text.map { text in
            let violations = JSONSchema.date.violations(in: .string(text), at: pointer)
            guard violations.isEmpty else {
                throw PerksError(.invalidRequest, "There is no such day.", violations: violations)
            }
            return try JSONValue.string(text).decode()
        }
    }
}

extension Attribution: ExpressibleByArgument {}

extension Report.Breakdown: ExpressibleByArgument {}
