import ArgumentParser
import Perks
import Postgres

/// `perks venue`.
struct VenueCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "venue", abstract: "The places where guests check in.",
        subcommands: [Create.self, List.self, Show.self, Update.self])

    /// `perks venue create`.
    struct Create: SessionCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a venue.",
            discussion: """
                Country and time zone are the brand's if left out. The place decides which law applies.

                Example: perks venue create las-vegas --brand palms --name "Las Vegas" --country US --region NV \
                --time-zone America/Los_Angeles
                """)

        @Argument(help: "The name in URLs: lower-case letters, digits, hyphens.")
        var slug: String

        @OptionGroup var stated: Stated
        @OptionGroup var options: BrandOptions

        func run(in session: Session) async throws {
            var fields = stated.fields
            fields.set("slug", slug)
            let draft = try fields.request(Venue.Draft.self)
            try session.output.show(
                try await session.write { connection in
                    try Venue.create(draft, as: session.principal, at: session.now, in: connection)
                })
        }
    }

    /// `perks venue list`.
    struct List: SessionCommand {
        static let configuration = CommandConfiguration(abstract: "List the brand's venues, oldest first.")

        @OptionGroup var list: ListOptions
        @OptionGroup var options: BrandOptions

        func run(in session: Session) async throws {
            try await session.output.list(list) { page in
                try await session.read { try Venue.list(page, as: session.principal, in: $0) }
            }
        }
    }

    /// `perks venue show`.
    struct Show: SessionCommand {
        static let configuration = CommandConfiguration(abstract: "Show a venue.", aliases: ["get"])

        @Argument(help: "Id or slug.") var venue: String
        @OptionGroup var options: BrandOptions

        func run(in session: Session) async throws {
            let reference = try Venue.reference(venue)
            try session.output.show(
                try await session.read { try Venue.find(reference, as: session.principal, in: $0) })
        }
    }

    /// `perks venue update`.
    struct Update: SessionCommand {
        static let configuration = CommandConfiguration(abstract: "Change a venue.")

        @Argument(help: "Id or slug.") var venue: String
        @Option(help: "A new name in URLs.") var slug: String?
        @OptionGroup var stated: Stated
        @Option(help: "An option to take the value of away, such as region; may be repeated.")
        var clear: [String] = []
        @OptionGroup var options: BrandOptions

        func run(in session: Session) async throws {
            let reference = try Venue.reference(venue)
            var fields = stated.fields
            fields.set("slug", slug)
            fields.clear(clear)
            let patch = try fields.patch()
            try session.output.show(
                try await session.write { connection in
                    try Venue.patch(
                        reference, with: patch, as: session.principal, at: session.now, in: connection)
                })
        }
    }

    /// What the flags say of a venue.
    struct Stated: ParsableArguments {
        @Option(help: "What people call it.") var name: String?
        @Option(help: "Where it is, by ISO 3166-1, such as US.") var country: String?
        @Option(help: "The part of the country, by ISO 3166-2 without the country, such as NV.") var region: String?
        @Option(help: "The zone of its clocks, such as America/Los_Angeles.") var timeZone: String?

        var fields: Fields {
            var fields = Fields()
            fields.set("name", name)
            fields.set("country", country)
            fields.set("region", region)
            fields.set("time_zone", timeZone)
            return fields
        }
    }
}

extension Venue: Tabular {
    static var columns: [Column<Venue>] {
        [
            Column("id", detail: true) { .text($0.id.description) },
            Column("slug") { .text($0.slug) },
            Column("name") { .text($0.name) },
            Column("country") { .text($0.country) },
            Column("region") { .text($0.region) },
            Column("time_zone") { .text($0.timeZone) },
        ]
    }
}
