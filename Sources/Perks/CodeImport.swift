import Foundation
import Postgres
import Synchronization

/// Gives a perk codes to hand out, from a file of any size with one code a line.
///
/// Codes are streamed into a temporary table and merged there, all of them or none. Until they are committed nobody sees
/// them, and redemptions go on meanwhile. Running the same file again changes nothing.
package struct CodeImport: Sendable {
    /// What became of a file's lines.
    package struct Outcome: Codable, Sendable, Described {
        package var accepted: Int
        /// Those that are in the file above, or known to the brand already.
        package var duplicate: Int
        /// The lines of the first thousand duplicates.
        package var duplicateLines: [Int]
        /// The first thousand lines that are no code.
        package var refused: [RefusedRow]
        package var refusedCount: Int

        private enum CodingKeys: String, CodingKey {
            case accepted, duplicate, refused
            case duplicateLines = "duplicate_lines"
            case refusedCount = "refused_count"
        }

        package static let schemaName = "CodeImportOutcome"
        package static let schema = JSONSchema.object([
            .required("accepted", .integer(0...Int.max)),
            .required(
                "duplicate", .integer(0...Int.max),
                "How many are in the file above, or known to the brand already; nothing was changed for them."),
            .required(
                "duplicate_lines", .array(of: .integer(1...Int.max), 0...listed),
                "The lines of the first thousand duplicates."),
            .required(
                "refused", .array(of: RefusedRow.schema, 0...listed), "The first thousand lines that are no code."),
            .required("refused_count", .integer(0...Int.max)),
        ])

        fileprivate static let listed = 1000
    }

    let backend: Backend
    let principal: Principal
    let now: Timestamp
    /// Is told of every chunk read, in bytes.
    let progress: @Sendable (Int) -> Void

    package init(
        _ backend: Backend, as principal: Principal, at now: Timestamp,
        progress: @escaping @Sendable (Int) -> Void = { _ in }
    ) {
        self.backend = backend
        self.principal = principal
        self.now = now
        self.progress = progress
    }

    /// Reads a stream to its end and adds every code that is new to the brand, behind those that the perk has.
    package func run<Bytes: AsyncSequence & Sendable>(
        _ bytes: Bytes, for perk: Reference<Perk>
    ) async throws -> Outcome where Bytes.Element == [UInt8] {
        try await run(bytes, for: perk, replacingDuplicatesBy: nil)
    }

    /// Reads a stream to its end; where codes are made up, those that are known already are replaced by others.
    func run<Bytes: AsyncSequence & Sendable>(
        _ bytes: Bytes, for perk: Reference<Perk>, replacingDuplicatesBy generation: CodeGeneration?
    ) async throws -> Outcome where Bytes.Element == [UInt8] {
        let brand = try principal.requiredBrand()
        let pattern = try generation.map { try CodePattern($0.pattern) }
        let perk = try await backend.transaction(as: principal, readOnly: true) { [principal] connection in
            try Perk.find(perk, as: principal, in: connection).id
        }
        let stager = CodeStager()
        let staged = StagedChunks(source: bytes, stager: stager, progress: progress)
        return try await backend.reporting {
            try await backend.database.copy(
                staged, "copy code_import (line, code) from stdin",
                prepare: { connection in
                    try connection.act(for: brand.id.uuid)
                    try connection.script(
                        """
                        create temporary table code_import (line bigint not null, code text not null) on commit drop;
                        create temporary table code_new (line bigint not null, code text not null) on commit drop;
                        """)
                },
                merge: { [principal, now] connection in
                    let merge = Merge(perk: perk, brand: brand.id)
                    try merge.begin(in: connection)
                    var outcome = try merge.findNew(of: stager.counts, in: connection)
                    var event = "code.import"
                    var details: [String: JSONValue] = [:]
                    if let pattern, let generation {
                        try merge.replaceDuplicates(by: pattern, upTo: generation.count, in: connection)
                        (outcome.accepted, outcome.duplicate, outcome.duplicateLines) = (generation.count, 0, [])
                        event = "code.generate"
                        details["pattern"] = .string(generation.pattern)
                    }
                    details["accepted"] = .number(Decimal(outcome.accepted))
                    details["duplicate"] = .number(Decimal(outcome.duplicate))
                    details["refused"] = .number(Decimal(outcome.refusedCount))
                    try merge.addNew(in: connection)
                    try AuditEvent.record(event, of: perk, details, as: principal, at: now, in: connection)
                    try merge.raiseTotal(by: outcome.accepted, in: connection)
                    return outcome
                })
        }
    }
}

/// The steps by which codes that lie in `code_import` become a perk's.
private struct Merge {
    let perk: ID<Perk>
    let brand: ID<Brand>

    /// How many times duplicates among codes that were made up are replaced, and how many at a time.
    private static let (rounds, batch) = (100, 10_000)

    /// Waits for other imports of the brand: what is new, and which position comes next, changes for one at a time.
    func begin(in connection: isolated Connection) throws {
        // An import may have to wait for as long as another takes, and its bytes would be lost if it gave up.
        try connection.script("set local lock_timeout = 0")
        try connection.query("select pg_advisory_xact_lock(hashtextextended(\("codes of \(brand)"), 0))")
    }

    /// Puts into `code_new` what is in the file for the first time and unknown to the brand.
    func findNew(of counts: CodeStager.Counts, in connection: isolated Connection) throws -> CodeImport.Outcome {
        let accepted = try collectNew(in: connection)
        let duplicates = counts.staged - accepted
        var lines: [Int] = []
        if duplicates > 0 {
            try connection.script("analyze code_new")
            lines = try connection.query(
                """
                select i.line from code_import i
                where not exists (select from code_new n where n.line = i.line)
                order by i.line limit \(CodeImport.Outcome.listed)
                """
            ).map { try $0["line"] }
        }
        return CodeImport.Outcome(
            accepted: accepted, duplicate: duplicates, duplicateLines: lines, refused: counts.refused.rows,
            refusedCount: counts.refused.count)
    }

    /// Makes up codes in place of those that were known, until there are as many as wanted.
    ///
    /// Throws `invalid_request` when nearly all codes of the pattern are in use.
    func replaceDuplicates(by pattern: CodePattern, upTo count: Int, in connection: isolated Connection) throws {
        var generator = SystemRandomNumberGenerator()
        var made: Int = try connection.query("select count(*) as made from code_new")[0]["made"]
        for _ in 0..<Self.rounds where made < count {
            let codes = (0..<min(count - made, Self.batch)).map { _ in
                String(decoding: pattern.code(using: &generator), as: UTF8.self)
            }
            try connection.execute("truncate code_import")
            try connection.execute(
                """
                insert into code_import (line, code)
                select \(count)::bigint + n.line, n.code from unnest(\(codes)) with ordinality n (code, line)
                """)
            made += try collectNew(in: connection)
        }
        guard made == count else {
            throw PerksError.invalid(
                "/pattern", "pattern_used_up",
                "Nearly all codes of this pattern are in use, so that nothing was made. Put another # into it.")
        }
    }

    private func collectNew(in connection: isolated Connection) throws -> Int {
        try connection.script("analyze code_import")
        return try connection.execute(
            """
            insert into code_new (line, code)
            select min(i.line), i.code from code_import i
            where not exists (select from code k where k.brand_id = \(brand) and k.code = i.code)
                and not exists (select from code_new n where n.code = i.code)
            group by i.code
            """)
    }

    /// Appends what is new, in the order of the file; seen by nobody before the total is raised and all is committed.
    func addNew(in connection: isolated Connection) throws {
        try connection.execute(
            """
            insert into code (brand_id, perk_id, position, code)
            select \(brand)::uuid, \(perk)::uuid, p.total + row_number() over (order by n.line), n.code
            from code_new n
            cross join (
                select coalesce(max(total), 0) as total from code_pool where brand_id = \(brand) and perk_id = \(perk)
            ) p
            """)
    }

    /// Hands the new codes to redemptions: the one step that these wait for, and that waits for them.
    func raiseTotal(by count: Int, in connection: isolated Connection) throws {
        guard count > 0 else { return }
        try Catalogue.lockForChange(of: brand, in: connection)
        try connection.execute(
            """
            insert into code_pool as p (brand_id, perk_id, total) values (\(brand), \(perk), \(count))
            on conflict on constraint code_pool_pkey do update set total = p.total + excluded.total
            """)
        try Brand.catalogueChanged(brand, in: connection)
    }
}

/// Reads codes, one a line, and writes them for COPY; a first line that says `code` is a header.
private final class CodeStager: Stager {
    /// What has been read so far.
    struct Counts {
        var staged = 0
        var refused = RefusedRows()
    }

    private struct State {
        var csv = CSV()
        var counts = Counts()
        var output: [UInt8] = []
    }

    private let state = Mutex(State())

    var counts: Counts { state.withLock { $0.counts } }

    func stage(_ bytes: [UInt8]?) throws -> [UInt8] {
        state.withLock { state in
            state.output.removeAll(keepingCapacity: true)
            var csv = state.csv
            state.csv = CSV()
            if let bytes { csv.feed(bytes) { take($0, &state) } } else { csv.finish { take($0, &state) } }
            state.csv = csv
            return state.output
        }
    }

    private func take(_ record: CSV.Record, _ state: inout State) {
        let cells: [String]
        switch record.content {
        case .success(let read): cells = read
        case .failure(let fault): return state.counts.refused.add(line: record.line, fault.reason)
        }
        guard cells.count == 1 else {
            return state.counts.refused.add(
                line: record.line, "A line holds one code and nothing else; quote a code that has a comma in it.")
        }
        if record.line == 1, cells[0] == "code" { return }
        do throws(Code.Refusal) {
            guard let code = try Code.read(cells[0]) else { return }
            var line = CopyLine()
            line.append(String(record.line))
            line.append(code)
            state.output.append(contentsOf: line.bytes)
            state.output.append(UInt8(ascii: "\n"))
            state.counts.staged += 1
        } catch {
            state.counts.refused.add(line: record.line, error.reason)
        }
    }
}
