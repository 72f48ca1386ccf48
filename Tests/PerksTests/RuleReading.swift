import Eligibility
import Foundation
import Postgres

@testable import Perks

/// What the evaluator says of a rule, guest by guest, and what the other readings of it say instead.
struct RuleReading {
    /// A guest as the desk sees it.
    struct Judged {
        let id: ID<Guest>
        let facts: Facts
    }

    private let rule: Rule
    private let guests: [Judged]
    /// One letter a guest: t, f or ?.
    let verdicts: String
    /// The same of each leaf.
    private let leaves: [String]
    private let texts: [String]
    private var faults: [String] = []

    init(_ rule: Rule, of guests: [Judged]) {
        self.rule = rule
        self.guests = guests
        let compiled = CompiledRule(rule)
        let all = guests.map { compiled.verdict($0.facts) }
        verdicts = String(all.map(\.result.letter))
        texts = all[0].conditions.map(\.text)
        leaves = texts.indices.map { leaf in String(all.map { $0.conditions[leaf].result.letter }) }
        for (guest, verdict) in zip(guests, all) {
            if compiled.result(guest.facts) != verdict.result { fault("result and verdict", guest.id) }
            if verdict.reasons.isEmpty != verdict.qualifies { fault("reasons", guest.id) }
            if verdict.qualifies, verdict.nearest != nil { fault("nearest", guest.id) }
            let truths = verdict.conditions.map(\.result)
            if rule.value(of: truths) != verdict.result { fault("tree and result", guest.id) }
        }
    }

    /// Every difference between the readings; the counts of an audience are only taken where they are asked for.
    func disagreements(
        at now: Timestamp, withAudience: Bool, as principal: Principal, in connection: isolated Connection
    ) throws -> [String] {
        var reading = self
        try reading.compareForms(in: connection)
        try reading.compareSQL(at: now, as: principal, in: connection)
        if withAudience { try reading.compareAudience(at: now, as: principal, in: connection) }
        return reading.faults
    }

    private mutating func fault(_ what: String, _ guest: ID<Guest>? = nil) {
        let person = guest.map { id in
            "\nguest \(id): " + (guests.first { $0.id == id }.map { String(describing: $0.facts) } ?? "unknown")
        }
        faults.append("\(what)\nrule \(rule.text)\(person ?? "")")
    }

    // MARK: Text and JSON

    private mutating func compareForms(in connection: isolated Connection) throws {
        let (text, tree) = (rule.text, try JSONValue(of: rule))
        if (try? Rule(parsing: text))?.flattened() != rule { fault("text read back") }
        if (try? tree.decode(as: Rule.self)) != rule { fault("JSON read back") }
        let stored: JSONValue = try connection.query("select \(tree)::jsonb as rule")[0]["rule"]
        if try Rule.stored(stored) != rule { fault("JSON stored and read back") }
        if (try? stored.decode(as: Rule.self))?.text != text { fault("text of what was stored") }
        // Refuses a tree and a text that say different things.
        if try RuleInput(tree: stored, text: text).rule(in: connection) != rule { fault("tree and text together") }
    }

    // MARK: SQL

    private mutating func compareSQL(
        at now: Timestamp, as principal: Principal, in connection: isolated Connection
    ) throws {
        let query = RuleQuery(
            rule, .init(brand: try principal.requiredBrand().id, now: now, local: World.zone.local(now)))
        func letters(_ condition: Query) -> Query {
            "string_agg(case when \(condition) then 't' when not \(condition) then 'f' else '?' end, '' order by guest_id)"
        }
        let columns = query.leaves.indices.reduce("\(letters(query.condition())) as verdicts" as Query) {
            columns, leaf in
            "\(columns), \(letters("\(identifier: "leaf_\(leaf)")")) as \(identifier: "letters_\(leaf)")"
        }
        let row = try connection.query(
            """
            select array_agg(guest_id order by guest_id) as guests, \(columns)
            from (select g.guest_id, \(query.columns) from \(query.guests)) guests
            """)[0]
        let ids: [ID<Guest>] = try row["guests"]
        guard ids == guests.map(\.id) else { return fault("the guests of SQL") }
        if query.leaves.map(\.text) != texts { fault("the leaves of SQL") }
        try compare("SQL", row["verdicts"], verdicts)
        for leaf in texts.indices { try compare("SQL of \(texts[leaf])", row["letters_\(leaf)"], leaves[leaf]) }
    }

    private mutating func compare(_ what: String, _ found: String, _ expected: String) throws {
        guard found != expected else { return }
        for (guest, (found, expected)) in zip(guests, zip(found, expected)) where found != expected {
            fault("\(what) is \(found), not \(expected)", guest.id)
            return
        }
        fault(what)
    }

    private mutating func compareAudience(
        at now: Timestamp, as principal: Principal, in connection: isolated Connection
    ) throws {
        let audience = try Audience.estimate(.init(ruleText: rule.text), as: principal, at: now, in: connection)
        let counts = [audience.total, audience.qualifying, audience.unknown]
        if counts != [guests.count, verdicts.count { $0 == "t" }, verdicts.count { $0 == "?" }] { fault("audience") }
        let columns = leaves.map(Array.init)
        for (leaf, condition) in audience.conditions.enumerated() {
            if condition.passes != leaves[leaf].count(where: { $0 == "t" }) { fault("passes of \(texts[leaf])") }
            let removed = zip(guests.indices, verdicts).count { guest, verdict in
                var truths = columns.map { Truth(letter: $0[guest]) }
                truths[leaf] = .true
                return verdict != "t" && rule.value(of: truths) == .true
            }
            if condition.removesAlone != removed { fault("removes_alone of \(texts[leaf])") }
        }
    }
}

extension World {
    /// A rule that may be saved, flattened as it would be.
    func savableRule(_ chance: inout RuleChance, in connection: isolated Connection) throws -> Rule {
        while true {
            let rule = chance.rule(depth: chance.number(0...3)).flattened()
            do {
                // Not the rule that is answered, for that has been through JSON already.
                _ = try RuleInput(tree: JSONValue(of: rule), text: nil).rule(in: connection)
                return rule
            } catch let error as PerksError where error.code == .invalidRule {
                continue
            }
        }
    }

    /// The facts of every guest but those who opted out, at each of the moments, as a decision would load them.
    func loadGuests() async throws -> [[RuleReading.Judged]] {
        try await palms.backend.transaction(as: palms.owner) { [palms, guests] connection in
            let catalogue = try palms.backend.catalogues.current(of: palms.owner, in: connection)
            let venue = try catalogue.venue("las-vegas", for: palms.owner)
            return try Self.moments.map { moment in
                let known = try GuestFacts.load(guests, catalogue, as: palms.owner, at: moment, in: connection)
                return known.values.map { guest in
                    var facts = guest.facts(at: moment, venue.zone.local(moment))
                    facts.birthDate = guest.birthDate.date
                    return RuleReading.Judged(id: guest.guest, facts: facts)
                }.sorted { $0.id.uuid.uuidString < $1.id.uuid.uuidString }
            }
        }
    }

    /// The zone of the brand and of its venue.
    static let zone = Zone.stored("America/Los_Angeles")
}

extension Rule {
    /// Kleene's logic by the book over the leaves from left to right, each with the `not` above it already in it.
    fileprivate func value(of signed: [Truth]) -> Truth {
        var rest = signed[...]
        return value(negated: false, &rest)
    }

    private func value(negated: Bool, _ rest: inout ArraySlice<Truth>) -> Truth {
        switch self {
        case .leaf: return rest.popFirst() ?? .unknown
        case .not(let rule): return rule.value(negated: !negated, &rest)
        case .all(let rules), .any(let rules):
            let isAll = if case .all = self { !negated } else { negated }
            var result: Truth = isAll ? .true : .false
            for rule in rules {
                let value = rule.value(negated: negated, &rest)
                result = isAll ? result.and(value) : result.or(value)
            }
            return result
        }
    }

    /// Whether it asks for what a catalogue only loads when a rule of it does.
    var needsHistory: Bool {
        leaves.contains { _, leaf in
            switch leaf {
            case .score(let leaf): leaf.bestDays != nil || leaf.model != nil
            case .redeemed: true
            default: false
            }
        }
    }
}

extension Truth {
    fileprivate var letter: Character {
        switch self {
        case .true: "t"
        case .false: "f"
        case .unknown: "?"
        }
    }

    fileprivate init(letter: Character) {
        self = letter == "t" ? .true : letter == "f" ? .false : .unknown
    }
}
