import Foundation
import Synchronization

/// How far the reading of a file has come, on one line of a terminal that is written again and again.
final class ProgressBar: Sendable {
    private struct State {
        var bytes = 0
        var shown: ContinuousClock.Instant?
        var width = 0
    }

    private let name: String
    private let size: Int?
    private let begin = ContinuousClock.now
    private let state = Mutex(State())
    private static let terminal = Terminal.standardError
    private static let interval: Duration = .milliseconds(100)
    private static let cells = 24

    private init(_ file: InputFile) {
        name = file.name == "-" ? "standard input" : (file.name as NSString).lastPathComponent
        size = file.size
    }

    /// Takes note of so many more bytes; none of them means that all have been read.
    func advance(_ bytes: Int) {
        guard ProgressBar.terminal.isStyled else { return }
        state.withLock { state in
            state.bytes += bytes
            let now = ContinuousClock.now
            guard bytes == 0 || state.shown.map({ now - $0 >= ProgressBar.interval }) ?? true else { return }
            state.shown = now
            write(line(state.bytes, isRead: bytes == 0), &state)
        }
    }

    /// Shows how far the reading of a file has come while a body reads it.
    static func during<Result>(_ file: InputFile, _ body: (ProgressBar) async throws -> Result) async throws -> Result {
        let bar = ProgressBar(file)
        defer { bar.end() }
        return try await body(bar)
    }

    /// Clears the line.
    private func end() {
        state.withLock { state in
            guard state.shown != nil else { return }
            write("", &state)
            try? ProgressBar.terminal.write("\r")
        }
    }

    private func line(_ bytes: Int, isRead: Bool) -> String {
        let seconds = (ContinuousClock.now - begin) / .seconds(1)
        let rate = seconds > 0 ? Double(bytes) / seconds / 1_000_000 : 0
        let megabytes = String(format: "%.1f MB, %.1f MB/s", Double(bytes) / 1_000_000, rate)
        if isRead { return "\(name)  \(megabytes), merging …" }
        guard let size, size > 0 else { return "\(name)  \(megabytes)" }
        let share = min(1, Double(bytes) / Double(size))
        let filled = Int(share * Double(ProgressBar.cells))
        let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: ProgressBar.cells - filled)
        return "\(name)  \(bar) \(Int(share * 100)) %  \(megabytes)"
    }

    private func write(_ line: String, _ state: inout State) {
        let width = line.displayWidth
        let rest = String(repeating: " ", count: max(0, state.width - width))
        try? ProgressBar.terminal.write("\r" + line + rest)
        state.width = width
    }
}
