import ArgumentParser
import Foundation
import Perks
import Postgres

/// `perks report`.
struct ReportCommand: SessionCommand {
    static let configuration = CommandConfiguration(
        commandName: "report", abstract: "What became of a campaign: from check-in to redemption.",
        discussion: """
            Days are those of the brand's time zone. With --output csv there is one line a day.

            Example: perks report opening-night --brand palms --from 2026-11-01 --to 2026-11-30
            """)

    @Argument(help: "The campaign, by id or slug.") var campaign: String
    @Option(help: "The first day, as YYYY-MM-DD. (default: the day it was made)") var from: String?
    @Option(help: "The last day, inclusive. (default: today)") var to: String?
    @OptionGroup var options: BrandOptions

    func run(in session: Session) async throws {
        let reference = try Campaign.reference(campaign)
        let range = Report.Range(from: try date(from, "/from"), to: try date(to, "/to"))
        let report = try await session.read { connection in
            try Report.compute(for: reference, range, as: session.principal, at: session.now, in: connection)
        }
        let output = session.output
        switch output.format {
        case .table: try output.write(lines(of: report, output))
        case .csv: try Terminal.standardOutput.write(report.csv)
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

    private func lines(of report: Report, _ output: Output) -> [String] {
        let totals = report.totals
        let refused = totals.refused.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
        var lines = [
            output.styled("\(report.campaign), \(report.from) to \(report.to) (\(report.timeZone))", .bold), "",
        ]
        lines += Table(
            header: ["", "EVENTS", "GUESTS"], rightAligned: [false, true, true],
            rows: [
                ["checked in", "\(totals.checkIns)", "\(totals.guestsCheckedIn)"],
                ["qualified", "\(totals.qualified)", "\(totals.guestsQualified)"],
                ["redeemed", "\(totals.redeemed)", "\(totals.guestsRedeemed)"],
                ["reversed", "\(totals.reversed)", ""],
                ["refused", "\(totals.refused.values.reduce(0, +))", ""],
                ["cost, minor units", "\(totals.cost)", ""],
            ]
        ).lines()
        if !refused.isEmpty { lines.append("refused because: " + refused.joined(separator: ", ")) }
        lines.append("")
        lines += Table(
            header: ["RATE", "", "FORMULA"], rightAligned: [false, true, false],
            rows: report.rates.keys.sorted().map { name in
                [
                    name.replacing("_", with: " "), report.rates[name].flatMap { $0 }?.description ?? "–",
                    report.formulas[name] ?? "",
                ]
            }
        ).lines()
        lines.append("")
        lines += output.lines(of: report.perks)
        let busy = report.days.filter { $0.checkIns + $0.redeemed + $0.reversed + $0.refused > 0 }
        guard !busy.isEmpty else { return lines }
        lines.append("")
        return lines + output.lines(of: busy)
    }
}

extension Report.PerkLine: Tabular {
    static var columns: [Column<Report.PerkLine>] {
        [
            Column("perk") { .text($0.perk.slug) },
            Column("qualified") { .number($0.qualified) },
            Column("redeemed") { .number($0.redeemed) },
            Column("reversed") { .number($0.reversed) },
            Column("refused") { .number($0.refused.values.reduce(0, +)) },
            Column("cost") { .number($0.cost) },
            Column("stock") { .number($0.stock) },
            Column("remaining") { .number($0.remaining) },
        ]
    }
}

extension Report.Day: Tabular {
    static var columns: [Column<Report.Day>] {
        [
            Column("date") { .text("\($0.date)") },
            Column("check_ins") { .number($0.checkIns) },
            Column("qualified") { .number($0.qualified) },
            Column("redeemed") { .number($0.redeemed) },
            Column("reversed") { .number($0.reversed) },
            Column("refused") { .number($0.refused) },
            Column("cost") { .number($0.cost) },
        ]
    }
}
