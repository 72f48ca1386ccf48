import Eligibility
import Perks
import Postgres

extension Simulation {
    struct Person {
        let network: String
        let handle: String
        var displayName: String?
        let birthDate: LocalDate?
        let country: String?
        let reach: Int?
        var strengths: [String: Int]
        var identities: [Identity]
        /// The score that they are imported with.
        let firstScore: Score?
        var scores: [Score]
        var hasOptedOut = false

        var name: String { "\(network):\(handle)" }
    }

    struct Identity {
        let at: Timestamp
        let network: String
        let handle: String
    }

    /// In hundredths.
    struct Score {
        let value: Int
        let model: String
        let at: Timestamp
        let recorded: Timestamp
    }

    static let networks = ["twitter", "linkedin", "instagram", "mastodon"]
    static let topics = (1...70).map { "topic-\($0 < 10 ? "0" : "")\($0)" }
    /// When the people are imported, a fourth of them each.
    static let imports = ["01", "02", "03", "04"].map { moment("2026-10-\($0)T12:00:00Z") }
    /// When the campaign begins and ends by the clocks of the brand.
    static let begin = WallClock.newYork.start(of: date("2026-10-12"))
    static let end = WallClock.newYork.start(of: date("2026-11-16"))

    mutating func makePeople(_ count: Int) {
        for number in 0..<count {
            let at = Self.imports[number * Self.imports.count / count]
            let network = chance.pick(Self.networks)
            var strengths: [String: Int] = [:]
            if chance.number(0...9) < 8 {
                // The first topics are the most common, and strengths are often equal.
                for _ in 0..<chance.number(1...3) {
                    let topic = chance.number(0...chance.pick([4, 30, 69]))
                    strengths[Self.topics[topic]] = chance.pick([1000, 4000, 4050, 9000, 9000])
                }
            }
            let measured = at.later(by: -Int64(chance.number(1...2_000_000)) * 1_000_000)
            let score =
                chance.number(0...6) == 0
                ? nil : Score(value: chance.number(100...10_000), model: "2026.1", at: measured, recorded: at)
            let person = Person(
                network: network, handle: "g\(number)", displayName: chance.flip() ? "Guest No \(number)" : nil,
                birthDate: birthDate(), country: chance.pick(["US", "US", "US", "CA", "GB", "GB", "FR", nil]),
                reach: chance.number(0...6) == 0 ? nil : chance.number(0...20_000), strengths: strengths,
                identities: [Identity(at: at, network: network, handle: "g\(number)")], firstScore: score,
                scores: score.map { [$0] } ?? [])
            people.append(person)
        }
    }

    private mutating func birthDate() -> LocalDate? {
        switch chance.number(0...99) {
        case 0...8: nil
        case 9...15: date("2009-01-15").adding(days: chance.number(0...700))
        case 16...17: date("2008-10-10").adding(days: chance.number(0...40))
        default: date("1950-01-01").adding(days: chance.number(0...20_000))
        }
    }

    /// Whether somebody is of age on every day that is simulated; nil where that depends on the day or is not known.
    func isAdult(_ person: Int) -> Bool? {
        guard let birthDate = people[person].birthDate else { return nil }
        if birthDate.age(on: date("2026-10-01")) >= 18 { return true }
        return birthDate.age(on: date("2026-12-31")) < 18 ? false : nil
    }

    // MARK: Scores that are measured again

    /// Measures many again: by either model, on both sides of the campaign's ends and at moments that are taken already.
    mutating func measureAgain(at now: Timestamp, from first: Timestamp, edges: [Timestamp]) {
        var rows: [(Int, Score)] = []
        for person in people.indices where survivors[person] == nil && chance.number(0...9) < 3 {
            let last = people[person].scores.last
            let span = now.microseconds - first.microseconds
            let moments =
                edges + (last.map { [$0.at] } ?? []) + [first.later(by: Int64.random(in: 0...span, using: &chance))]
            let at = chance.number(0...3) > 0 ? moments[moments.count - 1] : chance.pick(moments)
            let model = chance.pick(["2026.1", "2026.2", "2026.2", ""])
            rows.append(
                (person, Score(value: chance.number(100...10_000), model: model, at: at, recorded: now)))
        }
        for (person, score) in rows { record(score, of: person) }
        steps.append(Step(at: now, act: .measure(rows)))
    }

    private mutating func record(_ score: Score, of person: Int) {
        let index = people[person].scores.firstIndex { $0.at == score.at && $0.model == score.model }
        guard let index else {
            people[person].scores.append(score)
            return
        }
        if people[person].scores[index].value != score.value { people[person].scores[index] = score }
    }

    // MARK: Files

    /// People as a file that is imported.
    func file(of range: Range<Int>) -> String {
        let header = "network,handle,display_name,birth_date,country,reach,score,score_model,score_measured_at,topics"
        let lines = people[range].map { person in
            let score = person.firstScore
            let topics = person.strengths.sorted { $0.key < $1.key }.map { "\($0.key):\(Self.points($0.value))" }
            let cells: [String?] = [
                person.network, person.handle, person.displayName, person.birthDate?.description, person.country,
                person.reach.map(String.init), score.map { Self.points($0.value) }, score?.model, score?.at.rfc3339,
                topics.joined(separator: ";"),
            ]
            return cells.map { $0 ?? "" }.joined(separator: ",")
        }
        return ([header] + lines).joined(separator: "\n")
    }

    /// Scores as a file that is imported.
    func file(of scores: [(Int, Score)]) -> String {
        let lines = scores.map { person, score in
            let identity = people[person]
            return
                "\(identity.network),\(identity.handle),\(Self.points(score.value)),\(score.model),\(score.at.rfc3339)"
        }
        return (["network,handle,score,score_model,score_measured_at"] + lines).joined(separator: "\n")
    }

    private static func points(_ hundredths: Int) -> String {
        "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100)"
    }
}
