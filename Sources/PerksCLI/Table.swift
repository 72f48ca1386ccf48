/// Rows under a header, in columns that stand straight whatever is written in them.
package struct Table {
    private let header: [String]
    private let rightAligned: [Bool]
    private let rows: [[String]]

    private static let gap = "  "
    private static let narrowest = 8

    /// Lays out rows that all have as many cells as the header.
    package init(header: [String], rightAligned: [Bool] = [], rows: [[String]]) {
        self.header = header
        self.rightAligned = header.indices.map { $0 < rightAligned.count && rightAligned[$0] }
        self.rows = rows.map { row in row.map(\.printable) }
    }

    /// The lines, header first; cut to so many columns if a width is given.
    package func lines(width: Int? = nil) -> [String] {
        let widths = widths(within: width)
        return ([header] + rows).map { row in
            let cells = row.indices.map { column in
                row[column].cut(to: widths[column]).padded(to: widths[column], rightAligned: rightAligned[column])
            }
            var line = cells.joined(separator: Table.gap)
            while line.hasSuffix(" ") { line.removeLast() }
            return line
        }
    }

    private func widths(within limit: Int?) -> [Int] {
        var widths = header.indices.map { column in
            rows.reduce(header[column].displayWidth) { max($0, $1[column].displayWidth) }
        }
        guard let limit else { return widths }
        var excess = widths.reduce(0, +) + Table.gap.count * (widths.count - 1) - limit
        // The widest column gives way first, a column at a time, so that the narrow ones stay whole.
        while excess > 0, let widest = widths.indices.max(by: { widths[$0] < widths[$1] }),
            widths[widest] > Table.narrowest
        {
            widths[widest] -= 1
            excess -= 1
        }
        return widths
    }
}
