import ArgumentParser
import Perks
import Postgres

/// `perks segment`.
struct SegmentCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "segment", abstract: "A brand's own lists of guests, which rules can ask for.",
        subcommands: [Put.self, List.self, Show.self, Import.self, Remove.self])

    /// `perks segment put`.
    struct Put: SessionCommand {
        static let configuration = CommandConfiguration(
            abstract: "Create a segment or rename it.",
            discussion: "Example: perks segment put vip --brand palms --name \"Very important people\"")

        @Argument(help: "The name in rules and URLs.") var slug: String
        @Option(help: "What people call it.") var name: String
        @OptionGroup var options: BrandOptions

        func run(in session: Session) async throws {
            var fields = Fields()
            fields.set("name", name)
            let draft = try fields.request(Segment.Draft.self)
            try session.output.show(
                try await session.write { connection in
                    try Segment.put(slug, draft, as: session.principal, at: session.now, in: connection).segment
                })
        }
    }

    /// `perks segment list`.
    struct List: SessionCommand {
        static let configuration = CommandConfiguration(abstract: "List the brand's segments.")

        @OptionGroup var list: ListOptions
        @OptionGroup var options: BrandOptions

        func run(in session: Session) async throws {
            try await session.output.list(list) { page in
                try await session.read { try Segment.list(page, as: session.principal, in: $0) }
            }
        }
    }

    /// `perks segment show`.
    struct Show: SessionCommand {
        static let configuration = CommandConfiguration(abstract: "Show a segment.", aliases: ["get"])

        @Argument(help: "The segment's slug.") var slug: String
        @OptionGroup var options: BrandOptions

        func run(in session: Session) async throws {
            try session.output.show(try await session.read { try Segment.find(slug, as: session.principal, in: $0) })
        }
    }

    /// `perks segment import`.
    struct Import: SessionCommand {
        static let configuration = CommandConfiguration(
            abstract: "Put guests on a segment, from a file with one guest a line.",
            discussion: "Example: perks segment import vip guests.txt --brand palms")

        @Argument(help: "The segment's slug.") var slug: String
        @Argument(help: "The file, or - for standard input.", completion: .file()) var file: String
        @OptionGroup var options: BrandOptions

        func run(in session: Session) async throws {
            let input = try InputFile(file)
            let outcome = try await ProgressBar.during(input) { bar in
                try await SegmentImport(session.backend, as: session.principal, at: session.now) { bar.advance($0) }
                    .run(Pieces(files: [input]), into: slug)
            }
            try session.output.show(outcome)
            outcome.refused.forEach { session.output.note("\(file), line \($0.line): \($0.reason.printable)") }
            if outcome.refusedCount > 0 { throw Failure.silent(.failed) }
        }
    }

    /// `perks segment remove`.
    struct Remove: SessionCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take a guest off a segment.",
            discussion: "Example: perks segment remove vip twitter:ana_w --brand palms")

        @Argument(help: "The segment's slug.") var slug: String
        @Argument(help: "network:handle, member:<number>, or an id.") var guest: String
        @OptionGroup var options: BrandOptions

        func run(in session: Session) async throws {
            let reference = try GuestReference(guest, at: "/guest")
            try session.output.show(
                try await session.write { connection in
                    try Segment.remove(
                        reference, from: slug, as: session.principal, at: session.now, in: connection)
                    return try Segment.find(slug, as: session.principal, in: connection)
                })
        }
    }
}

extension Segment: Tabular {
    static var columns: [Column<Segment>] {
        [
            Column("slug") { .text($0.slug) },
            Column("name") { .text($0.name) },
            Column("members") { .number($0.members) },
            Column("id", detail: true) { .text($0.id.description) },
        ]
    }
}

extension SegmentImport.Outcome: Tabular {
    static var columns: [Column<SegmentImport.Outcome>] {
        [
            Column("added") { .number($0.added) },
            Column("unchanged") { .number($0.unchanged) },
            Column("refused") { .number($0.refusedCount) },
        ]
    }
}
