import ArgumentParser
import Foundation
import Perks
import Postgres

extension GuestCommand {
    /// Who supplied what is known of a guest, and under which consent.
    struct OriginOptions: ParsableArguments {
        @Option(help: "Who supplied it, such as the name of a feed.") var source: String?
        @Option(help: "Under which consent, such as a version of terms.") var consent: String?
    }

    /// `perks guest join`.
    struct Join: SessionCommand {
        static let configuration = CommandConfiguration(
            abstract: "Join another handle to the same person; two guests become one.",
            discussion: """
                With the handle of another guest the two turn out to be one person: identities, scores, topics and what \
                brands keep of both become the first guest's, and the units that both have used count together.

                Example: perks guest join twitter:ana_w linkedin:ana-walker --yes
                """)

        @Argument(help: "The guest who remains: network:handle or an id.") var guest: String
        @Argument(help: "The other handle, as network:handle.") var other: String
        @Flag(help: "The handle was seen to be this person's.") var verified = false
        @OptionGroup var confirmation: ConfirmOptions
        @OptionGroup var options: PlatformOptions

        func run(in session: Session) async throws {
            let reference = try GuestReference(guest, at: "/guest")
            guard case .identity(let key) = try GuestReference(other, at: "/other") else {
                throw PerksError.invalid("/other", "not_an_identity", "The other handle is named network:handle.")
            }
            try confirmation.confirm("Say that \(other.printable) is \(guest.printable), for good?")
            let draft = Guest.IdentityDraft(
                network: key.network, handle: key.handle, verified: verified ? true : nil)
            try session.output.show(
                try await session.write { connection in
                    try Guest.join(draft, to: reference, as: session.principal, at: session.now, in: connection).guest
                })
        }
    }

    /// `perks guest scores`.
    struct Scores: SessionCommand {
        static let configuration = CommandConfiguration(
            abstract: "List every score of a guest, newest first, with a mark where the model changed.")

        @Argument(help: "network:handle, member:<number> with a brand, or an id.") var guest: String
        @OptionGroup var list: ListOptions
        @OptionGroup var options: EitherOptions

        func run(in session: Session) async throws {
            let reference = try GuestReference(guest, at: "/guest")
            try await session.output.list(list, filters: [guest]) { page in
                try await session.read { try Guest.scores(page, of: reference, as: session.principal, in: $0) }
            }
        }
    }

    /// `perks guest export`.
    struct Export: SessionCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write everything that is held on a guest, as JSON.",
            discussion: "Example: perks guest export twitter:ana_w > ana.json")

        @Argument(help: "network:handle or an id.") var guest: String
        @OptionGroup var options: PlatformOptions

        func run(in session: Session) async throws {
            let reference = try GuestReference(guest, at: "/guest")
            try session.output.encode(
                try await session.write { connection in
                    try Guest.export(reference, as: session.principal, at: session.now, in: connection)
                })
        }
    }

    /// `perks guest erase`.
    struct Erase: SessionCommand {
        static let configuration = CommandConfiguration(
            abstract: "Forget a guest, for good; counts and limits still hold.",
            discussion: "Example: perks guest erase twitter:ana_w --yes")

        @Argument(help: "network:handle or an id.") var guest: String
        @OptionGroup var confirmation: ConfirmOptions
        @OptionGroup var options: PlatformOptions

        func run(in session: Session) async throws {
            let reference = try GuestReference(guest, at: "/guest")
            try confirmation.confirm("Forget \(guest.printable), for good?")
            try await session.write { connection in
                try Guest.erase(reference, as: session.principal, at: session.now, in: connection)
            }
            session.output.note("The guest is forgotten, and no later import brings them back.")
        }
    }
}

extension Guest.PastScore: Tabular {
    static var columns: [Column<Guest.PastScore>] {
        [
            Column("measured_at") { .moment($0.measuredAt) },
            Column("value") { .amount($0.value.description) },
            Column("model") { .text($0.model) },
            Column("model_changed") { .text($0.modelChanged ? "changed" : nil) },
            Column("recorded_at", detail: true) { .moment($0.recordedAt) },
        ]
    }
}
