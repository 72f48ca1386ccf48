import ArgumentParser
import Foundation
import Perks

/// The form in which answers are written.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable, Sendable {
    case table, json, csv, ndjson
}

/// Where answers go: data to standard output, all else to standard error.
struct Output: Sendable {
    let format: OutputFormat
    /// By whose clocks people are shown moments.
    var zone: Zone = .utc

    private var terminal: Terminal { .standardOutput }

    /// Writes one thing.
    func show<Item: Tabular>(_ item: Item) throws {
        switch format {
        case .table: try terminal.write(details(Item.columns.map { ($0.name, $0.cell(item).shown(in: zone)) }))
        case .csv: try terminal.write(csv(header: Item.columns) + csv(item))
        case .json, .ndjson: try encode(item)
        }
    }

    /// Writes something that is no row, with its own words for people.
    func show(_ item: some Encodable, _ lines: () -> [String]) throws {
        switch format {
        case .table, .csv: try write(lines())
        case .json, .ndjson: try encode(item)
        }
    }

    /// Writes the JSON of a value: on lines of its own for people, on one line for programs.
    func encode(_ value: some Encodable) throws {
        let encoder = JSON.encoder
        if format == .json, terminal.isTerminal { encoder.outputFormatting.insert(.prettyPrinted) }
        try terminal.write(String(decoding: try encoder.encode(value), as: UTF8.self) + "\n")
    }

    func write(_ lines: [String]) throws {
        try terminal.write(lines.map { $0 + "\n" }.joined())
    }

    /// Says something beside the data.
    func note(_ text: String) {
        Terminal.standardError.say(text)
    }

    func styled(_ text: String, _ style: Terminal.Style) -> String {
        terminal.styled(text, style)
    }

    /// Rows of things under a header, for people.
    func table<Item: Tabular>(_ items: [Item]) throws {
        try write(lines(of: items))
    }

    /// The lines of a table, the header first.
    func lines<Item: Tabular>(of items: [Item]) -> [String] {
        let columns = Item.columns.filter { !$0.isDetail }
        let cells = items.map { item in columns.map { $0.cell(item) } }
        let table = Table(
            header: columns.map(\.title),
            rightAligned: columns.indices.map { column in cells.contains { $0[column].isNumber } },
            rows: cells.map { row in row.map { $0.shown(in: zone) } })
        var lines = table.lines(width: terminal.width)
        lines[0] = styled(lines[0], .bold)
        return lines
    }

    func csv<Item: Tabular>(header columns: [Column<Item>]) -> String {
        CSVLine.text(columns.map(\.name))
    }

    func csv<Item: Tabular>(_ item: Item) -> String {
        CSVLine.text(Item.columns.map { $0.cell(item).plain })
    }

    /// Names and values, one a line; what has no value is left out.
    func details(_ pairs: [(name: String, value: String)]) -> String {
        let filled = pairs.filter { !$0.value.isEmpty }
        let width = filled.map(\.name.count).max() ?? 0
        return filled.map { name, value in
            styled(name.replacing("_", with: " ").padded(to: width), .dim) + "  " + value.printable + "\n"
        }.joined()
    }
}
