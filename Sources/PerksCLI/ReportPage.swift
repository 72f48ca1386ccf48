import Foundation
import Perks

/// A report as people read it at a terminal.
struct ReportPage {
    private let report: Report
    private let breakdown: Report.Breakdown
    private let output: Output

    /// How many lines are shown of what was not asked for by name.
    private static let most = 10

    /// Lays out a report, in full what lines were asked to stand for.
    init(_ report: Report, by breakdown: Report.Breakdown, _ output: Output) {
        self.report = report
        self.breakdown = breakdown
        self.output = output
    }

    /// Everything, section by section.
    var lines: [String] {
        let title = "\(report.campaign), \(report.from) to \(report.to) (\(report.timeZone))"
        let sections =
            [[output.styled(title, .bold)], funnel, clicks, posts, rates, perks]
            + dimensions + [periods, cohorts, scores, sharers]
        return Array(sections.filter { !$0.isEmpty }.joined(separator: [""]))
    }

    private func section(_ heading: String, _ lines: [String]) -> [String] {
        lines.isEmpty ? [] : [output.styled(heading, .bold)] + lines
    }

    /// Lines under a heading, at most ten of them unless they were asked for.
    private func section<Item: Tabular>(
        _ heading: String, _ items: [Item], by own: Report.Breakdown
    ) -> [String] {
        guard !items.isEmpty else { return [] }
        let shown = own == breakdown ? items[...] : items.prefix(Self.most)
        let missing = items.count - shown.count
        return section(heading, output.lines(of: Array(shown)))
            + (missing > 0 ? ["… and \(missing) more: --by \(own.rawValue)"] : [])
    }

    private var funnel: [String] {
        let totals = report.totals
        func stage(_ name: String, _ events: Int, guests: Int? = nil, _ daily: (Report.Day) -> Int) -> [String] {
            [name, "\(events)", guests.map(String.init) ?? "", Sparkline.text(report.days.map(daily))]
        }
        let step = Sparkline.step(of: report.days.count)
        let table = Table(
            header: ["", "EVENTS", "GUESTS", step == 1 ? "BY DAY" : "BY \(step) DAYS"],
            rightAligned: [false, true, true, false],
            rows: [
                stage("checked in", totals.checkIns, guests: totals.guestsCheckedIn, \.checkIns),
                stage("qualified", totals.qualified, guests: totals.guestsQualified, \.qualified),
                stage("redeemed", totals.redeemed, guests: totals.guestsRedeemed, \.redeemed),
                stage("shared", totals.shares, guests: totals.guestsShared, \.shares),
                stage("clicked, gross", totals.clicksGross, \.clicksGross),
                stage("clicked, net", totals.clicksNet, \.clicksNet),
                stage("converted", totals.conversions, \.conversions),
            ])
        let refused = totals.refused.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
        return section("From check-in to conversion", table.lines()) + [
            "Reversed: \(totals.reversed). Refused: \(totals.refused.values.reduce(0, +))"
                + (refused.isEmpty ? "." : " (\(refused.joined(separator: ", ")))."),
            "Cost: \(totals.cost), in minor units.",
            "Conversions besides: \(totals.conversionsUnattributed) with no touch in the window, "
                + "\(totals.conversionsReversed) reversed.",
            "Credit goes by the model \(report.attribution.model.rawValue). \(report.attribution.window)",
        ]
    }

    private var clicks: [String] {
        let kinds = report.totals.clicksBy
        let rows = [
            ("human (net)", kinds.human), ("bot", kinds.bot), ("duplicate", kinds.duplicate),
            ("too fast", kinds.tooFast), ("the sharer's own", kinds.own), ("all (gross)", report.totals.clicksGross),
        ]
        return section(
            "Clicks by kind",
            Table(header: ["KIND", "CLICKS"], rightAligned: [false, true], rows: rows.map { [$0, "\($1)"] }).lines())
    }

    private var posts: [String] {
        let totals = report.totals
        guard totals.posts > 0 else { return [] }
        return section(
            "Posts",
            [
                "\(totals.posts) reported, \(totals.postsDisclosed) of them disclosed.",
                "Reach \(totals.reach); potential impressions \(totals.potentialImpressions), which is who might have seen.",
            ])
    }

    private var rates: [String] {
        let rows = report.rates.keys.sorted().map { name in
            [
                name.replacing("_", with: " "), report.rates[name].flatMap { $0 }?.description ?? "–",
                report.formulas[name] ?? "",
            ]
        }
        return section(
            "Rates",
            Table(header: ["RATE", "", "FORMULA"], rightAligned: [false, true, false], rows: rows).lines())
    }

    private var perks: [String] { section("By perk", report.perks, by: .perk) }

    private var dimensions: [[String]] {
        [
            ("By venue", report.venues, .venue), ("By network", report.networks, .network),
            ("By topic", report.topics, .topic), ("By score", report.scoreBands, .scoreBand),
        ].map { (heading: String, lines: [Report.Line], own: Report.Breakdown) in
            lines.count > 1 || own == breakdown ? section(heading, lines, by: own) : []
        }
    }

    private var periods: [String] {
        let (heading, days) =
            switch breakdown {
            case .week: ("By week, from Monday", report.weeks)
            case .month: ("By month", report.months)
            default: ("By day", report.days)
            }
        let busy = days.filter(\.isBusy)
        return busy.isEmpty ? [] : section(heading, output.lines(of: busy))
    }

    private var cohorts: [String] {
        let heading = "Cohorts, by the week of a guest's first redemption"
        guard report.cohorts.isEmpty else { return section(heading, output.lines(of: report.cohorts)) }
        let days = report.attribution.windowDays
        return section(
            heading, ["None is closed: a week lies wholly in the range, and its window of days (\(days)) is over."])
    }

    private var scores: [String] {
        let scores = report.scores
        guard scores.participants.guests + scores.qualifiedOnly.guests > 0 else { return [] }
        func average(_ average: Report.Scores.Average) -> String {
            average.average.map { "\($0) (\(average.guests))" } ?? "–"
        }
        let rows = [("redeemed", scores.participants), ("qualified only", scores.qualifiedOnly)].map { name, group in
            [name, "\(group.guests)", average(group.before), average(group.during), average(group.after)]
        }
        let table = Table(
            header: ["", "GUESTS", "BEFORE", "DURING", "AFTER"], rightAligned: [false, true, true, true, true],
            rows: rows)
        let models = scores.models.map { $0.isEmpty ? "one without a name" : $0 }.joined(separator: ", ")
        return section("Average score before, during and after the campaign (guests who have one)", table.lines())
            + (scores.comparable ? [] : ["These do not compare: they are by several models (\(models))."])
    }

    private var sharers: [String] {
        report.topSharers.isEmpty ? [] : section("Top sharers", output.lines(of: report.topSharers))
    }
}
