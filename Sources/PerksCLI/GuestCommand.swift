import ArgumentParser
import Foundation
import Perks
import Postgres

/// `perks guest`.
struct GuestCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "guest", abstract: "The people whom others listen to.",
        subcommands: [
            Import.self, List.self, Show.self, Put.self, Scores.self, Join.self, OptOut.self, Export.self, Erase.self,
        ])

    /// `perks guest import`.
    struct Import: SessionCommand {
        static let configuration = CommandConfiguration(
            abstract: "Load guests from a file; a row of a known identity updates it.",
            discussion: """
                CSV needs a header; its columns are network, handle, display_name, verified, birth_date, gender, \
                country, region, city, language, score, score_model, score_measured_at, reach and topics \
                (slug:strength;…). NDJSON has one guest a line, as the API shows them. Bad rows are refused and \
                named, the others are taken; the exit code is 1 if any was refused.

                Examples:
                  perks guest import guests.csv
                  zcat guests.ndjson.gz | perks guest import - --format ndjson
                """)

        @Argument(
            help: "The file, or - for standard input.", completion: .file(extensions: ["csv", "ndjson", "jsonl"]))
        var file: String

        @Option(help: "csv or ndjson. (default: by the file's name, else csv)") var format: FileFormat?
        @OptionGroup var origin: OriginOptions
        @OptionGroup var options: PlatformOptions

        func run(in session: Session) async throws {
            let input = try InputFile(file)
            let begin = ContinuousClock.now
            let outcome = try await ProgressBar.during(input) { bar in
                try await GuestImport(
                    session.backend, source: origin.source, consent: origin.consent, as: session.principal,
                    at: session.now
                ) { bar.advance($0) }.run(Pieces(files: [input]), format: (format ?? .named(by: file)).value)
            }
            try report(outcome, in: session, after: ContinuousClock.now - begin)
        }

        private func report(_ outcome: GuestImport.Outcome, in session: Session, after time: Duration) throws {
            try session.output.show(outcome)
            if session.output.format == .table || session.output.format == .csv {
                outcome.refused.forEach { session.output.note("\(file), line \($0.line): \($0.reason.printable)") }
                let unlisted = outcome.refusedCount - outcome.refused.count
                if unlisted > 0 { session.output.note("… and \(unlisted) more rows were refused.") }
            }
            if Terminal.standardError.isTerminal {
                let rows = outcome.added + outcome.updated + outcome.unchanged + outcome.refusedCount
                let seconds = time / .seconds(1)
                let rate = Int(Double(rows) / max(seconds, 0.001))
                session.output.note(String(format: "%d rows in %.1f s, %d a second.", rows, seconds, rate))
            }
            if outcome.refusedCount > 0 { throw Failure.silent(.failed) }
        }
    }

    /// The form of a file of guests.
    enum FileFormat: String, ExpressibleByArgument, CaseIterable {
        case csv, ndjson

        /// What a file's name says; CSV where it says nothing.
        static func named(by path: String) -> FileFormat {
            ["ndjson", "jsonl"].contains((path as NSString).pathExtension.lowercased()) ? .ndjson : .csv
        }

        var value: GuestImport.Format {
            switch self {
            case .csv: .csv
            case .ndjson: .ndjson
            }
        }
    }

    /// `perks guest list`.
    struct List: SessionCommand {
        static let configuration = CommandConfiguration(abstract: "List the guests, oldest first.")

        @OptionGroup var list: ListOptions
        @OptionGroup var options: PlatformOptions

        func run(in session: Session) async throws {
            try await session.output.list(list) { page in
                try await session.read { try Guest.list(page, as: session.principal, in: $0) }
            }
        }
    }

    /// `perks guest show`.
    struct Show: SessionCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show what is known of a guest.", discussion: "Example: perks guest show twitter:ana_w",
            aliases: ["get"])

        @Argument(help: "network:handle, member:<number> with a brand, or an id.") var guest: String
        @OptionGroup var options: EitherOptions

        func run(in session: Session) async throws {
            let reference = try GuestReference(guest, at: "/guest")
            try session.output.show(
                try await session.read { try Guest.find(reference, as: session.principal, in: $0) })
        }
    }

    /// `perks guest put`.
    struct Put: SessionCommand {
        static let configuration = CommandConfiguration(
            abstract: "State what is known of one guest, as the API's PUT does.",
            discussion: """
                Example: echo '{"country": "US", "score": {"value": 61.5}}' | perks guest put twitter:ana_w -
                """)

        @Argument(help: "network:handle.") var guest: String
        @Argument(help: "JSON: the text itself, @file, or - for standard input.") var facts: String
        @OptionGroup var origin: OriginOptions
        @OptionGroup var options: PlatformOptions

        func run(in session: Session) async throws {
            let reference = try GuestReference(guest, at: "/guest")
            let draft = try GuestDraft(validating: JSONValue(parsing: Data(InputFile.text(facts).utf8)))
            let (guest, isNew) = try await session.backend.put(
                draft, for: reference, source: origin.source, consent: origin.consent, as: session.principal,
                at: session.now)
            try session.output.show(guest)
            session.output.note(isNew ? "A new guest." : "The guest was known.")
        }
    }

    /// `perks guest opt-out`.
    struct OptOut: SessionCommand {
        static let configuration = CommandConfiguration(
            abstract: "Leave a person out from now on; no later import brings them back.",
            discussion: "Example: perks guest opt-out twitter:ana_w --yes")

        @Argument(help: "network:handle, whether known or not.") var guest: String
        @OptionGroup var confirmation: ConfirmOptions
        @OptionGroup var options: PlatformOptions

        func run(in session: Session) async throws {
            _ = try GuestReference(guest, at: "/identity")
            try confirmation.confirm("Leave \(guest.printable) out, for good?")
            let draft = Perks.OptOut.Draft(identity: guest)
            try session.output.show(
                try await session.write { connection in
                    try Perks.OptOut.create(draft, as: session.principal, at: session.now, in: connection)
                })
        }
    }
}

extension GuestImport.Outcome: Tabular {
    static var columns: [Column<GuestImport.Outcome>] {
        [
            Column("added") { .number($0.added) },
            Column("updated") { .number($0.updated) },
            Column("unchanged") { .number($0.unchanged) },
            Column("refused") { .number($0.refusedCount) },
        ]
    }
}

extension OptOut: Tabular {
    static var columns: [Column<OptOut>] {
        [
            Column("identity") { .text($0.identity) },
            Column("opted_out_at") { .moment($0.optedOutAt) },
        ]
    }
}

extension Guest: Tabular {
    static var columns: [Column<Guest>] {
        [
            Column("id", detail: true) { .text($0.id.description) },
            Column("guest") { guest in
                .text(guest.identities.map { "\($0.network):\($0.handle)" }.joined(separator: " "))
            },
            Column("name") { .text($0.displayName) },
            Column("score") { .amount($0.score?.value.description) },
            Column("reach") { .number($0.reach) },
            Column("born") { guest in .text(guest.birthDate.map { "\($0)" }) },
            Column("country") { .text($0.country) },
            Column("region") { .text($0.region) },
            Column("city", detail: true) { .text($0.city) },
            Column("language", detail: true) { .text($0.language) },
            Column("gender", detail: true) { .text($0.gender) },
            Column("score_model", detail: true) { .text($0.score?.model) },
            Column("score_measured_at", detail: true) { .moment($0.score?.measuredAt) },
            Column("topics") { guest in .text(guest.topics.map { "\($0.topic):\($0.strength)" }.joined(separator: ";"))
            },
            Column("source", detail: true) { .text($0.source?.name) },
            Column("consent", detail: true) { .text($0.source?.consent) },
            Column("supplied_by", detail: true) { .text($0.source?.suppliedBy) },
            Column("opted_out_at", detail: true) { .moment($0.optedOutAt) },
        ]
    }
}
