import Foundation
import Perks

extension Output {
    /// Writes a page of a list or, page after page, all of it.
    func list<Item: Tabular & Codable & Sendable>(
        _ options: ListOptions, filters: [String?] = [], _ fetch: (PageRequest) async throws -> Page<Item>
    ) async throws {
        let filters = filters.map { $0 ?? "\0" }.joined(separator: "\0\0")
        var page = try await fetch(
            PageRequest(limit: options.pageSize, cursor: options.cursor, filters: filters))
        guard options.all else {
            switch format {
            case .table: try table(page.data)
            case .csv: try Terminal.standardOutput.write(csv(header: Item.columns) + page.data.map(csv).joined())
            case .json: try encode(page)
            case .ndjson: try page.data.forEach { try encode($0) }
            }
            if let cursor = page.nextCursor, format != .json {
                note("There are more: go on with --cursor \(cursor), or take them --all.")
            }
            return
        }
        var collected: [Item] = []
        var isFirst = true
        while true {
            switch format {
            case .table: collected += page.data
            case .csv:
                let header = isFirst ? csv(header: Item.columns) : ""
                try Terminal.standardOutput.write(header + page.data.map(csv).joined())
            case .json:
                let items = try page.data.map { String(decoding: try JSON.encoder.encode($0), as: UTF8.self) }
                let begin = isFirst ? "{\"data\":[" : page.data.isEmpty ? "" : ",\n"
                try Terminal.standardOutput.write(begin + items.joined(separator: ",\n"))
            case .ndjson: try page.data.forEach { try encode($0) }
            }
            isFirst = false
            guard let cursor = page.nextCursor else { break }
            page = try await fetch(PageRequest(limit: options.pageSize, cursor: cursor, filters: filters))
        }
        if format == .table { try table(collected) }
        if format == .json { try Terminal.standardOutput.write("]}\n") }
    }
}
