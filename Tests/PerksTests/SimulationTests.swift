import Foundation
import Postgres
import Testing

@testable import Perks

@Suite struct SimulationTests {
    /// The whole range and parts of it, every model and window, before and after cohorts have closed.
    private static let questions: [SimulationTruth.Question] = {
        typealias Question = SimulationTruth.Question
        return [
            Question(), Question(model: "first", role: .auditor), Question(model: "linear", role: .operator),
            Question(model: "position", role: .auditor),
            Question(model: "linear", window: 7, now: moment("2026-11-16T04:59:59.999999Z")),
            Question(model: "linear", window: 7, now: moment("2026-11-16T05:00:00Z")),
            Question(model: "position", window: 1, now: moment("2026-11-03T18:00:00Z")),
            Question(from: "2026-10-14", to: "2026-11-08", model: "first", window: 7),
            Question(from: "2026-10-29", to: "2026-11-03", model: "linear", window: 1, role: .auditor),
            Question(from: "2026-11-01", to: "2026-11-01"), Question(from: "2026-09-01", to: "2026-09-02"),
        ]
    }()

    @Test func everyFigureOfTheReportIsTheTruth() async throws {
        let given = ProcessInfo.processInfo.environment["PERKS_SIMULATION_SEED"].flatMap { UInt64($0) }
        let seed = given ?? 20_261_101
        print("PERKS_SIMULATION_SEED=\(seed)")
        let play = Simulation(seed: seed, people: 20_000, days: 48)
        expectRichness(of: play)
        var player = try await SimulationPlayer(play)
        try await player.run()
        let guests = try await player.guests()
        for question in Self.questions {
            let truth = SimulationTruth(
                play, question, guests: guests, perkIDs: player.perks.map(\.description))
            let differences = differences(try await player.report(question), truth.report)
            #expect(differences.isEmpty, "\(question)\n\(differences.prefix(40).joined(separator: "\n"))")
        }
        try await player.palms.expectInvariants()
        await player.palms.close()
    }

    /// A simulation in which nothing happens would prove nothing.
    private func expectRichness(of play: Simulation) {
        for kind in Simulation.Kind.allCases {
            let clicks = play.clicks.filter { $0.kind == kind }
            #expect(clicks.count > 200, "\(kind)")
        }
        let codes = Set(play.steps.compactMap(\.refusal))
        for code in [
            "not_qualified", "minor_blocked", "sold_out", "limit_reached", "campaign_not_running", "guest_not_found",
            "self_referral", "referral_loop", "already_reversed", "already_converted",
        ] {
            #expect(codes.contains(code), "\(code)")
        }
        for count in [0, 1, 2, 3, 4, 5, 100] {
            let conversions = play.conversions.filter { $0.touches.count == count }
            #expect(!conversions.isEmpty, "\(count) touches")
        }
        let reversed = play.conversions.filter { $0.redemption == nil && $0.isReversed }
        #expect(!reversed.isEmpty)
    }

    /// Where two values differ, as paths with both of them.
    private func differences(_ reported: JSONValue?, _ true: JSONValue?, at path: String = "") -> [String] {
        switch (reported, `true`) {
        case (.object(let one), .object(let other)):
            return Set(one.keys).union(other.keys).sorted().flatMap {
                differences(one[$0], other[$0], at: "\(path)/\($0)")
            }
        case (.array(let one), .array(let other)) where one.count == other.count:
            return zip(one, other).enumerated().flatMap { differences($1.0, $1.1, at: "\(path)/\($0)") }
        case (.array(let one), .array(let other)):
            return ["\(path): \(one.count) lines, but \(other.count): \(text(reported)) is not \(text(`true`))"]
        default:
            return reported == `true` ? [] : ["\(path): \(text(reported)) is not \(text(`true`))"]
        }
    }

    private func text(_ value: JSONValue?) -> String {
        value.map { JSON.text($0).text } ?? "nothing"
    }
}

extension SimulationPlayer {
    /// The report as its JSON, but for the words in it, which are held against what they must tell of.
    func report(_ question: SimulationTruth.Question) async throws -> JSONValue {
        let answer = try await compute(question)
        var members = answer.members
        let formulas = members.removeValue(forKey: "formulas")?.members ?? [:]
        let cohorts = ["invitations_per_guest", "conversions_per_invitation", "k_factor", "cycle_days"]
        for name in Array(answer["rates"]?.members.keys ?? [:].keys) + cohorts {
            guard case .string(let formula)? = formulas[name], !formula.isEmpty else {
                Issue.record("\(name) has no formula.")
                continue
            }
        }
        var attribution = members["attribution"]?.members ?? [:]
        if case .string(let sentence)? = attribution.removeValue(forKey: "window") {
            #expect(sentence.contains("\(question.window) day"))
        } else {
            Issue.record("The window is not printed.")
        }
        members["attribution"] = .object(attribution)
        return .object(members)
    }

    private func compute(_ question: SimulationTruth.Question) async throws -> JSONValue {
        let principal = Principal(role: question.role, actor: "test:reader", brand: owners[0].brand)
        let attribution = try #require(Attribution(rawValue: question.model))
        let asked = Report.Question(
            from: date(question.from), to: date(question.to), attribution: attribution, windowDays: question.window)
        return try await palms.backend.transaction(as: principal, readOnly: true, isolation: .repeatableRead) {
            connection in
            try JSONValue(
                of: Report.compute(
                    for: .slug("autumn"), asked, as: principal, at: question.now, in: connection))
        }
    }
}
