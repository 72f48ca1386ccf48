import ArgumentParser
import Foundation
import Perks
import Postgres

/// `perks audit`.
struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "Who did what, and when.", subcommands: [List.self],
        defaultSubcommand: List.self)

    /// `perks audit list`.
    struct List: SessionCommand {
        static let configuration = CommandConfiguration(
            abstract: "List what was done in a brand or, without one, on the platform; newest first.")

        @OptionGroup var list: ListOptions
        @OptionGroup var options: EitherOptions

        func run(in session: Session) async throws {
            try await session.output.list(list) { page in
                try await session.read { try AuditEvent.list(page, as: session.principal, in: $0) }
            }
        }
    }
}

extension AuditEvent: Tabular {
    static var columns: [Column<AuditEvent>] {
        [
            Column("id", detail: true) { .text($0.id.description) },
            Column("at") { .moment($0.at) },
            Column("actor") { .text($0.actor) },
            Column("action") { .text($0.action) },
            Column("object") { .text($0.object) },
            Column("details") { event in
                let json = try? JSON.encoder.encode(event.details)
                return .text(json.map { String(decoding: $0, as: UTF8.self) })
            },
        ]
    }
}
