/// `score >= 60`, `score(best 90 days, fresh 30 days, model "2026.2") between 40 and 60`: the newest score, or the best
/// of some days, if the newest is not too old.
package struct ScoreLeaf: LeafKind {
    /// In hundredths.
    package var bounds: Bounds
    /// Takes the best score of so many days instead of the newest.
    package var bestDays: Int?
    /// Asks that the newest score be no older than so many days.
    package var freshDays: Int?
    /// Counts the scores of this model only.
    package var model: String?

    static let names = ["score"]
    static let sentences = [
        "score_unknown": "The score is unknown.",
        "score_too_old": "The newest score is older than {required} days.",
        "score_below_minimum": "The score is below {required}.",
        "score_above_maximum": "The score is above {required}.",
        "score_not_below": "The score is not below {required}.",
        "score_not_above": "The score is not above {required}.",
        "score_not_outside": "The score is between {minimum} and {maximum}.",
        "score_at_least": "a score of {required} or more",
        "score_at_most": "a score of {required} or less",
        "score_below": "a score below {required}",
        "score_above": "a score above {required}",
    ]

    /// A score within bounds, which are hundredths.
    package init(_ bounds: Bounds, bestDays: Int? = nil, freshDays: Int? = nil, model: String? = nil) {
        self.bounds = bounds
        self.bestDays = bestDays
        self.freshDays = freshDays
        self.model = model
    }

    init(_ name: String, members: inout LeafMembers) throws(RuleError) {
        bounds = try Bounds(.hundredths, members: &members)
        bestDays = try members.number("best_days", .whole)
        freshDays = try members.number("fresh_days", .whole)
        model = try members.text("model")
    }

    init(_ name: String, parser: inout RuleParser) throws(RuleError) {
        if try parser.accept(sign: "(") {
            repeat {
                if bestDays == nil, try parser.accept(word: "best") {
                    bestDays = try parser.days(after: "best")
                } else if freshDays == nil, try parser.accept(word: "fresh") {
                    freshDays = try parser.days(after: "fresh")
                } else if model == nil, try parser.accept(word: "model") {
                    model = try parser.value("the name of a model")
                } else {
                    throw parser.expected("best, fresh or model, each once")
                }
            } while try parser.accept(sign: ",")
            try parser.expect(")", "to close the options of score")
        }
        bounds = try parser.bounds(.hundredths, after: "score")
    }

    var leaf: Leaf { .score(self) }
    var name: String { "score" }
    var rigidity: Rigidity { .standing }
    var isNeverUnknown: Bool { false }

    var text: String {
        var options: [String] = []
        if let bestDays { options.append("best \(bestDays) days") }
        if let freshDays { options.append("fresh \(freshDays) days") }
        if let model { options.append("model \(model.quoted)") }
        return (options.isEmpty ? "score " : "score(\(options.joined(separator: ", "))) ") + bounds.text(.hundredths)
    }

    func write(to members: inout LeafWriter) throws {
        try bounds.write(.hundredths, to: &members)
        try members.write(bestDays, .whole, "best_days")
        try members.write(freshDays, .whole, "fresh_days")
        if let model { try members.encode(model, forKey: MemberName("model")) }
    }

    func problems(_ known: KnownNames) -> [RuleError] {
        var problems = bounds.problems
        if let problem = RuleError.problem(inDays: bestDays, "/best_days") { problems.append(problem) }
        if let problem = RuleError.problem(inDays: freshDays, "/fresh_days") { problems.append(problem) }
        if let model, let problem = RuleError.problem(inValue: model, "/model") { problems.append(problem) }
        return problems
    }

    func test() -> LeafTest {
        LeafTest { facts in
            if case .known(let score) = reading(facts) { Truth(bounds.contains(score)) } else { .unknown }
        }
    }

    func finding(_ facts: Facts, negated: Bool) -> Finding {
        switch reading(facts) {
        case .known(let score): bounds.finding(measure, actual: score, negated: negated)
        case .none: Finding(code: "score_unknown")
        case .tooOld(let days):
            Finding(
                code: "score_too_old", values: ["required": .text(String(days))], required: .number(days, .whole))
        }
    }

    func changes(_ facts: Facts, negated: Bool) -> [Change] {
        let actual: Int? = if case .known(let score) = reading(facts) { score } else { nil }
        let model = model ?? facts.scores.first?.model ?? ""
        return bounds.targets(measure, actual: actual, negated: negated).map { target in
            Change(
                "score", rigidity, gap: Change.gap(from: actual, to: target.number), key: target.key,
                values: target.values
            ) { facts in
                let score = Facts.Score(hundredths: target.number, model: model, measuredAt: facts.now)
                facts.scores.insert(score, at: 0)
            }
        }
    }

    private var measure: Measure { Measure(noun: "score", unit: .hundredths, range: 100...10_000) }

    private enum Reading {
        case known(Int)
        case none
        case tooOld(days: Int)
    }

    private func reading(_ facts: Facts) -> Reading {
        guard let newest = facts.scores.first(where: counts) else { return .none }
        if let freshDays, newest.measuredAt < facts.moment(daysAgo: freshDays) { return .tooOld(days: freshDays) }
        guard let bestDays else { return .known(newest.hundredths) }
        let start = facts.moment(daysAgo: bestDays)
        var best: Int?
        for score in facts.scores where score.measuredAt >= start && counts(score) {
            best = max(best ?? score.hundredths, score.hundredths)
        }
        return best.map { .known($0) } ?? .tooOld(days: bestDays)
    }

    private func counts(_ score: Facts.Score) -> Bool {
        model == nil || score.model == model
    }
}
