import Postgres
import Testing

@testable import Perks

/// What the tables refuse by themselves, whatever a server may get wrong: the last guard of every promise.
@Suite struct ClaimConstraintTests {
    /// A change that breaks a promise, and the constraint or unique index that refuses it.
    struct Breach: Sendable, CustomTestStringConvertible {
        let constraint: String
        let sql: String

        var testDescription: String { "\(constraint): \(sql)" }

        init(_ constraint: String, _ sql: String) {
            self.constraint = constraint
            self.sql = sql
        }

        /// The condition that a claim is the one that a key got.
        private static func got(_ key: String) -> String {
            "(brand_id, id) = (select brand_id, claim_id from idempotency_key where key = '\(key)')"
        }

        /// One more claim like that of a key, but for these members.
        private static func another(like key: String, _ members: String) -> String {
            """
            insert into claim select (jsonb_populate_record(
                c, jsonb_build_object('id', gen_random_uuid()) || '\(members)')).* from claim c where \(got(key))
            """
        }

        private static let guest = #""guest_id": "00000000-0000-0000-0000-000000000001""#

        static let all = units + keys + counters + claims

        private static let units = [
            Breach("claim_guest_slot", another(like: "order", #"{"perk_group": null, "code_position": null}"#)),
            Breach("claim_guest_slot", another(like: "cart", #"{"perk_group": null}"#)),
            Breach("claim_guest_group", another(like: "order", #"{"slot": 2, "code_position": null}"#)),
            Breach("claim_guest_group", another(like: "cart", #"{"slot": 2}"#)),
            Breach("claim_code", another(like: "order", "{\(guest)}")),
            // What was given back leaves its code burnt.
            Breach(
                "claim_code",
                "update claim set status = 'reversed', reversed_at = now() where \(got("order")); "
                    + another(like: "order", #"{"status": "redeemed", "reversed_at": null}"#)),
            Breach("code_known", "insert into code select brand_id, \(drink), 1, code from code where position = 1"),
            Breach("code_pkey", "insert into code select brand_id, perk_id, 1, 'NEW' from code where position = 1"),
            Breach(
                "code_position_check",
                "insert into code select brand_id, perk_id, 0, 'NEW' from code where position = 1"),
            Breach("claim_pkey", "insert into claim select * from claim"),
        ]

        private static let drink = "(select id from perk where slug = 'drink')"

        private static let keys = [
            Breach(
                "idempotency_key_pkey",
                """
                insert into idempotency_key (brand_id, key, fingerprint, claim_id)
                select brand_id, key, fingerprint, gen_random_uuid() from idempotency_key where key = 'order'
                """),
            Breach("idempotency_key_answer_check", "update idempotency_key set kept_until = now()"),
            Breach("idempotency_key_answer_check", "update idempotency_key set claim_id = null"),
        ]

        private static let counters = [
            Breach("perk_stock_remaining_check", "update perk_stock set remaining = -1"),
            Breach("perk_stock_pkey", "insert into perk_stock select * from perk_stock"),
            Breach("campaign_budget_remaining_amount_check", "update campaign_budget set remaining_amount = -1"),
            Breach(
                "campaign_budget_remaining_redemptions_check",
                "update campaign_budget set remaining_redemptions = -1"),
            Breach("campaign_budget_pkey", "insert into campaign_budget select * from campaign_budget"),
            // Of three, one is taken and one is reserved.
            Breach("code_pool_left_check", "update code_pool set taken = 3"),
            Breach("code_pool_left_check", "update code_pool set reserved = 3"),
            Breach("code_pool_left_check", "update code_pool set total = 1"),
            Breach("code_pool_taken_check", "update code_pool set taken = -1"),
            Breach("code_pool_reserved_check", "update code_pool set reserved = -1"),
            // Which the others imply, as long as they are there.
            Breach(
                "code_pool_total_check",
                "alter table code_pool drop constraint code_pool_left_check; update code_pool set total = -1"),
            Breach("code_pool_pkey", "insert into code_pool select * from code_pool"),
        ]

        private static let claims = [
            Breach("claim_status_check", "update claim set status = 'given' where \(got("cart"))"),
            Breach("claim_slot_check", "update claim set slot = 0"),
            Breach("claim_held_check", "update claim set expires_at = null where \(got("cart"))"),
            Breach("claim_hold_receipt_check", "update claim set hold_receipt = null where \(got("cart"))"),
            Breach("claim_redeemed_check", "update claim set status = 'redeemed' where \(got("cart"))"),
            Breach(
                "claim_redeemed_check",
                "update claim set status = 'released', ended_at = now() where \(got("order"))"),
            Breach("claim_receipt_check", "update claim set receipt = null where \(got("order"))"),
            Breach("claim_receipt_check", "update claim set receipt = '{}' where \(got("cart"))"),
            Breach("claim_ended_check", "update claim set status = 'released' where \(got("cart"))"),
            Breach("claim_ended_check", "update claim set ended_at = now() where \(got("order"))"),
            Breach("claim_reversed_check", "update claim set status = 'reversed' where \(got("order"))"),
            Breach("claim_reversed_check", "update claim set reversed_at = now() where \(got("order"))"),
            Breach("claim_code_check", "update claim set code_position = 2 where \(got("cart"))"),
            Breach("claim_code_check", "update claim set takes_code = false where \(got("order"))"),
        ]
    }

    @Test(arguments: Breach.all) func aBrokenPromiseIsRefusedByItsConstraint(breach: Breach) async throws {
        let palms = try await evening()
        // A superuser, whom no policy keeps from anything.
        let database = Database(.init(url: palms.url, maximumConnections: 1), logger: Palms.logger)
        let error = await #expect(throws: PostgresError.self) {
            try await database.session { try $0.script(breach.sql) }
        }
        #expect(error?.constraint == breach.constraint, "\(error.map { "\($0)" } ?? "it was accepted")")
        await database.close()
        try await palms.expectInvariants()
        await palms.close()
    }

    /// A guard that is added is broken here, too.
    @Test func everyConstraintHasItsBreach() async throws {
        let palms = try await Palms()
        let database = Database(.init(url: palms.url, maximumConnections: 1), logger: Palms.logger)
        let names: [String] = try await database.read(
            """
            select c.conname::text as name from pg_constraint c where c.contype = 'c' and c.conrelid = any (\(Self.tables)::regclass[])
            union
            select i.indexrelid::regclass::text from pg_index i where i.indisunique and i.indrelid = any (\(Self.tables)::regclass[])
            """
        ).map { try $0["name"] }
        #expect(Set(names) == Set(Breach.all.map(\.constraint)))
        await database.close()
        await palms.close()
    }

    private static let tables = ["claim", "idempotency_key", "code", "code_pool", "perk_stock", "campaign_budget"]

    /// A redemption, with the key `order`, and a hold, with the key `cart`, of a perk that is capped in every way.
    private func evening() async throws -> Palms {
        let palms = try await Palms()
        try await palms.makeCampaign { $0.budget = .init(amount: 1000, currency: "USD", redemptions: 10) }
        try await palms.makePerk {
            $0.stock = 5
            $0.cost = 100
            $0.group = "welcome"
        }
        try await palms.makePerk("drink")
        try await palms.importCodes("A\nB\nC")
        try await palms.importCrowd(2)
        _ = try await palms.redeem("net:g0", key: "order")
        _ = try await palms.hold("net:g1", key: "cart")
        return palms
    }
}
