import Foundation
import Perks
import Postgres

/// Why a command did not do what it was asked to, told once, on standard error.
struct Failure: Error {
    let error: any Error
    var format = OutputFormat.table

    init(_ error: any Error) {
        self.error = error
    }

    /// The same, told in the form that the caller asked for.
    init(_ error: any Error, in format: OutputFormat) {
        self.error = error
        self.format = format
    }

    /// Ends the command without a word: what there is to say has been said.
    static func silent(_ status: ExitStatus) -> Failure { Failure(Silence(status: status)) }

    private struct Silence: Error {
        let status: ExitStatus
    }

    /// Whether this is a failure of ours rather than one of the argument parser's.
    var isTold: Bool {
        switch error {
        case is PerksError, is PostgresError, is ClusterError, is Migrator.Refusal, is ReaderGone, is Silence,
            is Failure, is UnusableFile:
            true
        default: false
        }
    }

    var status: ExitStatus {
        switch error {
        case let error as PerksError: ExitStatus(error.code)
        case let error as PostgresError: problem(of: error).map { ExitStatus($0.code) } ?? .failed
        case is ClusterError: .databaseAway
        case is ReaderGone: .readerGone
        case let silence as Silence: silence.status
        case let failure as Failure: failure.status
        default: .failed
        }
    }

    func tell() {
        switch error {
        case let failure as Failure:
            failure.tell()
        case is ReaderGone, is Silence:
            break
        default:
            let problem = problem(of: error) ?? PerksError(.internal, "\(error)")
            Terminal.standardError.say(format == .json || format == .ndjson ? json(problem) : text(problem))
        }
    }

    /// What happened, in the terms of the API; nil for what has no code there.
    private func problem(of error: any Error) -> PerksError? {
        switch error {
        case let error as PerksError: error
        case let error as ClusterError: PerksError(.unavailable, error.description)
        case let error as PostgresError where error.kind == .unavailable || error.kind == .usage:
            // At a terminal the cause is of more use than at a desk: an address, a password, a server that is down.
            PerksError(.unavailable, "The database does not answer: \(error.sentence) Check DATABASE_URL.")
        case let error as PostgresError where error.sqlState?.hasPrefix("28") == true || error.sqlState == "3D000":
            PerksError(.unavailable, "The database refuses the connection: \(error.sentence) Check DATABASE_URL.")
        case let error as PostgresError: PerksError(error)
        default: nil
        }
    }

    private func text(_ problem: PerksError) -> String {
        var lines = ["perks: \(problem.detail)"]
        for violation in problem.violations {
            let place = Fields.place(of: violation.pointer)
            if violation.detail != problem.detail {
                lines.append("  \(place.isEmpty ? "" : place + ": ")\(violation.detail)")
            } else if !place.isEmpty {
                lines[0] += " (\(place))"
            }
        }
        lines += problem.reasons.map { "  \($0.text)" }
        return lines.joined(separator: "\n")
    }

    private struct Problem: Encodable {
        let code: String
        let detail: String
        let errors: [PerksError.Violation]?
        let reasons: [DecisionReason]?
    }

    private func json(_ problem: PerksError) -> String {
        let members = Problem(
            code: problem.code.rawValue, detail: problem.detail,
            errors: problem.violations.isEmpty ? nil : problem.violations,
            reasons: problem.reasons.isEmpty ? nil : problem.reasons)
        return (try? JSON.encoder.encode(members)).map { String(decoding: $0, as: UTF8.self) } ?? text(problem)
    }
}

extension PostgresError {
    /// The message with the full stop that libpq's lack, on one line.
    var sentence: String {
        let line = message.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }
            .joined(separator: " ")
        return line.last.map { ".?!".contains($0) } == true ? line : line + "."
    }
}
