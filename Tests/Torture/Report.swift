import Foundation

/// What a run amounts to.
struct Report {
    let seed: UInt64
    var faults: [Fault: Int] = [:]
    /// How often the server did not end well when it was asked to.
    var badEnds = 0
    /// As it was known when the last fault was over.
    var requests: [History.Record] = []
    var resolved: [Request.Kind: Int] = [:]
    var replays = 0
    var violations: [String] = []

    init(seed: UInt64) {
        self.seed = seed
    }

    /// So many violations are shown at most.
    private static let shown = 20

    func print(_ stage: Stage) {
        say("\nfaults: \(faults.values.reduce(0, +))")
        for fault in Fault.allCases where faults[fault] != nil {
            say("  \(Report.column(faults[fault] ?? 0))  \(fault.sentence)")
        }
        if badEnds > 0 { say("  \(Report.column(badEnds))  ends of the server by SIGTERM with another status than 0") }
        say("\nrequests      invoked   sent  acknowledged  refused  unknown → resolved")
        for kind in Request.Kind.allCases {
            let own = requests.filter { $0.request.kind == kind }
            guard !own.isEmpty else { continue }
            let open = own.count(where: \.isOpen)
            let acknowledged = own.count { $0.answer != nil }
            let columns = [
                kind.rawValue.padding(toLength: 12, withPad: " ", startingAt: 0),
                Report.column(own.count, 8), Report.column(own.reduce(0) { $0 + $1.attempts.count }),
                Report.column(acknowledged, 13), Report.column(own.count - acknowledged - open, 8),
                Report.column(open, 8), "→", String(resolved[kind] ?? 0),
            ]
            say(columns.joined(separator: " "))
        }
        let unknown = requests.reduce(0) { $0 + $1.attempts.count(where: \.outcome.isUnknown) }
        say("\n\(unknown) sendings without a decision, \(stage.server.internalErrors) of them answered with 500")
        say("\(replays) replays checked")
        for violation in violations.prefix(Report.shown) { say("\nVIOLATION: \(violation)") }
        if violations.count > Report.shown { say("\n… and \(violations.count - Report.shown) more") }
        say("\(violations.count) violations, seed \(seed)")
    }

    private static func column(_ number: Int, _ width: Int = 6) -> String {
        let text = String(number)
        return String(repeating: " ", count: max(0, width - text.count)) + text
    }
}

/// Shows a line at once, to a file as to a terminal.
func say(_ line: String) {
    FileHandle.standardOutput.write(Data((line + "\n").utf8))
}
