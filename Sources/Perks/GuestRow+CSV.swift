import Foundation

extension GuestRowReader {
    /// Reads the first row of a CSV file, which names the columns; throws what is wrong with it.
    func header(_ record: CSV.Record) throws -> [String] {
        guard case .success(let cells) = record.content else {
            throw PerksError.invalid("", "no_header", "The first line must name the columns.")
        }
        let names = cells.map { $0.trimmingCharacters(in: .whitespaces).lowercased() }
        if let unknown = names.first(where: { !GuestRow.columns.contains($0) }) {
            throw PerksError.invalid(
                "", "unknown_column",
                "There is no column \(unknown); there are \(GuestRow.columns.joined(separator: ", ")).")
        }
        guard Set(names).count == names.count else {
            throw PerksError.invalid("", "duplicate_column", "The header names a column twice.")
        }
        for required in ["network", "handle"] where !names.contains(required) {
            throw PerksError.invalid("", "missing_column", "The header must name the column \(required).")
        }
        return names
    }

    /// Reads a row of a CSV file under its header; throws why it is refused.
    func row(_ record: CSV.Record, under header: [String]) throws(GuestRow.Refusal) -> GuestRow {
        switch record.content {
        case .failure(let fault):
            throw GuestRow.Refusal(fault.reason)
        case .success(let cells):
            guard cells.count == header.count else {
                throw GuestRow.Refusal("The row has \(cells.count) cells; the header names \(header.count) columns.")
            }
            return try row(line: record.line, Dictionary(zip(header, cells)) { first, _ in first })
        }
    }
}
