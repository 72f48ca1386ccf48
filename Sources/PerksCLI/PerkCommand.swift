import ArgumentParser
import Foundation
import Perks
import Postgres

/// `perks perk`.
struct PerkCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "perk", abstract: "What a guest may be handed, within a campaign.",
        subcommands: [Create.self, List.self, Show.self, Update.self, Revisions.self])

    /// `perks perk create`.
    struct Create: SessionCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a perk of a campaign.",
            discussion: """
                Benefits: percent_off:15, amount_off:2500:USD (minor units), free_item:espresso, upgrade:suite, \
                points:500.

                Example: perks perk create suite-upgrade --brand palms --campaign opening-night \
                --name "Suite upgrade" --benefit upgrade:suite --min-score 60 --topic casinos --min-age 21 \
                --stock 100 --per-guest 1
                """)

        @Argument(help: "The name in URLs: lower-case letters, digits, hyphens.")
        var slug: String

        @Option(help: "Its campaign, by id or slug.") var campaign: String
        @OptionGroup var stated: Stated
        @OptionGroup(title: "Who qualifies") var rule: RuleOptions
        @OptionGroup var options: BrandOptions

        func run(in session: Session) async throws {
            let campaign = try Campaign.reference(campaign)
            var fields = try stated.fields
            fields.set("slug", slug)
            try rule.state(in: &fields)
            let draft = try fields.request(Perk.Draft.self)
            try session.output.show(
                try await session.write { connection in
                    try Perk.create(
                        draft, in: campaign, as: session.principal, at: session.now, in: connection)
                })
        }
    }

    /// `perks perk list`.
    struct List: SessionCommand {
        static let configuration = CommandConfiguration(abstract: "List the brand's perks, oldest first.")

        @Option(help: "Only those of a campaign, by id or slug.") var campaign: String?
        @OptionGroup var list: ListOptions
        @OptionGroup var options: BrandOptions

        func run(in session: Session) async throws {
            let campaign = try campaign.map { try Campaign.reference($0) }
            try await session.output.list(list, filters: [self.campaign]) { page in
                try await session.read { connection in
                    try Perk.list(page, of: campaign, as: session.principal, in: connection)
                }
            }
        }
    }

    /// `perks perk show`.
    struct Show: SessionCommand {
        static let configuration = CommandConfiguration(abstract: "Show a perk.", aliases: ["get"])

        @Argument(help: "Id or slug.") var perk: String
        @OptionGroup var options: BrandOptions

        func run(in session: Session) async throws {
            let reference = try Perk.reference(perk)
            try session.output.show(
                try await session.read { try Perk.find(reference, as: session.principal, in: $0) })
        }
    }

    /// `perks perk update`.
    struct Update: SessionCommand {
        static let configuration = CommandConfiguration(
            abstract: "Change a perk; what is not named stays as it is.",
            discussion:
                "What is said of who qualifies replaces the rule. Example: perks perk update suite-upgrade --brand palms --stock 150 --clear rule"
        )

        @Argument(help: "Id or slug.") var perk: String
        @Option(help: "A new name in URLs.") var slug: String?
        @OptionGroup var stated: Stated
        @OptionGroup(title: "Who qualifies") var rule: RuleOptions
        @Option(help: "An option to take the value of away, such as stock or group; may be repeated.")
        var clear: [String] = []
        @OptionGroup var options: BrandOptions

        func run(in session: Session) async throws {
            let reference = try Perk.reference(perk)
            var fields = try stated.fields
            fields.set("slug", slug)
            try rule.state(in: &fields)
            fields.clear(clear)
            // A merge patch would leave the members of another kind of benefit standing.
            fields.withdraw(["percent", "amount", "currency", "item", "points"], from: "benefit")
            let patch = try fields.patch()
            try session.output.show(
                try await session.write { connection in
                    try Perk.patch(
                        reference, with: patch, as: session.principal, at: session.now, in: connection)
                })
        }
    }

    /// What the flags say of a perk.
    struct Stated: ParsableArguments {
        @Option(help: "What people call it.") var name: String?
        @Option(help: "What the guest gets, such as upgrade:suite.") var benefit: String?
        @Option(help: "How many there are in all; uncapped if left out.") var stock: Int?
        @Option(help: "How many one guest gets: 1, or 2/day, 2/week, 2/month. (default: 1 a campaign)")
        var perGuest: String?
        @Option(help: "Of the perks of one group a guest gets one.") var group: String?
        @Option(help: "Of a group, 1 is the best.") var rank: Int?
        @Option(help: "How long a hold lasts, in minutes. (default: 15)") var holdMinutes: Int?
        @Option(help: "When it may be redeemed, by the venue's clocks: 'fri,sat 16:00-19:00'; may be repeated.")
        var availability: [String] = []
        @Option(help: "What one costs the brand, in minor units.") var cost: Int?

        var fields: Fields {
            get throws {
                var fields = Fields()
                fields.set("name", name)
                fields.set("benefit", try given)
                fields.set("stock", stock)
                fields.set("per_guest", try allowance)
                fields.set("group", group)
                fields.set("rank", rank)
                fields.set("hold_minutes", holdMinutes)
                fields.set("availability", try hours)
                fields.set("cost", cost)
                return fields
            }
        }

        private var given: JSONValue? {
            get throws {
                try benefit.map { text in
                    guard let benefit = Benefit(text) else {
                        throw PerksError.invalid(
                            "/benefit", "wrong_format",
                            "A benefit is percent_off:15, amount_off:2500:USD, free_item:espresso, upgrade:suite or points:500, not \(text)."
                        )
                    }
                    return try JSONValue(of: benefit)
                }
            }
        }

        private var allowance: JSONValue? {
            get throws {
                try perGuest.map { text in
                    let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
                    guard let limit = Int(parts[0]), parts.count <= 2 else {
                        throw PerksError.invalid(
                            "/per_guest", "wrong_format", "Give a number, such as 1, or 2/day, 2/week or 2/month.")
                    }
                    let period = parts.count == 2 ? parts[1] : Perk.Period.campaign.rawValue
                    return .object(["limit": .number(Decimal(limit)), "period": .string(period)])
                }
            }
        }

        private var hours: JSONValue? {
            get throws {
                let hours = try availability.map { text in
                    let parts = text.split(separator: " ").map(String.init)
                    let clock = (parts.last ?? "").split(separator: "-").map(String.init)
                    guard (1...2).contains(parts.count), clock.count == 2 else {
                        throw PerksError.invalid(
                            "/availability", "wrong_format", "Hours are days and times, such as 'fri,sat 16:00-19:00'.")
                    }
                    var members: [String: JSONValue] = ["from": .string(clock[0]), "to": .string(clock[1])]
                    if parts.count == 2 {
                        members["days"] = .array(parts[0].split(separator: ",").map { .string(String($0)) })
                    }
                    return JSONValue.object(members)
                }
                return hours.isEmpty ? nil : .array(hours)
            }
        }
    }
}

extension Perk: Tabular {
    static var columns: [Column<Perk>] {
        [
            Column("id", detail: true) { .text($0.id.description) },
            Column("slug") { .text($0.slug) },
            Column("name") { .text($0.name) },
            Column("campaign") { .text($0.campaign) },
            Column("benefit") { .text($0.benefit.summary) },
            Column("rule") { .text($0.ruleText) },
            Column("stock") { .number($0.stock) },
            Column("remaining") { .number($0.remaining) },
            Column("per_guest") { .text("\($0.perGuest.limit)/\($0.perGuest.period.rawValue)") },
            Column("group") { .text($0.group) },
            Column("rank") { .number($0.rank) },
            Column("hold_minutes", detail: true) { .number($0.holdMinutes) },
            Column("availability", detail: true) { perk in
                .text(
                    perk.availability?.map { hours in
                        "\(hours.days.map { $0.joined(separator: ",") + " " } ?? "")\(hours.from)-\(hours.to)"
                    }.joined(separator: "; "))
            },
            Column("cost", detail: true) { .number($0.cost) },
            Column("revision", detail: true) { .number($0.revision) },
        ]
    }
}
