import ArgumentParser
import Perks
import Postgres

/// `perks redeem`.
struct RedeemCommand: SessionCommand {
    static let configuration = CommandConfiguration(
        commandName: "redeem", abstract: "Hand a perk to a guest, exactly once.",
        discussion: """
            The key names this very request: the same request with the same key gets the same answer, however often \
            it is repeated. Without one, one is made up and told, for repeating after a fault.

            Example: perks redeem twitter:ana_w suite-upgrade --brand palms --venue las-vegas --key order-1001
            """)

    @Argument(help: "network:handle, member:<number>, or an id.") var guest: String
    @Argument(help: "The perk, by id or slug.") var perk: String
    @Option(help: "Where, by id or slug.") var venue: String
    @Option(help: "Names the request: 1 to 255 visible characters.") var key: String?
    @Option(help: "The id of the check-in that led to it.") var checkIn: String?
    @Option(help: "The id of the hold that it confirms; the guest's own hold of the perk, if left out.") var hold:
        String?
    @Option(help: "The share that the guest came through, by id, token or link.") var share: String?
    @Option(help: "The till's order: a reference, or reference:amount:currency in minor units.") var order: String?
    @OptionGroup var options: BrandOptions

    func run(in session: Session) async throws {
        let draft = try request
        let key = try session.idempotencyKey(key)
        let outcome = try await session.backend.redeem(draft, key: key, as: session.principal, at: session.now)
        if outcome.isReplay {
            session.output.note("This key has been used before: here is its answer. Nothing was handed over again.")
        }
        try session.output.show(outcome.answer)
    }

    private var request: Redemption.Draft {
        get throws {
            var fields = Fields()
            fields.set("guest", guest)
            fields.set("perk", perk)
            fields.set("venue", venue)
            fields.set("check_in", checkIn)
            fields.set("hold", hold)
            fields.set("share", share)
            fields.setOrder(order)
            return try fields.request()
        }
    }
}
