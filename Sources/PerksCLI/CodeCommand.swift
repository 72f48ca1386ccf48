import ArgumentParser
import Perks
import Postgres

/// `perks code`.
struct CodeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "code", abstract: "The codes that a perk hands out, such as vouchers of an online shop.",
        subcommands: [Import.self, Generate.self, List.self, Show.self])

    /// `perks code import`.
    struct Import: SessionCommand {
        static let configuration = CommandConfiguration(
            abstract: "Give a perk codes to hand out, from a file with one code a line.",
            discussion: """
                Codes that the brand knows already, in whichever perk, change nothing: importing a file again is safe.

                Example: perks code import suite-upgrade codes.csv --brand palms
                """)

        @Argument(help: "The perk, by id or slug.") var perk: String
        @Argument(help: "The file, or - for standard input.", completion: .file()) var file: String
        @OptionGroup var options: BrandOptions

        func run(in session: Session) async throws {
            let perk = try Perk.reference(perk)
            let input = try InputFile(file)
            let outcome = try await ProgressBar.during(input) { bar in
                try await CodeImport(session.backend, as: session.principal, at: session.now) { bar.advance($0) }
                    .run(Pieces(files: [input]), for: perk)
            }
            try session.output.show(outcome)
            outcome.refused.forEach { session.output.note("\(file), line \($0.line): \($0.reason.printable)") }
            outcome.duplicateLines.forEach { session.output.note("\(file), line \($0): This code is known already.") }
            if outcome.refusedCount > 0 { throw Failure.silent(.failed) }
        }
    }

    /// `perks code generate`.
    struct Generate: SessionCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make up codes for a perk to hand out.",
            discussion: """
                Each # of the pattern becomes a random character that is not easily misread; the last one checks the \
                others, so that a mistyped code is told from a wrong one.

                Example: perks code generate suite-upgrade --brand palms --pattern 'PALMS-####-####' --count 5000
                """)

        @Argument(help: "The perk, by id or slug.") var perk: String
        @Option(help: "What they look like, such as PALMS-####-####.") var pattern: String
        @Option(help: "How many, up to 1,000,000.") var count: Int
        @OptionGroup var options: BrandOptions

        func run(in session: Session) async throws {
            let outcome = try await CodeImport(session.backend, as: session.principal, at: session.now)
                .run(CodeGeneration(pattern: pattern, count: count), for: try Perk.reference(perk))
            try session.output.show(outcome)
        }
    }

    /// `perks code list`.
    struct List: SessionCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the codes of a perk in the order in which they are handed out.",
            discussion: "Example: perks code list suite-upgrade --brand palms --status given --all --output csv")

        @Argument(help: "The perk, by id or slug.") var perk: String
        @Option(help: "Only those that are available, given or burnt.") var status: String?
        @OptionGroup var list: ListOptions
        @OptionGroup var options: BrandOptions

        func run(in session: Session) async throws {
            let reference = try Perk.reference(perk)
            let wanted = try status.map { word in
                guard let status = Code.Status(rawValue: word) else {
                    throw PerksError.invalid("/status", "unknown_word", "A code is available, given or burnt.")
                }
                return status
            }
            try await session.output.list(list, filters: [perk, status]) { page in
                try await session.read {
                    try Code.list(page, of: reference, status: wanted, as: session.principal, in: $0)
                }
            }
        }
    }

    /// `perks code show`.
    struct Show: SessionCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show how many codes a perk has left.", aliases: ["get"])

        @Argument(help: "The perk, by id or slug.") var perk: String
        @OptionGroup var options: BrandOptions

        func run(in session: Session) async throws {
            let reference = try Perk.reference(perk)
            try session.output.show(
                try await session.read { try CodePool.find(of: reference, as: session.principal, in: $0) })
        }
    }
}

extension Code: Tabular {
    static var columns: [Column<Code>] {
        [
            Column("position") { .number($0.position) },
            Column("code") { .text($0.code) },
            Column("status") { .text($0.status.rawValue) },
            Column("redemption") { .text($0.redemption?.description) },
        ]
    }
}

extension CodePool: Tabular {
    static var columns: [Column<CodePool>] {
        [
            Column("total") { .number($0.total) },
            Column("taken") { .number($0.taken) },
            Column("reserved") { .number($0.reserved) },
            Column("left") { .number($0.left) },
        ]
    }
}

extension CodeImport.Outcome: Tabular {
    static var columns: [Column<CodeImport.Outcome>] {
        [
            Column("accepted") { .number($0.accepted) },
            Column("duplicate") { .number($0.duplicate) },
            Column("refused") { .number($0.refusedCount) },
        ]
    }
}
