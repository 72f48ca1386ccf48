import ArgumentParser
import Perks
import Postgres

/// `perks key`.
struct KeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key", abstract: "What programs and people show to be let in over HTTP.",
        subcommands: [Create.self, List.self, Show.self, Revoke.self])

    /// `perks key create`.
    struct Create: SessionCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a key; its secret is shown once.",
            discussion: """
                Roles: operator (the platform), owner, manager, clerk (perhaps of one venue), auditor (reads only).

                Examples:
                  perks key create --role operator --label ops
                  perks key create --brand palms --role clerk --venue las-vegas --label "Front desk"
                  perks key create --brand palms --role manager --label CI --output json
                """)

        @Option(help: "operator, owner, manager, clerk or auditor.") var role: String
        @Option(help: "Where it is used, so that the right one is revoked one day.") var label: String
        @Option(help: "The one venue that a clerk is bound to, by id or slug.") var venue: String?
        @Option(help: "When it ends, such as 2027-01-01T00:00:00Z.") var expires: String?
        @Option(help: "The brand it belongs to, by id or slug; an operator's belongs to none.") var brand: String?
        @OptionGroup var common: CommonOptions

        /// A configured brand is no reason to refuse an operator's key; one on the command line is.
        var options: KeyOptions {
            KeyOptions(
                common: common, scope: role == Role.operator.rawValue && brand == nil ? .platform : .brand(brand))
        }

        func run(in session: Session) async throws {
            var fields = Fields()
            fields.set("role", role)
            fields.set("label", label)
            fields.set("venue", venue)
            fields.set("expires_at", expires)
            let draft = try fields.request(Key.Draft.self)
            let key = try await session.write { connection in
                try Key.create(draft, as: session.principal, at: session.now, in: connection)
            }
            try session.output.show(key)
            session.output.note(
                "This is the only time that the secret is shown. Keep it where the caller alone can read it.")
        }
    }

    /// The options of a key that is to be made.
    struct KeyOptions: SessionOptions {
        let common: CommonOptions
        let scope: Scope
    }

    /// `perks key list`.
    struct List: SessionCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the keys of a brand or, without one, the platform's; never their secrets.")

        @OptionGroup var list: ListOptions
        @OptionGroup var options: EitherOptions

        func run(in session: Session) async throws {
            try await session.output.list(list) { page in
                try await session.read { try Key.list(page, as: session.principal, in: $0) }
            }
        }
    }

    /// `perks key show`.
    struct Show: SessionCommand {
        static let configuration = CommandConfiguration(abstract: "Show a key without its secret.", aliases: ["get"])

        @Argument(help: "The key's id.") var key: String
        @OptionGroup var options: EitherOptions

        func run(in session: Session) async throws {
            let id = try Key.identifier(key)
            try session.output.show(try await session.read { try Key.find(id, as: session.principal, in: $0) })
        }
    }

    /// `perks key revoke`.
    struct Revoke: SessionCommand {
        static let configuration = CommandConfiguration(
            abstract: "Revoke a key, at once and for good.", aliases: ["delete"])

        @Argument(help: "The key's id.") var key: String
        @OptionGroup var confirmation: ConfirmOptions
        @OptionGroup var options: EitherOptions

        func run(in session: Session) async throws {
            let id = try Key.identifier(key)
            let found = try await session.read { try Key.find(id, as: session.principal, in: $0) }
            try confirmation.confirm("Revoke the key “\(found.label.printable)” (\(found.role.rawValue))?")
            try await session.write { try Key.revoke(id, as: session.principal, at: session.now, in: $0) }
            session.output.note("\(id) is revoked.")
        }
    }
}

extension Key: Tabular {
    static var columns: [Column<Key>] {
        [
            Column("id") { .text($0.id.description) },
            Column("role") { .text($0.role.rawValue) },
            Column("label") { .text($0.label) },
            Column("venue") { .text($0.venue) },
            Column("created_at") { .moment($0.createdAt) },
            Column("expires_at") { .moment($0.expiresAt) },
            Column("revoked_at") { .moment($0.revokedAt) },
            Column("secret", detail: true) { .text($0.secret) },
        ]
    }
}
