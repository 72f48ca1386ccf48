import Eligibility
import Foundation
import Postgres

/// Puts a rule to every guest of a file and hands the verdicts on one by one, in constant memory.
///
/// Nothing is recorded.
package struct RuleEvaluation: Sendable {
    /// What the rule says of one row.
    package struct Line: Codable, Sendable {
        package let line: Int
        /// As `network:handle`; nil for a row that cannot be read.
        package let guest: String?
        /// `qualified` or `not_qualified`.
        package let verdict: String?
        package let result: String?
        package let reasons: [DecisionReason]?
        package let nearest: String?
        /// Why a row cannot be read.
        package let refused: String?
    }

    private let rule: CompiledRule
    private let reader: GuestRowReader
    /// What lies below each topic that the rule names, the topic itself included.
    private let below: [String: Set<Int>]
    private let local: Facts.Local
    private let now: Timestamp

    /// Prepares a rule; ages and `local_time` are taken in the brand's zone at the moment given.
    package init(
        _ draft: Audience.Draft, as principal: Principal, at now: Timestamp, in connection: isolated Connection
    ) throws {
        guard let rule = try RuleInput(tree: draft.rule, text: draft.ruleText).rule(in: connection) else {
            throw PerksError.invalid("/rule", "missing", "rule or rule_text is required.")
        }
        let now = draft.at ?? now
        self.rule = CompiledRule(rule)
        self.now = now
        local = try principal.requiredBrand().zone.local(now)
        reader = GuestRowReader(now: now, topics: try TopicNames(in: connection))
        var below: [String: Set<Int>] = [:]
        let rows = try connection.query(
            """
            select n.slug, c.descendant_id from topic_name n join topic_closure c on c.ancestor_id = n.topic_id
            where n.slug = any (\(Array(rule.topicSlugs)))
            """)
        for row in rows { below[try row["slug"], default: []].insert(try row["descendant_id"]) }
        self.below = below
    }

    /// Reads a CSV file of guests to its end and hands on a verdict for each.
    package func run<Bytes: AsyncSequence>(
        _ bytes: Bytes, _ emit: (Line) async throws -> Void
    ) async throws where Bytes.Element == [UInt8] {
        var csv = CSV()
        var header: [String]?
        func lines(of records: [CSV.Record]) throws -> [Line] {
            try records.compactMap { record in
                guard let names = header else {
                    header = try reader.header(record)
                    return nil
                }
                return line(record, under: names)
            }
        }
        for try await chunk in bytes {
            var records: [CSV.Record] = []
            csv.feed(chunk) { records.append($0) }
            for line in try lines(of: records) { try await emit(line) }
        }
        var records: [CSV.Record] = []
        csv.finish { records.append($0) }
        for line in try lines(of: records) { try await emit(line) }
    }

    private func line(_ record: CSV.Record, under header: [String]) -> Line {
        let row: GuestRow
        do throws(GuestRow.Refusal) {
            row = try reader.row(record, under: header)
        } catch {
            return Line(
                line: record.line, guest: nil, verdict: nil, result: nil, reasons: nil, nearest: nil,
                refused: error.reason)
        }
        let verdict = rule.verdict(facts(row))
        return Line(
            line: record.line, guest: "\(row.identity.network):\(row.identity.handle)",
            verdict: verdict.qualifies ? "qualified" : "not_qualified", result: verdict.result.rawValue,
            reasons: verdict.reasons.map(DecisionReason.init), nearest: verdict.nearest, refused: nil)
    }

    private func facts(_ row: GuestRow) -> Facts {
        let exact = below.keys.compactMap { slug in
            reader.topics[slug].flatMap { row.topics[$0] }.map { (slug, $0) }
        }
        let best = below.compactMap { slug, topics in
            row.topics.filter { topics.contains($0.key) }.values.max().map { (slug, $0) }
        }
        let score = row.score.map { score in
            Facts.Score(
                hundredths: score, model: row.scoreModel ?? "",
                measuredAt: (row.scoreMeasuredAt ?? now).microseconds)
        }
        return Facts(
            now: now.microseconds, local: local, birthDate: row.birthDate, country: row.country, region: row.region,
            city: row.city, gender: row.gender, language: row.language, reach: row.reach,
            scores: score.map { [$0] } ?? [],
            topics: Dictionary(exact) { first, _ in first }, topicsBelow: Dictionary(best) { first, _ in first },
            networks: [.init(name: row.identity.network, verified: row.verified ?? false)], segments: [], redeemed: [])
    }
}
