import Foundation
import Perks

/// Holds what was answered against what is in the database, when all is over and the server still runs.
struct Audit {
    private let stage: Stage
    /// What should not be, each with the history of its key.
    private(set) var violations: [String] = []
    /// How many that were unknown have been resolved, by kind.
    private(set) var resolved: [Request.Kind: Int] = [:]
    private(set) var replays = 0

    init(of stage: Stage) {
        self.stage = stage
    }

    /// Resolves, repeats and compares everything.
    mutating func run() async throws {
        for status in stage.server.ownEnds { violations.append("The server ended by itself, with \(status).") }
        checkAnswers()
        let early = try await Tables.read(stage.program.database)
        for record in stage.history.all where record.answer == nil && !record.isOpen && !record.hasUnknown {
            if early.keys.contains(record.request.key) { blame(record, "It was refused and its key is bound.") }
        }
        await resolve(early)
        let tables = try await Tables.read(stage.program.database)
        check(tables)
        await replay()
        let after = try await Tables.read(stage.program.database)
        if after.units.count != tables.units.count || after.keys.count != tables.keys.count {
            violations.append(
                "Repeating what had been answered made \(after.units.count - tables.units.count) units and "
                    + "\(after.keys.count - tables.keys.count) keys.")
        }
        for kind in stage.kinds
        where !stage.history.all.contains(where: { $0.request.kind == kind && $0.answer != nil }) {
            violations.append("No \(kind.rawValue) was ever acknowledged: this run proves nothing of it.")
        }
        let doctor = try await stage.program.run(["doctor", "--deep"])
        if doctor.status != 0 {
            violations.append("perks doctor --deep ended with \(doctor.status):\n\(doctor.output)")
        }
    }

    private mutating func blame(_ record: History.Record, _ sentence: String) {
        // One fault of a request may show in several of its answers.
        let violation = "\(sentence)\n\(record)"
        if violations.last != violation { violations.append(violation) }
    }

    // MARK: What the answers say by themselves

    private mutating func checkAnswers() {
        for record in stage.history.all {
            let request = record.request
            for case .refused(_, let code) in record.attempts.map(\.outcome)
            where !request.mayBeRefusedWith.contains(code) {
                blame(record, "It must not be refused with \(code).")
            }
            guard let answer = record.answer else { continue }
            checkRepeats(of: record, answer)
            guard request.kind != .release else { continue }
            let noun = request.kind == .hold ? "hold" : "redemption"
            if answer.status != 201 { blame(record, "It was not answered with 201.") }
            if TypeID(record.id ?? "")?.prefix != noun { blame(record, "The answer has no id of a \(noun).") }
            if answer.text("slug", in: "perk") != request.perk { blame(record, "The answer is of another perk.") }
            if let unit = request.unit, TypeID(unit)?.uuid != TypeID(record.id ?? "")?.uuid {
                blame(record, "The answer is of another unit than \(unit).")
            }
        }
    }

    private mutating func checkRepeats(of record: History.Record, _ answer: Answer) {
        let isKeyed = stage.isKeyed(record.request)
        let first = record.attempts.compactMap { $0.outcome.answer == nil ? nil : $0.end }.min() ?? .max
        for attempt in record.attempts {
            if let other = attempt.outcome.answer, isKeyed, other.body != answer.body || other.status != answer.status {
                blame(record, "Two different answers to one key.")
            }
            if attempt.outcome.refusal != nil, isKeyed, attempt.begin > first {
                blame(record, "It was refused after it had been acknowledged.")
            }
        }
        let firsts = record.attempts.count { $0.outcome.answer?.isReplay == false }
        if firsts > 1, isKeyed {
            blame(record, "Of all answers to a key one is the first, and \(firsts) of these say nothing of a repeat.")
        } else if firsts > 1, record.request.kind == .reversal {
            blame(record, "It was done more than once.")
        }
    }

    // MARK: Repeating

    /// Repeats what is open until it is decided.
    private mutating func resolve(_ early: Tables) async {
        for (record, outcome) in await repeatAll(stage.history.all.filter(\.isOpen)) {
            guard !outcome.isUnknown else {
                blame(record, "It was not decided however often it was repeated.")
                continue
            }
            resolved[record.request.kind, default: 0] += 1
            if early.keys.contains(record.request.key), outcome.answer?.isReplay != true {
                blame(record, "Its key was bound, and it was not answered as a repeat.")
            }
        }
    }

    /// Repeats what was acknowledged: the same answer must come, byte for byte.
    private mutating func replay() async {
        let acknowledged = stage.history.all.filter { stage.isKeyed($0.request) && $0.answer != nil }
        for (record, outcome) in await repeatAll(acknowledged) {
            replays += 1
            guard let repeated = outcome.answer, let answer = record.answer else {
                blame(record, "It was acknowledged, and its repeat was not.")
                continue
            }
            if !repeated.isReplay { blame(record, "Its repeat does not say that it is one.") }
            if repeated.status != answer.status || repeated.body != answer.body {
                blame(record, "Its repeat got another answer.")
            }
        }
    }

    /// Sends each again, a few at once, until it is decided or patience is at its end; answers their histories with that.
    private func repeatAll(_ records: [History.Record]) async -> [(History.Record, Outcome)] {
        let (stage, deadline) = (stage, ContinuousClock.now + Server.patience)
        @Sendable func again(_ request: Request) async -> Outcome {
            var outcome = await stage.attempt(request)
            while outcome.isUnknown, ContinuousClock.now < deadline {
                try? await Task.sleep(for: .milliseconds(100))
                outcome = await stage.attempt(request)
            }
            return outcome
        }
        return await withTaskGroup(of: (Request, Outcome).self) { group in
            var waiting = records.map(\.request)[...]
            for request in waiting.prefix(8) { group.addTask { (request, await again(request)) } }
            waiting = waiting.dropFirst(8)
            var repeated: [(History.Record, Outcome)] = []
            while let (request, outcome) = await group.next() {
                if let record = stage.history[request.key] { repeated.append((record, outcome)) }
                if let request = waiting.popFirst() { group.addTask { (request, await again(request)) } }
            }
            return repeated
        }
    }

    // MARK: The tables

    private mutating func check(_ tables: Tables) {
        let records = stage.history.all
        var requests: [UUID: [History.Record]] = [:]
        for record in records {
            guard let unit = record.unit else { continue }
            requests[unit, default: []].append(record)
        }
        for (id, unit) in tables.units {
            check(id, unit, requests[id] ?? [], reversals: tables.reversals[id] ?? 0)
        }
        for record in records where record.makes && record.answer != nil {
            guard let id = record.unit, let unit = tables.units[id] else {
                blame(record, "It was acknowledged and is not there.")
                continue
            }
            if unit.guest != record.request.guest || unit.perk != record.request.perk {
                blame(record, "It is there for \(unit.guest), of the perk \(unit.perk).")
            }
            if !unit.keys.contains(record.request.key) { blame(record, "Its unit is not named by its key.") }
        }
        for perk in stage.perks {
            let live = tables.units.values.count { $0.perk == perk.slug && ["held", "redeemed"].contains($0.status) }
            if let stock = perk.stock, live > stock {
                violations.append("Of the perk \(perk.slug) there are \(stock), and \(live) are held or redeemed.")
            }
        }
    }

    /// Whether a unit is explained by the requests that tell of it, and has the status that they led to.
    private mutating func check(_ id: UUID, _ unit: Tables.Unit, _ requests: [History.Record], reversals: Int) {
        let name = "\(unit.perk) for \(unit.guest), \(unit.status) (\(id))"
        func accuse(_ sentence: String) -> String {
            ([sentence] + requests.map(\.description)).joined(separator: "\n")
        }
        let made = requests.filter { $0.makes && $0.answer != nil }
        if made.isEmpty { violations.append(accuse("No request explains \(name), named by \(unit.keys).")) }
        for key in unit.keys where !made.contains(where: { $0.request.key == key }) {
            violations.append(accuse("The key \(key) was not acknowledged, and names \(name)."))
        }
        let undone = requests.filter { $0.request.kind == .reversal }
        let isUndone = undone.contains { $0.answer != nil || $0.hasUnknown && $0.refusal == "already_reversed" }
        if undone.count(where: { $0.answer != nil }) > 1 {
            violations.append(accuse("Two requests took back \(name)."))
        }
        let released = requests.filter { $0.request.kind == .release }
        let expected: Set<String> =
            if isUndone {
                ["reversed"]
            } else if made.contains(where: { $0.request.kind == .redemption }) {
                ["redeemed"]
            } else if released.contains(where: { $0.answer != nil }) {
                ["released", "expired"]
            } else if released.contains(where: \.hasUnknown) {
                ["held", "released", "expired"]
            } else {
                ["held", "expired"]
            }
        if !expected.contains(unit.status) {
            violations.append(accuse("It should be \(expected.sorted().joined(separator: " or ")): \(name)."))
        }
        if reversals != (unit.status == "reversed" ? 1 : 0) {
            violations.append(accuse("It was taken back \(reversals) times: \(name)."))
        }
    }
}

extension History.Record {
    /// Whether the request makes a unit, or makes another of it.
    fileprivate var makes: Bool { request.kind == .redemption || request.kind == .hold }

    /// The unit that it made or was about.
    fileprivate var unit: UUID? {
        switch request.kind {
        case .redemption, .hold: id.flatMap { TypeID($0)?.uuid }
        case .release, .reversal: request.unit.flatMap { TypeID($0)?.uuid }
        }
    }

    fileprivate var refusal: String? { attempts.last?.outcome.refusal }
}

extension Stage {
    /// The kinds of requests that clients send.
    fileprivate var kinds: [Request.Kind] { hasHolds ? Request.Kind.allCases : [.redemption, .reversal] }

    /// Whether the server promises the same answer to every repeat.
    func isKeyed(_ request: Request) -> Bool {
        switch request.kind {
        case .redemption, .hold: true
        case .release: false
        case .reversal: hasReversalKeys
        }
    }
}
