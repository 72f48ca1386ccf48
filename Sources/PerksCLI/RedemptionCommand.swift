import ArgumentParser
import Perks
import Postgres

/// `perks redemption`.
struct RedemptionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "redemption", abstract: "The perks that were handed over.",
        subcommands: [List.self, Show.self, Reverse.self])

    /// `perks redemption list`.
    struct List: SessionCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the brand's redemptions, newest first.",
            discussion: "Example: perks redemption list --brand palms --campaign opening-night --status reversed --all")

        @Option(help: "Only those of a campaign, by id or slug.") var campaign: String?
        @Option(help: "Only those of a perk, by id or slug.") var perk: String?
        @Option(help: "Only those of a guest.") var guest: String?
        @Option(help: "Only those at a venue, by id or slug.") var venue: String?
        @Option(help: "Only those that are redeemed or reversed.") var status: String?
        @Option(help: "From this moment on, such as 2026-11-21T00:00:00Z.") var from: String?
        @Option(help: "Before this moment.") var to: String?
        @OptionGroup var list: ListOptions
        @OptionGroup var options: BrandOptions

        func run(in session: Session) async throws {
            let wanted = try filters
            let words = [campaign, perk, guest, venue, status, from, to]
            try await session.output.list(list, filters: words) { page in
                try await session.read { try Redemption.list(page, wanted, as: session.principal, in: $0) }
            }
        }

        private var filters: Redemption.Filters {
            get throws {
                var filters = Redemption.Filters()
                filters.campaign = try campaign.map { try Campaign.reference($0) }
                filters.perk = try perk.map { try Perk.reference($0) }
                filters.guest = guest
                filters.venue = try venue.map { try Venue.reference($0) }
                filters.status = try status.map { word in
                    guard let status = Redemption.Status(rawValue: word) else {
                        throw PerksError.invalid("/status", "unknown_word", "A redemption is redeemed or reversed.")
                    }
                    return status
                }
                filters.from = try Timestamp(option: from, "/from")
                filters.to = try Timestamp(option: to, "/to")
                return filters
            }
        }
    }

    /// `perks redemption show`.
    struct Show: SessionCommand {
        static let configuration = CommandConfiguration(abstract: "Show a redemption.", aliases: ["get"])

        @Argument(help: "The redemption's id.") var redemption: String
        @OptionGroup var options: BrandOptions

        func run(in session: Session) async throws {
            let id = try Redemption.identifier(redemption)
            try session.output.show(
                try await session.read { try Redemption.find(id, as: session.principal, in: $0) })
        }
    }

    /// `perks redemption reverse`.
    struct Reverse: SessionCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take a redemption back: the guest's allowance, the stock and the budget are free again.",
            discussion: "Example: perks redemption reverse redemption_01k… --brand palms --reason \"guest left\"")

        @Argument(help: "The redemption's id.") var redemption: String
        @Option(help: "Why.") var reason: String
        @OptionGroup var options: BrandOptions

        func run(in session: Session) async throws {
            let id = try Redemption.identifier(redemption)
            var fields = Fields()
            fields.set("reason", reason)
            let draft = try fields.request(Redemption.ReversalDraft.self)
            try session.output.show(
                try await session.write { connection in
                    try Redemption.reverse(id, draft, as: session.principal, at: session.now, in: connection)
                })
        }
    }
}

extension Redemption: Tabular {
    static var columns: [Column<Redemption>] {
        [
            Column("id") { .text($0.id.description) },
            Column("status") { .text($0.status.rawValue) },
            Column("perk") { .text($0.perk.slug) },
            Column("benefit") { .text($0.benefit.summary) },
            Column("guest") { .text($0.guest.id.description) },
            Column("campaign", detail: true) { .text($0.campaign.slug) },
            Column("venue") { .text($0.venue) },
            Column("redeemed_at") { .moment($0.redeemedAt) },
            Column("code") { .text($0.code) },
            Column("hold", detail: true) { .text($0.hold?.description) },
            Column("share", detail: true) { .text($0.share?.description) },
            Column("check_in", detail: true) { .text($0.checkIn?.description) },
            Column("order", detail: true) { .text($0.order?.reference) },
            Column("order_amount", detail: true) { .number($0.order?.amount) },
            Column("order_currency", detail: true) { .text($0.order?.currency) },
            Column("cost", detail: true) { .number($0.cost) },
            Column("reversed_at", detail: true) { .moment($0.reversedAt) },
            Column("reason", detail: true) { .text($0.reason) },
        ]
    }
}
