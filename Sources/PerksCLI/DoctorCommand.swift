import ArgumentParser
import Foundation
import Perks
import Postgres

/// `perks doctor`.
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Check what perks stands on, and say what to do about it.",
        discussion: """
            With --deep it also adds up all that was ever handed out, of every brand: counters against units, allowances, \
            keys, codes, receipts. That reads whole tables and changes nothing; the server may go on meanwhile.

            Exits 7 when it finds problems.
            """)

    @Flag(help: "Also prove from the tables that nothing was handed out twice or beyond its limits.")
    var deep = false
    @OptionGroup var options: CommonOptions

    func run() async throws {
        let settings = try Settings()
        let output = Output(format: try settings.output(options.output))
        do {
            let findings = try await Checkup(settings, dataDirectory: options.dataDirectory, isDeep: deep).findings()
            switch output.format {
            case .table: try output.write(findings.map { line(of: $0, output) })
            case .csv:
                let rows = findings.map { output.csv($0) }.joined()
                try Terminal.standardOutput.write(output.csv(header: Finding.columns) + rows)
            case .json: try output.encode(["data": findings])
            case .ndjson: try findings.forEach { try output.encode($0) }
            }
            if findings.contains(where: { $0.status == .problem }) { throw Failure.silent(.problemsFound) }
        } catch {
            throw Failure(error, in: output.format)
        }
    }

    private func line(of finding: Finding, _ output: Output) -> String {
        let isProblem = finding.status == .problem
        let word = output.styled(isProblem ? "problem" : "ok     ", isProblem ? .bad : .good)
        return "\(word)  \(finding.check): \(finding.detail)"
    }
}

/// What a check found.
struct Finding: Codable, Tabular {
    enum Status: String, Codable {
        case ok, problem
    }

    let check: String
    let status: Status
    /// What is so or, of a problem, what to do.
    let detail: String

    static func ok(_ check: String, _ detail: String) -> Finding {
        Finding(check: check, status: .ok, detail: detail)
    }

    static func problem(_ check: String, _ detail: String) -> Finding {
        Finding(check: check, status: .problem, detail: detail)
    }

    static var columns: [Column<Finding>] {
        [
            Column("check") { .text($0.check) },
            Column("status") { .text($0.status.rawValue) },
            Column("detail") { .text($0.detail) },
        ]
    }
}

extension Finding {
    /// What became of proving an invariant.
    init(_ finding: Invariant.Finding) {
        let compared = "\(finding.compared) \(finding.invariant.subject) compared"
        guard finding.faults > 0 else {
            self = .ok(finding.invariant.name, "\(finding.invariant.rule) \(compared).")
            return
        }
        let more = finding.faults - finding.examples.count
        self = .problem(
            finding.invariant.name,
            "\(finding.invariant.rule) \(compared), \(finding.faults) not so: "
                + finding.examples.joined(separator: " | ") + (more > 0 ? " | and \(more) more" : "")
                + ". This must never happen: keep a copy of this database and report it.")
    }
}
