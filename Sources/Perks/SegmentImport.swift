import Foundation
import Postgres
import Synchronization

/// Puts guests on a segment from a file of any size with one guest a line: `twitter:ana_w`, `member:<number>`, an id.
package struct SegmentImport: Sendable {
    /// What became of a file's lines.
    package struct Outcome: Codable, Sendable, Described {
        package var added: Int
        /// Those who were on it already.
        package var unchanged: Int
        /// The first thousand lines that name nobody.
        package var refused: [RefusedRow]
        package var refusedCount: Int

        private enum CodingKeys: String, CodingKey {
            case added, unchanged, refused
            case refusedCount = "refused_count"
        }

        package static let schemaName = "SegmentImportOutcome"
        package static let schema = JSONSchema.object([
            .required("added", .integer(0...Int.max)), .required("unchanged", .integer(0...Int.max)),
            .required("refused", .array(of: RefusedRow.schema, 0...1000), "The first thousand lines that name nobody."),
            .required("refused_count", .integer(0...Int.max)),
        ])
    }

    let backend: Backend
    let principal: Principal
    let now: Timestamp
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

    /// Reads a stream to its end and adds everybody it names, all in one transaction.
    package func run<Bytes: AsyncSequence & Sendable>(
        _ bytes: Bytes, into slug: String
    ) async throws -> Outcome where Bytes.Element == [UInt8] {
        let brand = try principal.requiredBrand()
        let stager = GuestReferenceStager()
        let staged = StagedChunks(source: bytes, stager: stager, progress: progress)
        return try await backend.reporting {
            try await backend.database.copy(
                staged, "copy segment_import (line, guest_id, network, handle_key, member_number) from stdin",
                prepare: { connection in
                    try connection.act(for: brand.id.uuid)
                    try connection.script(
                        """
                        create temporary table segment_import (
                            line bigint not null, guest_id uuid, network text, handle_key text, member_number text
                        ) on commit drop
                        """)
                },
                merge: { [principal, now] connection in
                    try Self.merge(stager.refused, into: slug, as: principal, at: now, in: connection)
                })
        }
    }

    private static func merge(
        _ refused: RefusedRows, into slug: String, as principal: Principal, at now: Timestamp,
        in connection: isolated Connection
    ) throws -> Outcome {
        let brand = try principal.requiredBrand()
        let segment = try Segment.find(slug, as: principal, in: connection)
        try connection.script("analyze segment_import")
        try resolve(in: connection)
        // Whoever is joined or forgotten meanwhile is waited for, and looked up again.
        try connection.query(
            """
            select count(*) from (
                select from guest g
                where g.guest_id in (select guest_id from segment_import) order by g.guest_id for key share
            ) locked
            """)
        try resolve(in: connection)
        try connection.execute(
            """
            update segment_import i set guest_id = null
            where not exists (select from guest g where g.guest_id = i.guest_id and g.opted_out_at is null)
            """)
        var refused = refused
        let strangers = try connection.query(
            """
            select line, count(*) over () as strangers from segment_import where guest_id is null order by line limit 1000
            """)
        for row in strangers { refused.add(line: try row["line"], "There is no such guest.") }
        if let first = strangers.first { refused.countUnlisted(try first["strangers"] - strangers.count) }
        let added = try connection.execute(
            """
            insert into segment_member (brand_id, segment_id, guest_id, added_at)
            select distinct \(brand.id)::uuid, \(segment.id)::uuid, i.guest_id, \(now)::timestamptz
            from segment_import i where i.guest_id is not null
            on conflict on constraint segment_member_pkey do nothing
            """)
        let named: Int = try connection.query(
            "select count(*) as named from segment_import where guest_id is not null")[0]["named"]
        try AuditEvent.record(
            "segment.import", object: slug, ["added": .number(Decimal(added))], as: principal, at: now, in: connection)
        return Outcome(
            added: added, unchanged: named - added, refused: refused.rows.sorted { $0.line < $1.line },
            refusedCount: refused.count)
    }

    /// Finds whom each line names.
    private static func resolve(in connection: isolated Connection) throws {
        try connection.script(
            """
            update segment_import i set guest_id = k.guest_id
            from identity k where k.network = i.network and k.handle_key = i.handle_key;
            update segment_import i set guest_id = m.guest_id
            from member m where m.brand_id = current_brand() and m.member_number = i.member_number;
            """)
    }
}

/// Reads references to guests, one a line, and writes them for COPY; a first line that says `guest` is a header.
private final class GuestReferenceStager: Stager {
    private struct State {
        var csv = CSV()
        var refused = RefusedRows()
        var output: [UInt8] = []
    }

    private let state = Mutex(State())

    var refused: RefusedRows { state.withLock { $0.refused } }

    func stage(_ bytes: [UInt8]?) throws -> [UInt8] {
        state.withLock { state in
            state.output.removeAll(keepingCapacity: true)
            var csv = state.csv
            if let bytes { csv.feed(bytes) { take($0, &state) } } else { csv.finish { take($0, &state) } }
            state.csv = csv
            return state.output
        }
    }

    private func take(_ record: CSV.Record, _ state: inout State) {
        guard case .success(let cells) = record.content, cells.count == 1 else {
            state.refused.add(line: record.line, "A line names one guest and nothing else.")
            return
        }
        let text = cells[0].trimmingCharacters(in: .whitespaces)
        if record.line == 1, text == "guest" { return }
        let reference: GuestReference
        do throws(PerksError) {
            reference = try GuestReference(text)
        } catch {
            state.refused.add(line: record.line, error.detail)
            return
        }
        var line = CopyLine()
        line.append(String(record.line))
        switch reference {
        case .id(let id): line.append(columns: [id.uuid.uuidString, nil, nil, nil])
        case .identity(let key): line.append(columns: [nil, key.network, key.handleKey, nil])
        case .member(let number): line.append(columns: [nil, nil, nil, number])
        }
        state.output.append(contentsOf: line.bytes)
        state.output.append(UInt8(ascii: "\n"))
    }
}
