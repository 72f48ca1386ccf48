import ArgumentParser
import Perks
import Postgres

extension CampaignCommand {
    /// `perks campaign revisions`.
    struct Revisions: SessionCommand {
        static let configuration = CommandConfiguration(
            abstract: "List what a campaign said from change to change.")

        @Argument(help: "Id or slug.") var campaign: String
        @OptionGroup var list: ListOptions
        @OptionGroup var options: BrandOptions

        func run(in session: Session) async throws {
            let reference = try Campaign.reference(campaign)
            try await session.output.list(list, filters: [campaign]) { page in
                try await session.read { try Revision.list(page, of: reference, as: session.principal, in: $0) }
            }
        }
    }
}

extension PerkCommand {
    /// `perks perk revisions`.
    struct Revisions: SessionCommand {
        static let configuration = CommandConfiguration(
            abstract: "List what a perk said from change to change.")

        @Argument(help: "Id or slug.") var perk: String
        @OptionGroup var list: ListOptions
        @OptionGroup var options: BrandOptions

        func run(in session: Session) async throws {
            let reference = try Perk.reference(perk)
            try await session.output.list(list, filters: [perk]) { page in
                try await session.read { try Revision.list(page, of: reference, as: session.principal, in: $0) }
            }
        }
    }
}

extension Revision: Tabular {
    static var columns: [Column<Revision>] {
        [
            Column("revision") { .number($0.revision) },
            Column("at") { .moment($0.at) },
            Column("actor") { .text($0.actor) },
            Column("rule") { .text($0.ruleText) },
        ]
    }
}
