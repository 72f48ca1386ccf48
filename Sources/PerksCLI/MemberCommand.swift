import ArgumentParser
import Perks
import Postgres

/// `perks member`.
struct MemberCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "member", abstract: "What a brand itself knows of its guests.",
        subcommands: [Put.self, List.self, Show.self])

    /// `perks member put`.
    struct Put: SessionCommand {
        static let configuration = CommandConfiguration(
            abstract: "State what the brand knows of a guest.",
            discussion: """
                The number and the segments become what is given here; a birth date that is left out stays as it is.

                Example: perks member put twitter:ana_w --brand palms --member-number 1042 --segment vip
                """)

        @Argument(help: "network:handle, member:<number>, or an id.") var guest: String
        @Option(help: "The brand's own number for this guest.") var memberNumber: String?
        @Option(help: "The date of birth that was read on an ID, as YYYY-MM-DD.") var birthDateOnID: String?
        @Option(name: .customLong("segment"), help: "A segment the guest is to be on; repeat for more.")
        var segments: [String] = []
        @OptionGroup var options: BrandOptions

        func run(in session: Session) async throws {
            var fields = Fields()
            fields.set("member_number", memberNumber)
            fields.set("birth_date_on_id", birthDateOnID)
            fields.set("segments", segments)
            let draft = try fields.request(Member.Draft.self)
            let reference = try GuestReference(guest, at: "/guest")
            let (member, isNew) = try await session.write { connection in
                try Member.put(reference, draft, as: session.principal, at: session.now, in: connection)
            }
            try session.output.show(member)
            session.output.note(isNew ? "A new member." : "The guest was a member.")
        }
    }

    /// `perks member list`.
    struct List: SessionCommand {
        static let configuration = CommandConfiguration(abstract: "List the brand's members.")

        @OptionGroup var list: ListOptions
        @OptionGroup var options: BrandOptions

        func run(in session: Session) async throws {
            try await session.output.list(list) { page in
                try await session.read { try Member.list(page, as: session.principal, in: $0) }
            }
        }
    }

    /// `perks member show`.
    struct Show: SessionCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show what the brand knows of a guest.", aliases: ["get"])

        @Argument(help: "network:handle, member:<number>, or an id.") var guest: String
        @OptionGroup var options: BrandOptions

        func run(in session: Session) async throws {
            let reference = try GuestReference(guest, at: "/guest")
            try session.output.show(
                try await session.read { try Member.find(reference, as: session.principal, in: $0) })
        }
    }
}

extension Member: Tabular {
    static var columns: [Column<Member>] {
        [
            Column("guest") { .text($0.guest.description) },
            Column("member_number") { .text($0.memberNumber) },
            Column("birth_date_on_id") { member in .text(member.birthDateOnID.map { "\($0)" }) },
            Column("blocked") { .text($0.blocked ? "under 13" : nil) },
            Column("segments") { .text($0.segments.joined(separator: " ")) },
        ]
    }
}
