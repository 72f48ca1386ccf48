import Foundation
import Testing

@testable import Perks

/// Audiences of the whole ontology and 20,000 guests, counted a second time from the text of the files alone.
@Suite struct AudienceDataTests {
    /// A rule, and what one row of the file says to it: true, false, or nil where it does not say.
    private typealias Case = (rule: String, truth: (Row) -> Bool?)

    @Test(.enabled(if: hasSharedData, "the ontology and the 20,000 guests are not at hand"))
    func countsAreThoseOfTheFiles() async throws {
        let palms = try await Palms()
        let edges = try text("topics/edges.csv")
        let topics = try text("topics/topics.csv") + "\n" + edges
        _ = try await TopicImport(palms.backend, as: palms.platform, at: Palms.now).run(stream(topics, chunk: 65_536))
        let guests = try text("guests/guests.csv")
        let outcome = try await GuestImport(palms.backend, as: palms.platform, at: Palms.now)
            .run(stream(guests, chunk: 65_536), format: .csv)
        try #require(outcome.added == 20_000)
        let rows = Row.all(guests)
        let listed = rows.prefix(1500).map { "\($0["network"]):\($0["handle"])" }
        _ = try await palms.backend.transaction(as: palms.owner) { connection in
            try Segment.put("vip", .init(name: "VIP"), as: palms.owner, at: Palms.now, in: connection)
        }
        _ = try await SegmentImport(palms.backend, as: palms.owner, at: Palms.now)
            .run(stream(listed.joined(separator: "\n")), into: "vip")

        for (rule, truth) in cases(Ontology(edges), listed: Set(listed)) {
            let audience = try await estimate(rule, palms)
            let truths = rows.map(truth)
            #expect(audience.total == rows.count)
            #expect(audience.qualifying == truths.count { $0 == true }, "\(rule)")
            #expect(audience.unknown == truths.count { $0 == nil }, "\(rule)")
            #expect(audience.qualifying > 0 && audience.qualifying < rows.count, "\(rule) says little")
        }
        try await checkConditions(Ontology(edges), rows, palms)
        await palms.close()
    }

    /// The moment of the count is 2026-11-21 19:00 in Las Vegas, and 2026-11-22 03:00 in UTC.
    private func cases(_ ontology: Ontology, listed: Set<String>) -> [Case] {
        let (casinos, sports) = (ontology.below("casinos"), ontology.below("sports-and-recreation-super"))
        let (food, travel) = (ontology.below("food-and-drink-super"), ontology.below("travel-and-tourism-super"))
        return [
            ("score >= 60", { $0.score >= 60 }),
            ("score between 40 and 45.36", { $0.score >= 40 && $0.score <= 45.36 }),
            (
                "score(fresh 30 days) >= 50",
                { $0["score_measured_at"] >= "2026-10-23T03:00:00Z" ? $0.score >= 50 : nil }
            ),
            (
                "score(best 60 days, model \"2026.1\") >= 30",
                { row in
                    guard row["score_model"] == "2026.1", row["score_measured_at"] >= "2026-09-23T03:00:00Z" else {
                        return nil
                    }
                    return row.score >= 30
                }
            ),
            ("topic(casinos)", { $0.strength(in: casinos) >= 20 }),
            ("topic(sports-and-recreation-super) >= 85.5", { $0.strength(in: sports) >= 85.5 }),
            ("topic(casinos; exact) >= 50", { $0.strength(in: ["casinos"]) >= 50 }),
            (
                "topic(food-and-drink-super, travel-and-tourism-super; all) >= 40",
                { $0.strength(in: food) >= 40 && $0.strength(in: travel) >= 40 }
            ),
            (
                "age between 21 and 35",
                { $0.birthDate.map { $0 <= "2005-11-21" && $0 > "1990-11-21" } }
            ),
            ("country in (us, Ca)", { $0.known("country").map { ["US", "CA"].contains($0) } }),
            (
                "city in (\"SÃO PAULO\", montréal)",
                { $0.known("city").map { ["São Paulo", "Montréal"].contains($0) } }
            ),
            ("not gender in (male)", { $0.known("gender").map { $0 != "male" } }),
            ("network in (Twitter; verified)", { $0["network"] == "twitter" && $0["verified"] == "true" }),
            (
                "segment in (vip) and reach >= 1000",
                { row in
                    listed.contains("\(row["network"]):\(row["handle"])") ? row.reach.map { $0 >= 1000 } : false
                }
            ),
            (
                "language in (en) and local_time(sat, 18:00-20:00)",
                { $0.known("language").map { $0 == "en" } }
            ),
        ]
    }

    /// How many each condition lets pass, and how many it keeps out alone.
    private func checkConditions(_ ontology: Ontology, _ rows: [Row], _ palms: Palms) async throws {
        let audience = try await estimate("score >= 60 and topic(casinos) and age >= 21", palms)
        let casinos = ontology.below("casinos")
        let truths = rows.map { row -> [Bool?] in
            [row.score >= 60, row.strength(in: casinos) >= 20, row.birthDate.map { $0 <= "2005-11-21" }]
        }
        #expect(audience.qualifying == truths.count { $0.allSatisfy { $0 == true } })
        for (index, condition) in audience.conditions.enumerated() {
            #expect(condition.passes == truths.count { $0[index] == true })
            let alone = truths.count { truth in
                truth.enumerated().allSatisfy { ($0.element == true) == ($0.offset != index) }
            }
            #expect(condition.removesAlone == alone)
        }
    }

    private func estimate(_ rule: String, _ palms: Palms) async throws -> Audience {
        try await palms.backend.transaction(as: palms.owner) { connection in
            try Audience.estimate(.init(ruleText: rule), as: palms.owner, at: Palms.now, in: connection)
        }
    }

    private func text(_ path: String) throws -> String {
        try String(contentsOf: sharedData.appendingPathComponent(path), encoding: .utf8)
    }
}

/// One line of the guests' file, which has no quotes in it; cells by column.
private struct Row {
    private let cells: [String: String]

    static func all(_ file: String) -> [Row] {
        let lines = file.split(separator: "\n").map { $0.split(separator: ",", omittingEmptySubsequences: false) }
        return lines.dropFirst().map { line in
            Row(cells: Dictionary(uniqueKeysWithValues: zip(lines[0].map(String.init), line.map(String.init))))
        }
    }

    subscript(column: String) -> String { cells[column] ?? "" }

    func known(_ column: String) -> String? { self[column].isEmpty ? nil : self[column] }

    var birthDate: String? { known("birth_date") }
    var score: Double { Double(self["score"]) ?? 0 }
    var reach: Int? { known("reach").flatMap { Int($0) } }

    /// The best strength in any of some topics.
    func strength(in topics: Set<String>) -> Double {
        self["topics"].split(separator: ";").reduce(0) { best, entry in
            let parts = entry.split(separator: ":")
            guard topics.contains(parts.dropLast().joined(separator: ":")), let last = parts.last else { return best }
            return max(best, Double(last) ?? 0)
        }
    }
}

/// The file of edges, in which only slugs are quoted.
private struct Ontology {
    private var children: [String: [String]] = [:]

    init(_ file: String) {
        for line in file.split(separator: "\n").dropFirst() {
            let parts = line.split(separator: "\"", omittingEmptySubsequences: false)
            children[String(parts[1]), default: []].append(String(parts[3]))
        }
    }

    /// A topic and everything below it.
    func below(_ topic: String) -> Set<String> {
        var found: Set<String> = [topic]
        var waiting = [topic]
        while let next = waiting.popLast() {
            waiting += (children[next] ?? []).filter { found.insert($0).inserted }
        }
        return found
    }
}
