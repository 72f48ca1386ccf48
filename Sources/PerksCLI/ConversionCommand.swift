import ArgumentParser
import Perks
import Postgres

/// `perks conversion`.
struct ConversionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "conversion", abstract: "What came of guests' links.",
        discussion: """
            A redemption that names a share is one by itself: perks redeem … --share <link>.

            Example: perks conversion record --click click_01k… --order web-77:4900:USD --brand palms
            """,
        subcommands: [Record.self, List.self, Show.self, Reverse.self])

    /// `perks conversion record`.
    struct Record: SessionCommand {
        static let configuration = CommandConfiguration(
            abstract: "Report that somebody converted, and the click or share that led to it.",
            discussion: """
                Example: perks conversion record --click click_01k… --order web-77:4900:USD --brand palms
                """)

        @Option(help: "The landing page's perks_click; this or a share is needed.") var click: String?
        @Option(name: .customLong("earlier-click"), help: "What the same person clicked before; may be repeated.")
        var earlierClicks: [String] = []
        @Option(help: "The share that led to it, by id, token or link.") var share: String?
        @Option(help: "Who converted, if that is known.") var guest: String?
        @Option(help: "The order: a reference, or reference:amount:currency in minor units.") var order: String?
        @Option(help: "When, such as 2026-11-21T19:00:00Z. (default: now)") var convertedAt: String?
        @OptionGroup var options: BrandOptions

        func run(in session: Session) async throws {
            var fields = Fields()
            fields.set("click", click)
            fields.set("earlier_clicks", earlierClicks)
            fields.set("share", share)
            fields.set("guest", guest)
            fields.setOrder(order)
            fields.set("converted_at", convertedAt)
            let draft = try fields.request(Conversion.Draft.self)
            let conversion = try await session.write { connection in
                try Conversion.record(draft, as: session.principal, at: session.now, in: connection)
            }
            try session.output.show(conversion)
        }
    }

    /// `perks conversion list`.
    struct List: SessionCommand {
        static let configuration = CommandConfiguration(abstract: "List the brand's conversions, newest first.")

        @Option(help: "Only those of a campaign, by id or slug.") var campaign: String?
        @Option(help: "Only those that a share has led to, by its id.") var share: String?
        @OptionGroup var list: ListOptions
        @OptionGroup var options: BrandOptions

        func run(in session: Session) async throws {
            let reference = try campaign.map { try Campaign.reference($0) }
            let id = try share.map { try Share.identifier($0) }
            try await session.output.list(list, filters: [campaign, share]) { page in
                try await session.read {
                    try Conversion.list(page, campaign: reference, share: id, as: session.principal, in: $0)
                }
            }
        }
    }

    /// `perks conversion show`.
    struct Show: SessionCommand {
        static let configuration = CommandConfiguration(abstract: "Show a conversion.", aliases: ["get"])

        @Argument(help: "The conversion's id.") var conversion: String
        @OptionGroup var options: BrandOptions

        func run(in session: Session) async throws {
            let id = try Conversion.identifier(conversion)
            try session.output.show(
                try await session.read { try Conversion.find(id, as: session.principal, in: $0) })
        }
    }

    /// `perks conversion reverse`.
    struct Reverse: SessionCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take a conversion back: it leaves the totals.",
            discussion: "Example: perks conversion reverse conversion_01k… --brand palms --reason \"order cancelled\"")

        @Argument(help: "The conversion's id.") var conversion: String
        @Option(help: "Why.") var reason: String
        @OptionGroup var options: BrandOptions

        func run(in session: Session) async throws {
            let id = try Conversion.identifier(conversion)
            var fields = Fields()
            fields.set("reason", reason)
            let draft = try fields.request(Redemption.ReversalDraft.self)
            let reversed = try await session.write { connection in
                try Conversion.reverse(id, draft, as: session.principal, at: session.now, in: connection)
            }
            try session.output.show(reversed)
        }
    }
}

extension Conversion: Tabular {
    static var columns: [Column<Conversion>] {
        [
            Column("id") { .text($0.id.description) },
            Column("status") { .text($0.status.rawValue) },
            Column("campaign") { .text($0.campaign.slug) },
            Column("converted_at") { .moment($0.convertedAt) },
            Column("touches") { .number($0.touches.count) },
            Column("last_share") { .text($0.touches.last?.share.description) },
            Column("guest", detail: true) { .text($0.guest?.id.description) },
            Column("redemption", detail: true) { .text($0.redemption?.description) },
            Column("order", detail: true) { .text($0.order?.reference) },
            Column("order_amount", detail: true) { .number($0.order?.amount) },
            Column("order_currency", detail: true) { .text($0.order?.currency) },
            Column("reversed_at", detail: true) { .moment($0.reversedAt) },
            Column("reason", detail: true) { .text($0.reason) },
        ]
    }
}
