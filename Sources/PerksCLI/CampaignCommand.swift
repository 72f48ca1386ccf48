import ArgumentParser
import Foundation
import Perks
import Postgres

/// `perks campaign`.
struct CampaignCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "campaign", abstract: "What a brand promises: who gets perks, where and when.",
        subcommands: [Create.self, List.self, Show.self, Update.self, Status.self, Revisions.self])

    /// `perks campaign create`.
    struct Create: SessionCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a campaign, as a draft.",
            discussion: """
                A category other than general has an age of its own by law, which no rule can edit away.

                Example: perks campaign create opening-night --brand palms --name "Opening night" \
                --category gambling --starts 2026-11-01 --ends 2036-12-31 --rule 'country in (US, CA)' \
                --landing-url https://palms.example/opening
                """)

        @Argument(help: "The name in URLs: lower-case letters, digits, hyphens.")
        var slug: String

        @OptionGroup var stated: Stated
        @OptionGroup(title: "Who qualifies") var rule: RuleOptions
        @OptionGroup var options: BrandOptions

        func run(in session: Session) async throws {
            var fields = try stated.fields
            fields.set("slug", slug)
            try rule.state(in: &fields)
            let draft = try fields.request(Campaign.Draft.self)
            try session.output.show(
                try await session.write { connection in
                    try Campaign.create(draft, as: session.principal, at: session.now, in: connection)
                })
        }
    }

    /// `perks campaign list`.
    struct List: SessionCommand {
        static let configuration = CommandConfiguration(abstract: "List the brand's campaigns, oldest first.")

        @Option(help: "Only those that are draft, active, paused or ended.") var status: StatusWord?
        @OptionGroup var list: ListOptions
        @OptionGroup var options: BrandOptions

        func run(in session: Session) async throws {
            let status = status?.value
            try await session.output.list(list, filters: [status?.rawValue]) { page in
                try await session.read { connection in
                    try Campaign.list(page, status: status, as: session.principal, in: connection)
                }
            }
        }
    }

    /// `perks campaign show`.
    struct Show: SessionCommand {
        static let configuration = CommandConfiguration(abstract: "Show a campaign.", aliases: ["get"])

        @Argument(help: "Id or slug.") var campaign: String
        @OptionGroup var options: BrandOptions

        func run(in session: Session) async throws {
            let reference = try Campaign.reference(campaign)
            try session.output.show(
                try await session.read { try Campaign.find(reference, as: session.principal, in: $0) })
        }
    }

    /// `perks campaign update`.
    struct Update: SessionCommand {
        static let configuration = CommandConfiguration(
            abstract: "Change a campaign; what is not named stays as it is.",
            discussion:
                "What is said of who qualifies replaces the rule. Example: perks campaign update opening-night --brand palms --ends 2037-12-31 --clear budget"
        )

        @Argument(help: "Id or slug.") var campaign: String
        @Option(help: "A new name in URLs.") var slug: String?
        @OptionGroup var stated: Stated
        @OptionGroup(title: "Who qualifies") var rule: RuleOptions
        @Option(help: "An option to take the value of away, such as rule or ends; may be repeated.")
        var clear: [String] = []
        @OptionGroup var options: BrandOptions

        func run(in session: Session) async throws {
            let reference = try Campaign.reference(campaign)
            var fields = try stated.fields
            fields.set("slug", slug)
            try rule.state(in: &fields)
            fields.clear(clear)
            let patch = try fields.patch()
            try session.output.show(
                try await session.write { connection in
                    try Campaign.patch(
                        reference, with: patch, as: session.principal, at: session.now, in: connection)
                })
        }
    }

    /// `perks campaign status`.
    struct Status: SessionCommand {
        static let configuration = CommandConfiguration(
            abstract: "Move a campaign: draft, active, paused and active again, ended for good.",
            discussion: "Example: perks campaign status opening-night active --brand palms")

        @Argument(help: "Id or slug.") var campaign: String
        @Argument(help: "active, paused or ended.") var status: StatusWord
        @OptionGroup var confirmation: ConfirmOptions
        @OptionGroup var options: BrandOptions

        func run(in session: Session) async throws {
            let reference = try Campaign.reference(campaign)
            let status = status.value
            let found = try await session.read { try Campaign.find(reference, as: session.principal, in: $0) }
            if status == .ended, found.status != .ended {
                try confirmation.confirm("End the campaign \(found.slug), for good?")
            }
            try session.output.show(
                try await session.write { connection in
                    try Campaign.setStatus(
                        status, of: reference, as: session.principal, at: session.now, in: connection)
                })
        }
    }

    /// A status as a word on the command line.
    enum StatusWord: String, ExpressibleByArgument, CaseIterable {
        case draft, active, paused, ended

        var value: Campaign.Status {
            switch self {
            case .draft: .draft
            case .active: .active
            case .paused: .paused
            case .ended: .ended
            }
        }
    }

    /// What the flags say of a campaign.
    struct Stated: ParsableArguments {
        @Option(help: "What people call it.") var name: String?
        @Option(help: "What is marketed: general, alcohol, gambling, tobacco, cannabis or adult.")
        var category: String?
        @Option(help: "From when: a date by each venue's calendar, or a moment such as 2026-11-21T19:00:00Z.")
        var starts: String?
        @Option(help: "Until when, inclusive: a date by each venue's calendar, or a moment.") var ends: String?
        @Option(help: "A venue it is limited to, by id or slug; may be repeated.") var venue: [String] = []
        @Option(help: "The most it may cost in all: minor units and currency, such as 500000:USD.")
        var budget: String?
        @Option(help: "The most that may be redeemed in all.") var maxRedemptions: Int?
        @Flag(inversion: .prefixedNo, help: "Whether only an age seen on an ID counts.") var requireID: Bool?
        @Option(name: .customLong("landing-url"), help: "Where its links lead.") var landingURL: String?
        @Option(help: "What the text of a share begins with. (default: #ad)") var disclosure: String?

        var fields: Fields {
            get throws {
                var fields = Fields()
                fields.set("name", name)
                fields.set("category", category)
                fields.set("starts_at", starts)
                fields.set("ends_at", ends)
                fields.set("venues", venue)
                fields.set("budget", try limits)
                fields.set("require_id", requireID)
                fields.set("landing_url", landingURL)
                fields.set("disclosure", disclosure)
                return fields
            }
        }

        private var limits: JSONValue? {
            get throws {
                var members: [String: JSONValue] = [:]
                if let budget {
                    let parts = budget.split(separator: ":").map(String.init)
                    guard parts.count == 2, let amount = Int(parts[0]) else {
                        throw PerksError.invalid(
                            "/budget", "wrong_format", "A budget is minor units and currency, such as 500000:USD.")
                    }
                    members = ["amount": .number(Decimal(amount)), "currency": .string(parts[1])]
                }
                if let maxRedemptions { members["redemptions"] = .number(Decimal(maxRedemptions)) }
                return members.isEmpty ? nil : .object(members)
            }
        }
    }
}

extension Campaign: Tabular {
    static var columns: [Column<Campaign>] {
        [
            Column("id", detail: true) { .text($0.id.description) },
            Column("slug") { .text($0.slug) },
            Column("name") { .text($0.name) },
            Column("status") { .text($0.status.rawValue) },
            Column("category") { .text($0.category.rawValue) },
            Column("starts_at") { $0.startsAt.cell },
            Column("ends_at") { $0.endsAt.cell },
            Column("venues") { .text($0.venues.joined(separator: " ")) },
            Column("rule") { .text($0.ruleText) },
            Column("budget", detail: true) { .text($0.budget.summary) },
            Column("require_id", detail: true) { .text($0.requireID ? "yes" : nil) },
            Column("landing_url", detail: true) { .text($0.landingURL) },
            Column("disclosure", detail: true) { .text($0.disclosure) },
            Column("revision", detail: true) { .number($0.revision) },
        ]
    }
}

extension Boundary? {
    fileprivate var cell: Cell {
        switch self {
        case .date(let date): .text("\(date)")
        case .moment(let moment): .moment(moment)
        case nil: .text(nil)
        }
    }
}

extension Campaign.Budget? {
    fileprivate var summary: String? {
        guard let self else { return nil }
        let amount = self.amount.map { "\($0) \(self.currency ?? "") in minor units" }
        let redemptions = self.redemptions.map { "\($0) redemptions" }
        return [amount, redemptions].compactMap { $0 }.joined(separator: ", ")
    }
}
