import Foundation
import Perks
import Postgres

/// Something that has a row in a table.
protocol Tabular: Encodable {
    static var columns: [Column<Self>] { get }
}

/// One column of a kind of thing: a name, as in JSON, and what stands in it.
struct Column<Item> {
    let name: String
    /// Shown of a single thing and in CSV, but not in a list at a terminal.
    let isDetail: Bool
    let cell: (Item) -> Cell

    init(_ name: String, detail: Bool = false, _ cell: @escaping (Item) -> Cell) {
        self.name = name
        isDetail = detail
        self.cell = cell
    }

    /// The name as a table's header has it.
    var title: String { name.replacing("_", with: " ").uppercased() }
}

/// What stands in one place of a table.
enum Cell {
    case text(String?)
    case number(Int?)
    /// An amount that is not whole, as it is to be written.
    case amount(String?)
    case moment(Timestamp?)

    /// For programs: moments in UTC.
    var plain: String {
        switch self {
        case .text(let text), .amount(let text): text ?? ""
        case .number(let number): number.map(String.init) ?? ""
        case .moment(let moment): moment?.rfc3339 ?? ""
        }
    }

    /// For people: moments by the clocks of a zone.
    func shown(in zone: Zone) -> String {
        guard case .moment(let moment?) = self else { return plain }
        return moment.shown(in: zone)
    }

    var isNumber: Bool {
        switch self {
        case .number, .amount: true
        case .text, .moment: false
        }
    }
}

extension Timestamp {
    /// The minute by the clocks of a zone, with its offset: `2026-11-21 11:02-08:00`.
    func shown(in zone: Zone) -> String {
        let date = Date(timeIntervalSince1970: Double(microseconds) / 1_000_000)
        let timeZone = TimeZone(identifier: zone.name) ?? .gmt
        let local = Date.ISO8601FormatStyle(timeZone: timeZone).year().month().day().dateSeparator(.dash)
            .time(includingFractionalSeconds: false).timeSeparator(.colon).dateTimeSeparator(.space)
        let minutes = timeZone.secondsFromGMT(for: date) / 60
        let offset =
            minutes == 0
            ? "Z"
            : (minutes < 0 ? "-" : "+")
                + [abs(minutes) / 60, abs(minutes) % 60].map { $0 < 10 ? "0\($0)" : "\($0)" }.joined(separator: ":")
        return date.formatted(local).prefix(16) + offset
    }
}
