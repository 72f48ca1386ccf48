import ArgumentParser
import Perks
import Postgres

/// `perks eligibility`.
struct EligibilityCommand: SessionCommand {
    static let configuration = CommandConfiguration(
        commandName: "eligibility", abstract: "Say what a guest may have, and record nothing.",
        discussion: """
            Example: perks eligibility twitter:ana_w --brand palms --venue las-vegas --at 2026-12-31T23:00:00-08:00
            """)

    @Argument(help: "network:handle, member:<number>, or an id.") var guest: String
    @Option(help: "Where, by id or slug.") var venue: String
    @Option(help: "Another moment, such as 2026-12-31T23:00:00-08:00. (default: now)") var at: String?
    @OptionGroup var options: BrandOptions

    func run(in session: Session) async throws {
        var fields = Fields()
        fields.set("guest", guest)
        fields.set("venue", venue)
        fields.set("at", at)
        let draft = try fields.request(EligibilityDraft.self)
        try session.output.show(
            try await session.read { connection in
                try CheckIn.check(
                    draft, as: session.principal, at: session.now, session.backend.catalogues, in: connection)
            })
    }
}
