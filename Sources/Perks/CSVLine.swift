/// Values as a line of CSV (RFC 4180).
package enum CSVLine {
    /// The line, quoted where that is needed, with its end.
    package static func text(_ cells: [String]) -> String {
        cells.map { cell in
            let needsQuotes = cell.contains { "\",\n\r".contains($0) || $0 == "\r\n" }
            return needsQuotes ? "\"" + cell.replacing("\"", with: "\"\"") + "\"" : cell
        }.joined(separator: ",") + "\r\n"
    }

    /// A name that no spreadsheet takes for a formula: one that begins like a formula gets an apostrophe before it.
    package static func name(_ text: String) -> String {
        // By scalars: a mark that combines with the first character does not keep a spreadsheet from reading it.
        text.unicodeScalars.first.map { "=+-@\t\r\n".unicodeScalars.contains($0) } == true ? "'" + text : text
    }
}
