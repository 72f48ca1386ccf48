import ArgumentParser
import Perks
import Postgres

/// `perks hold`.
struct HoldCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hold", abstract: "Keep a perk for a guest who has yet to confirm.",
        discussion: """
            Examples:
              perks hold twitter:ana_w suite-upgrade --brand palms --venue las-vegas --key cart-77
              perks redeem twitter:ana_w suite-upgrade --brand palms --venue las-vegas --key order-1001
            """,
        subcommands: [Create.self, List.self, Show.self, Release.self], defaultSubcommand: Create.self)

    /// `perks hold [create]`.
    struct Create: SessionCommand {
        static let configuration = CommandConfiguration(
            abstract: "Keep a perk for a guest until it expires, is released or is redeemed.",
            discussion: "Example: perks hold twitter:ana_w suite-upgrade --brand palms --venue las-vegas --key cart-77")

        @Argument(help: "network:handle, member:<number>, or an id.") var guest: String
        @Argument(help: "The perk, by id or slug.") var perk: String
        @Option(help: "Where, by id or slug.") var venue: String
        @Option(help: "Names the request: 1 to 255 visible characters.") var key: String?
        @OptionGroup var options: BrandOptions

        func run(in session: Session) async throws {
            var fields = Fields()
            fields.set("guest", guest)
            fields.set("perk", perk)
            fields.set("venue", venue)
            let draft = try fields.request(Hold.Draft.self)
            let key = try session.idempotencyKey(key)
            let outcome = try await session.backend.hold(draft, key: key, as: session.principal, at: session.now)
            if outcome.isReplay {
                session.output.note("This key has been used before: here is its answer. Nothing was kept again.")
            }
            try session.output.show(outcome.answer)
        }
    }

    /// `perks hold list`.
    struct List: SessionCommand {
        static let configuration = CommandConfiguration(abstract: "List the brand's holds, newest first.")

        @Option(help: "Only those of a perk, by id or slug.") var perk: String?
        @Option(help: "Only those of a guest.") var guest: String?
        @Option(help: "Only those that are held, redeemed, released or expired.") var status: String?
        @OptionGroup var list: ListOptions
        @OptionGroup var options: BrandOptions

        func run(in session: Session) async throws {
            let wanted = try filters
            try await session.output.list(list, filters: [perk, guest, status]) { page in
                try await session.read {
                    try Hold.list(page, wanted, as: session.principal, at: session.now, in: $0)
                }
            }
        }

        private var filters: Hold.Filters {
            get throws {
                var filters = Hold.Filters()
                filters.perk = try perk.map { try Perk.reference($0) }
                filters.guest = guest
                filters.status = try status.map { word in
                    guard let status = Hold.Status(rawValue: word) else {
                        throw PerksError.invalid(
                            "/status", "unknown_word", "A hold is held, redeemed, released or expired.")
                    }
                    return status
                }
                return filters
            }
        }
    }

    /// `perks hold show`.
    struct Show: SessionCommand {
        static let configuration = CommandConfiguration(abstract: "Show a hold.", aliases: ["get"])

        @Argument(help: "The hold's id.") var hold: String
        @OptionGroup var options: BrandOptions

        func run(in session: Session) async throws {
            let id = try Hold.identifier(hold)
            try session.output.show(
                try await session.read { try Hold.find(id, as: session.principal, at: session.now, in: $0) })
        }
    }

    /// `perks hold release`.
    struct Release: SessionCommand {
        static let configuration = CommandConfiguration(
            abstract: "Give a hold up: the guest's allowance, the stock and the budget are free again.",
            discussion: "Example: perks hold release hold_01k… --brand palms")

        @Argument(help: "The hold's id.") var hold: String
        @OptionGroup var options: BrandOptions

        func run(in session: Session) async throws {
            let id = try Hold.identifier(hold)
            try session.output.show(
                try await session.write { connection in
                    try Hold.release(id, as: session.principal, at: session.now, in: connection)
                    return try Hold.find(id, as: session.principal, at: session.now, in: connection)
                })
        }
    }
}

extension Hold: Tabular {
    static var columns: [Column<Hold>] {
        [
            Column("id") { .text($0.id.description) },
            Column("status") { .text($0.status.rawValue) },
            Column("perk") { .text($0.perk.slug) },
            Column("benefit") { .text($0.benefit.summary) },
            Column("guest") { .text($0.guest.id.description) },
            Column("campaign", detail: true) { .text($0.campaign.slug) },
            Column("venue") { .text($0.venue) },
            Column("held_at", detail: true) { .moment($0.heldAt) },
            Column("expires_at") { .moment($0.expiresAt) },
            Column("cost", detail: true) { .number($0.cost) },
            Column("ended_at", detail: true) { .moment($0.endedAt) },
            Column("redemption", detail: true) { .text($0.redemption?.description) },
        ]
    }
}
