import Eligibility
import Foundation
import Postgres
import Synchronization

/// Reads guests from bytes and writes them as lines of PostgreSQL's COPY text format; keeps count of what it refuses.
final class GuestRows: Stager {
    private struct State {
        var csv = CSV()
        var lines = Lines()
        var header: [String]?
        var refused = RefusedRows()
        var output: [UInt8] = []
    }

    private let format: GuestImport.Format
    private let reader: GuestRowReader
    private let hasher: IdentityHasher
    private let now: Timestamp
    private let state = Mutex(State())

    init(format: GuestImport.Format, reader: GuestRowReader, hasher: IdentityHasher, now: Timestamp) {
        self.format = format
        self.reader = reader
        self.hasher = hasher
        self.now = now
    }

    var refused: RefusedRows { state.withLock { $0.refused } }

    /// The columns that the source speaks of.
    var given: [String] {
        switch format {
        case .csv: state.withLock { $0.header ?? [] }
        case .ndjson: GuestRow.columns
        }
    }

    /// Takes the next bytes of the source, nil at its end; answers the lines they complete.
    func stage(_ bytes: [UInt8]?) throws -> [UInt8] {
        try state.withLock { state in
            state.output.removeAll(keepingCapacity: true)
            switch format {
            case .csv:
                var csv = state.csv
                state.csv = CSV()
                if let bytes {
                    try csv.feed(bytes) { try take($0, &state) }
                } else {
                    try csv.finish { try take($0, &state) }
                    guard state.header != nil else {
                        throw PerksError.invalid(
                            "", "no_header", "The file is empty; its first line must name the columns.")
                    }
                }
                state.csv = csv
            case .ndjson:
                for (line, text) in state.lines.feed(bytes) {
                    stage(line: line, &state) { () throws(GuestRow.Refusal) in try reader.row(line: line, json: text) }
                }
            }
            return state.output
        }
    }

    private func take(_ record: CSV.Record, _ state: inout State) throws {
        guard let header = state.header else {
            state.header = try reader.header(record)
            return
        }
        stage(line: record.line, &state) { () throws(GuestRow.Refusal) in try reader.row(record, under: header) }
    }

    private func stage(line: Int, _ state: inout State, _ read: () throws(GuestRow.Refusal) -> GuestRow) {
        do throws(GuestRow.Refusal) {
            write(try read(), into: &state.output)
        } catch {
            state.refused.add(line: line, error.reason)
        }
    }

    private func write(_ row: GuestRow, into output: inout [UInt8]) {
        let topics = row.topics.sorted { $0.key < $1.key }
        var line = CopyLine()
        line.append(String(row.line))
        line.append(row.identity.network)
        line.append(row.identity.handleKey)
        line.append(row.identity.handle)
        line.append(row.verified.map { $0 ? "t" : "f" })
        line.append(ID<Guest>(at: now).uuid.uuidString)
        line.append(row.displayName)
        line.append(row.birthDate?.description)
        line.append(row.gender)
        line.append(row.country)
        line.append(row.region)
        line.append(row.city)
        line.append(row.language)
        line.append(row.score.map(String.init))
        line.append(row.scoreModel)
        line.append(row.scoreMeasuredAt?.rfc3339)
        line.append(row.reach.map(String.init))
        line.append("{" + topics.map { String($0.key) }.joined(separator: ",") + "}")
        line.append("{" + topics.map { String($0.value) }.joined(separator: ",") + "}")
        line.append(Self.hexadecimal(hasher.hash(row.identity)))
        line.append(hasher.olderHash(row.identity).map(Self.hexadecimal))
        output.append(contentsOf: line.bytes)
        output.append(UInt8(ascii: "\n"))
    }

    private static func hexadecimal(_ bytes: [UInt8]) -> String {
        "\\x" + bytes.map { String(0x100 | UInt32($0), radix: 16).dropFirst() }.joined()
    }
}
