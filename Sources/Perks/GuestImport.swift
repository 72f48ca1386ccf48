import Eligibility
import Foundation
import Postgres
import Synchronization

/// Takes guests from a file of any size: rows are checked one by one, streamed into a temporary table and merged there.
///
/// Running the same file again is safe, and the way to go on after an interruption: nothing is kept of a file that was
/// not read to its end, and rows that say nothing new change nothing.
package struct GuestImport: Sendable {
    /// The form of a file.
    package enum Format: Sendable {
        case csv
        /// One JSON object a line.
        case ndjson
    }

    /// What became of a file's rows.
    package struct Outcome: Codable, Sendable, Described {
        package var added: Int
        package var updated: Int
        package var unchanged: Int
        /// The refused rows, the first thousand of them.
        package var refused: [RefusedRow]
        package var refusedCount: Int

        private enum CodingKeys: String, CodingKey {
            case added, updated, unchanged, refused
            case refusedCount = "refused_count"
        }

        package static let schemaName = "ImportOutcome"
        package static let schema = JSONSchema.object([
            .required("added", .integer(0...Int.max)), .required("updated", .integer(0...Int.max)),
            .required("unchanged", .integer(0...Int.max)),
            .required("refused", .array(of: RefusedRow.schema, 0...1000), "The first thousand refused rows."),
            .required("refused_count", .integer(0...Int.max), "How many rows were refused in all."),
        ])
    }

    let backend: Backend
    let source: String?
    let consent: String?
    let principal: Principal
    let now: Timestamp
    /// Is told of every chunk read, in bytes.
    let progress: @Sendable (Int) -> Void

    /// Prepares to take guests that a source supplies under a consent, each a plain name of up to 200 characters.
    package init(
        _ backend: Backend, source: String? = nil, consent: String? = nil, as principal: Principal, at now: Timestamp,
        progress: @escaping @Sendable (Int) -> Void = { _ in }
    ) {
        self.backend = backend
        self.source = source
        self.consent = consent
        self.principal = principal
        self.now = now
        self.progress = progress
    }

    /// Reads a stream of guests to its end and merges them, all in one transaction.
    package func run<Bytes: AsyncSequence & Sendable>(
        _ bytes: Bytes, format: Format
    ) async throws -> Outcome where Bytes.Element == [UInt8] {
        let supply = try Guest.Supply(source: source, consent: consent)
        let (names, hasher) = try await backend.transaction(as: principal) { [now] connection in
            (try TopicNames(in: connection), try IdentityHasher(in: connection, at: now))
        }
        let rows = GuestRows(
            format: format, reader: GuestRowReader(now: now, topics: names), hasher: hasher, now: now)
        let staged = StagedChunks(source: bytes, stager: rows, progress: progress)
        return try await backend.reporting {
            try await backend.database.copy(
                staged, "copy guest_import (\(fragment: Self.staged)) from stdin",
                prepare: { connection in
                    try connection.act(for: .zero)
                    try connection.script(Self.stagingTable)
                },
                merge: { [principal, now] connection in
                    try Self.merge(rows, supply, as: principal, at: now, in: connection)
                })
        }
    }

    private static func merge(
        _ rows: GuestRows, _ supply: Guest.Supply, as principal: Principal, at now: Timestamp,
        in connection: isolated Connection
    ) throws -> Outcome {
        var refused = rows.refused
        for hash in ["identity_hash", "older_hash"] {
            let tombstoned = try connection.query(
                """
                with gone as (
                    delete from guest_import i using tombstone t where t.identity_hash = i.\(identifier: hash) returning i.line
                )
                select line from gone order by line
                """)
            for row in tombstoned {
                refused.add(line: try row["line"], optedOutReason)
            }
        }
        let counts = try connection.query(
            """
            select added, updated, unchanged
            from merge_guest_import(\(rows.given), \(now), \(supply.source), \(supply.consent), \(principal.actor))
            """)[0]
        let outcome = Outcome(
            added: try counts["added"], updated: try counts["updated"], unchanged: try counts["unchanged"],
            refused: refused.rows.sorted { $0.line < $1.line }, refusedCount: refused.count)
        try AuditEvent.record(
            "guest.import",
            [
                "added": .number(Decimal(outcome.added)), "updated": .number(Decimal(outcome.updated)),
                "unchanged": .number(Decimal(outcome.unchanged)), "refused": .number(Decimal(refused.count)),
            ], as: principal, at: now, in: connection)
        return outcome
    }

    static let optedOutReason = "This person asked to be left out; nothing of them is kept."

    private static let staged: Query = """
        line, network, handle_key, handle, verified, new_id, display_name, birth_date, gender, country, region, city,
        language, score, score_model, score_measured_at, reach, topic_ids, strengths, identity_hash,
        older_hash
        """

    /// What `merge_guest_import` expects.
    private static let stagingTable = """
        create temporary table guest_import (
            line bigint not null, network text not null, handle_key text not null, handle text not null,
            verified boolean, new_id uuid not null, display_name text, birth_date date, gender text, country text,
            region text, city text, language text, score integer, score_model text, score_measured_at timestamptz,
            reach bigint, topic_ids bigint[] not null, strengths integer[] not null, identity_hash bytea not null,
            older_hash bytea, guest_id uuid, is_new boolean not null default false, round integer, changed boolean not null default false
        ) on commit drop
        """
}

/// A row of a file that was not taken, and why.
package struct RefusedRow: Codable, Sendable, Hashable {
    package let line: Int
    package let reason: String

    static let schema = JSONSchema.object([
        .required("line", .integer(1...Int.max)), .required("reason", .string()),
    ])
}

/// The refused rows of a file: the first thousand, and how many there were.
struct RefusedRows: Sendable {
    private(set) var rows: [RefusedRow] = []
    private(set) var count = 0

    mutating func add(line: Int, _ reason: String) {
        count += 1
        if rows.count < 1000 { rows.append(RefusedRow(line: line, reason: reason)) }
    }

    /// Counts refused rows that are not listed.
    mutating func countUnlisted(_ number: Int) {
        count += number
    }
}
