import ArgumentParser
import Perks

/// `perks migrate`.
struct MigrateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate", abstract: "Bring the database to this version's schema.",
        discussion: """
            Only what is missing is applied, and it may be run from several places at once. The user of the database \
            must be one that may create roles and tables the first time.

            Example: DATABASE_URL=postgres://postgres@localhost/perks perks migrate
            """)

    @OptionGroup var options: CommonOptions

    func run() async throws {
        let settings = try Settings()
        let output = Output(format: try settings.output(options.output))
        do {
            let url = try await settings.database(dataDirectory: options.dataDirectory)
            let outcome = try await Migrator(url: url, logger: .quiet).migrate()
            try output.show(outcome) {
                outcome.applied.isEmpty
                    ? ["Nothing to do: the schema is at \(outcome.current)."]
                    : outcome.applied.map { "applied  \($0)" }
            }
        } catch {
            throw Failure(error, in: output.format)
        }
    }
}
