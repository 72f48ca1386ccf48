import ArgumentParser
import Perks
import Postgres

/// `perks share`.
struct ShareCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "share", abstract: "Guests' links to campaigns, and what they post with them.",
        discussion: """
            A guest has one link a campaign. Whoever follows it comes to the campaign's landing page, and is counted.

            Examples:
              perks share twitter:ana_w opening-night --brand palms
              perks share post share_01k… --network twitter --url https://twitter.example/ana_w/1 --disclosed --brand palms
            """,
        subcommands: [Create.self, List.self, Show.self, Post.self, Posts.self], defaultSubcommand: Create.self)

    /// `perks share [create]`.
    struct Create: SessionCommand {
        static let configuration = CommandConfiguration(
            abstract: "Give a guest their link to a campaign, the same one each time.",
            discussion: "Example: perks share twitter:ana_w opening-night --brand palms --venue las-vegas")

        @Argument(help: "network:handle, member:<number>, or an id.") var guest: String
        @Argument(help: "The campaign, by id or slug.") var campaign: String
        @Option(help: "Where, by id or slug; where the guest was last, if left out.") var venue: String?
        @OptionGroup var options: BrandOptions

        func run(in session: Session) async throws {
            var fields = Fields()
            fields.set("guest", guest)
            fields.set("campaign", campaign)
            fields.set("venue", venue)
            let draft = try fields.request(Share.Draft.self)
            let share = try await session.write { connection in
                try Share.create(
                    draft, publicURL: session.publicURL, as: session.principal, at: session.now,
                    session.backend.catalogues, in: connection)
            }
            try session.output.show(share)
        }
    }

    /// `perks share list`.
    struct List: SessionCommand {
        static let configuration = CommandConfiguration(abstract: "List the brand's shares, newest first.")

        @Option(help: "Only those of a campaign, by id or slug.") var campaign: String?
        @Option(help: "Only those of a guest.") var guest: String?
        @OptionGroup var list: ListOptions
        @OptionGroup var options: BrandOptions

        func run(in session: Session) async throws {
            let reference = try campaign.map { try Campaign.reference($0) }
            try await session.output.list(list, filters: [campaign, guest]) { page in
                try await session.read {
                    try Share.list(
                        page, campaign: reference, guest: guest, publicURL: session.publicURL, as: session.principal,
                        in: $0)
                }
            }
        }
    }

    /// `perks share show`.
    struct Show: SessionCommand {
        static let configuration = CommandConfiguration(abstract: "Show a share.", aliases: ["get"])

        @Argument(help: "The share, by its id, token or link.") var share: String
        @OptionGroup var options: BrandOptions

        func run(in session: Session) async throws {
            try session.output.show(
                try await session.read {
                    try Share.find(named: share, publicURL: session.publicURL, as: session.principal, in: $0)
                })
        }
    }

    /// `perks share post`.
    struct Post: SessionCommand {
        static let configuration = CommandConfiguration(
            abstract: "Report a post with a share's link; again to bring it up to date.",
            discussion: """
                Example: perks share post share_01k… --network twitter --url https://twitter.example/ana_w/1 \
                --disclosed --reach 1200 --brand palms
                """)

        @Argument(help: "The share's id.") var share: String
        @Option(help: "A word such as twitter.") var network: String
        @Option(help: "Where the post is.") var url: String
        @Flag(inversion: .prefixedNo, help: "Whether the post says that it is advertising.") var disclosed: Bool
        @Option(help: "How many people it reached, as far as that is measured.") var reach: Int?
        @Option(help: "When, such as 2026-11-21T19:00:00Z. (default: now)") var postedAt: String?
        @OptionGroup var options: BrandOptions

        func run(in session: Session) async throws {
            let id = try Share.identifier(share)
            var fields = Fields()
            fields.set("network", network)
            fields.set("url", url)
            fields.set("disclosed", disclosed)
            fields.set("reach", reach)
            fields.set("posted_at", postedAt)
            let draft = try fields.request(SharePost.Draft.self)
            let post = try await session.write { connection in
                try SharePost.record(draft, of: id, as: session.principal, at: session.now, in: connection)
            }
            try session.output.show(post)
        }
    }

    /// `perks share posts`.
    struct Posts: SessionCommand {
        static let configuration = CommandConfiguration(abstract: "List the posts with a share's link, newest first.")

        @Argument(help: "The share's id.") var share: String
        @OptionGroup var list: ListOptions
        @OptionGroup var options: BrandOptions

        func run(in session: Session) async throws {
            let id = try Share.identifier(share)
            try await session.output.list(list, filters: [share]) { page in
                try await session.read { try SharePost.list(page, of: id, as: session.principal, in: $0) }
            }
        }
    }
}

extension Share: Tabular {
    static var columns: [Column<Share>] {
        [
            Column("id") { .text($0.id.description) },
            Column("guest") { .text($0.guest.id.description) },
            Column("campaign") { .text($0.campaign.slug) },
            Column("venue", detail: true) { .text($0.venue) },
            Column("url") { .text($0.url) },
            Column("text", detail: true) { .text($0.text) },
            Column("created_at", detail: true) { .moment($0.createdAt) },
            Column("ended_at", detail: true) { .moment($0.endedAt) },
        ]
    }
}

extension SharePost: Tabular {
    static var columns: [Column<SharePost>] {
        [
            Column("id") { .text($0.id.description) },
            Column("share", detail: true) { .text($0.share.description) },
            Column("network") { .text($0.network) },
            Column("url") { .text($0.url) },
            Column("reach") { .number($0.reach) },
            Column("potential_impressions", detail: true) { .number($0.potentialImpressions) },
            Column("posted_at") { .moment($0.postedAt) },
            Column("disclosed") { .text($0.disclosed ? "yes" : "no") },
        ]
    }
}
