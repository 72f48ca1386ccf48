import ArgumentParser
import Perks
import Postgres

/// `perks brand`.
struct BrandCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "brand", abstract: "Whoever rewards people: a casino, a retailer.",
        subcommands: [Create.self, List.self, Show.self, Update.self])

    /// `perks brand create`.
    struct Create: SessionCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a brand.",
            discussion: """
                Example: perks brand create palms --name "Palms Casino Resort" --country US \
                --time-zone America/Los_Angeles --minimum-age 21
                """)

        @Argument(help: "The name in URLs: lower-case letters, digits, hyphens.")
        var slug: String

        @OptionGroup var stated: Stated
        @OptionGroup var options: PlatformOptions

        func run(in session: Session) async throws {
            var fields = stated.fields
            fields.set("slug", slug)
            let draft = try fields.request(Brand.Draft.self)
            try session.output.show(
                try await session.write { connection in
                    try Brand.create(draft, as: session.principal, at: session.now, in: connection)
                })
        }
    }

    /// `perks brand list`.
    struct List: SessionCommand {
        static let configuration = CommandConfiguration(abstract: "List the brands, oldest first.")

        @OptionGroup var list: ListOptions
        @OptionGroup var options: PlatformOptions

        func run(in session: Session) async throws {
            try await session.output.list(list) { page in
                try await session.read { try Brand.list(page, as: session.principal, in: $0) }
            }
        }
    }

    /// `perks brand show`.
    struct Show: SessionCommand {
        static let configuration = CommandConfiguration(abstract: "Show a brand.", aliases: ["get"])

        @Argument(help: "Id or slug.") var brand: String
        @OptionGroup var options: PlatformOptions

        func run(in session: Session) async throws {
            let reference = try Brand.reference(brand)
            try session.output.show(
                try await session.read { try Brand.find(reference, as: session.principal, in: $0) })
        }
    }

    /// `perks brand update`.
    struct Update: SessionCommand {
        static let configuration = CommandConfiguration(abstract: "Change a brand.")

        @Argument(help: "Id or slug.") var brand: String
        @Option(help: "A new name in URLs.") var slug: String?
        @OptionGroup var stated: Stated
        @OptionGroup var options: PlatformOptions

        func run(in session: Session) async throws {
            let reference = try Brand.reference(brand)
            var fields = stated.fields
            fields.set("slug", slug)
            let patch = try fields.patch()
            try session.output.show(
                try await session.write { connection in
                    try Brand.patch(
                        reference, with: patch, as: session.principal, at: session.now, in: connection)
                })
        }
    }

    /// What the flags say of a brand.
    struct Stated: ParsableArguments {
        @Option(help: "What people call it.") var name: String?
        @Option(help: "Where it is at home, by ISO 3166-1, such as US.") var country: String?
        @Option(help: "The zone that its reports count days in, such as America/Los_Angeles.") var timeZone: String?
        @Option(help: "Nobody younger is shown anything; 18 or more.") var minimumAge: Int?

        var fields: Fields {
            var fields = Fields()
            fields.set("name", name)
            fields.set("country", country)
            fields.set("time_zone", timeZone)
            fields.set("minimum_age", minimumAge)
            return fields
        }
    }
}

extension Brand: Tabular {
    static var columns: [Column<Brand>] {
        [
            Column("id", detail: true) { .text($0.id.description) },
            Column("slug") { .text($0.slug) },
            Column("name") { .text($0.name) },
            Column("country") { .text($0.country) },
            Column("time_zone") { .text($0.timeZone) },
            Column("minimum_age") { .number($0.minimumAge) },
            Column("created_at") { .moment($0.createdAt) },
        ]
    }
}
