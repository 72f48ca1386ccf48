import Testing

/// Something that no request can bring about, done to the tables by a superuser.
struct Corruption: Sendable, CustomTestStringConvertible {
    let sql: String
    let invariant: String
    let says: String

    var testDescription: String { sql }

    init(_ invariant: String, _ says: String, _ sql: String) {
        self.invariant = invariant
        self.says = says
        self.sql = sql
    }

    /// The condition that a claim is the one that a key got.
    private static func got(_ key: String) -> String {
        "(brand_id, id) = (select brand_id, claim_id from idempotency_key where key = '\(key)')"
    }

    /// Hands the claim of one key to the guest of another's, its receipt included.
    private static func hand(_ key: String, toGuestOf other: String) -> String {
        """
        update claim c set guest_id = o.guest_id, receipt = jsonb_set(c.receipt, '{guest}', o.receipt -> 'guest')
        from claim o, idempotency_key k, idempotency_key j
        where k.key = '\(key)' and c.brand_id = k.brand_id and c.id = k.claim_id
            and j.key = '\(other)' and o.brand_id = j.brand_id and o.id = j.claim_id
        """
    }

    private static let suite = "(select id from perk where slug = 'suite-upgrade')"

    static let all = counters + pools + units + keys + claims + conversions

    private static let counters = [
        Corruption(
            "stock", "suite-upgrade: the counter says that 5 are left; a stock of 10 less 4 held or redeemed leaves 6",
            "update perk_stock set remaining = remaining - 1 where perk_id = \(suite)"),
        Corruption(
            "stock", "suite-upgrade: the counter says that -1 are left",
            """
            alter table perk_stock drop constraint perk_stock_remaining_check;
            update perk_stock set remaining = -1 where perk_id = \(suite)
            """),
        Corruption(
            "stock", "suite-upgrade has a stock of 10 and no counter",
            "delete from perk_stock where perk_id = \(suite)"),
        Corruption(
            "stock", "perk drink is uncapped and has a counter, of 3",
            "insert into perk_stock select brand_id, id, 3 from perk where slug = 'drink'"),
        Corruption(
            "budget", "amount of 9601 is left; a budget of 10000 less 400 leaves 9600",
            "update campaign_budget set remaining_amount = remaining_amount + 1"),
        Corruption(
            "budget", "the counter says that 42 redemptions are left; a budget of 50 less 9 leaves 41",
            "update campaign_budget set remaining_redemptions = 42"),
        Corruption("budget", "opening-night has a budget and no counter", "delete from campaign_budget"),
        Corruption(
            "budget", "opening-night has no budget and a counter",
            "update campaign set budget_amount = null, budget_currency = null, budget_redemptions = null"),
    ]

    private static let pools = [
        Corruption(
            "codes", "perk voucher: the pool says 3 are taken, 2 were given to claims",
            "update code_pool set taken = 3"),
        Corruption("codes", "the pool says 0 are reserved, holds reserve 1", "update code_pool set reserved = 0"),
        Corruption("codes", "the pool says 7 codes, there are 6", "update code_pool set total = 7"),
        Corruption("codes", "the pool says 6 codes, there are 5", "delete from code where position = 3"),
        Corruption("codes", "there are 6 and the last is number 9", "update code set position = 9 where position = 4"),
        Corruption(
            "codes", "2 were given to claims, 1 different ones",
            "drop index claim_code; update claim set code_position = 2 where code_position is not null"),
        Corruption(
            "codes", "1 redemptions should have got a code and have none",
            "update claim set code_position = null where code_position = 2; update code_pool set taken = 1"),
        Corruption(
            "codes", "2 taken and 1 reserved are more than the 2 there are",
            """
            alter table code_pool drop constraint code_pool_left_check;
            delete from code where position > 2;
            update code_pool set total = 2
            """),
    ]

    private static let units = [
        Corruption(
            "allowance", "suite-upgrade: 2 units take slot 1 of one guest",
            "drop index claim_guest_slot; \(hand("suite-1", toGuestOf: "suite-0"))"),
        Corruption(
            "allowance", "suite-upgrade: it takes slot 3 of a guest who may have 2 at revision 1",
            "update claim set slot = 3 where \(got("suite-0"))"),
        Corruption(
            "allowance", "suite-upgrade: it was decided on revision 1, which is not kept",
            "delete from revision where object_id = \(suite)"),
        Corruption(
            "group", "group welcome: the guest has 2 units of it, not one",
            "drop index claim_guest_group; \(hand("silver", toGuestOf: "gold"))"),
    ]

    private static let keys = [
        Corruption(
            "keys", "the key gold names a unit that is not there",
            "update idempotency_key set claim_id = gen_random_uuid() where key = 'gold'"),
        Corruption("keys", "it is named by 0 keys, not by 1", "delete from idempotency_key where key = 'gold'"),
        Corruption(
            "keys", "it is named by 2 keys, not by 1",
            """
            insert into idempotency_key (brand_id, key, fingerprint, claim_id)
            select brand_id, 'more', fingerprint, claim_id from idempotency_key where key = 'gold'
            """),
        Corruption(
            "keys", "the key empty is bound to no answer",
            """
            insert into idempotency_key (brand_id, key, fingerprint, kept_until)
            select brand_id, 'empty', fingerprint, now() from idempotency_key where key = 'gold'
            """),
        Corruption(
            "keys", "the key gold has 2 outcomes, not one",
            """
            alter table idempotency_key drop constraint idempotency_key_answer_check;
            update idempotency_key set kept_until = now(), answer = '{}' where key = 'gold'
            """),
    ]

    private static let claims = [
        Corruption(
            "claims", "it is redeemed, reversed at 2026-11-22",
            """
            alter table claim drop constraint claim_reversed_check;
            update claim set reversed_at = claimed_at where \(got("gold"))
            """),
        Corruption(
            "claims", "it is redeemed, redeemed at no time; it is redeemed at no time, with a receipt",
            """
            alter table claim drop constraint claim_redeemed_check, drop constraint claim_receipt_check;
            update claim set redeemed_at = null where \(got("gold"))
            """),
        Corruption(
            "claims", "it is redeemed, ended at 2026-11-22",
            """
            alter table claim drop constraint claim_ended_check;
            update claim set ended_at = claimed_at where \(got("gold"))
            """),
        Corruption(
            "claims", "it is released, and was never held",
            "update claim set held_at = null, expires_at = null, hold_receipt = null where \(got("voucher-3"))"),
        Corruption(
            "claims", "until no time",
            """
            alter table claim drop constraint claim_held_check;
            update claim set expires_at = null where \(got("voucher-2"))
            """),
        Corruption(
            "claims", "with no receipt of that",
            """
            alter table claim drop constraint claim_hold_receipt_check;
            update claim set hold_receipt = null where \(got("voucher-3"))
            """),
        Corruption(
            "claims", "perk voucher: it has code number 1, which it should not",
            """
            alter table claim drop constraint claim_code_check;
            update claim set takes_code = false where code_position = 1
            """),
        Corruption(
            "claims", "perk gold: it counts for the campaign 00000000-0000-0000-0000-000000000001",
            """
            update claim set campaign_id = '00000000-0000-0000-0000-000000000001' where \(got("gold"));
            update campaign_budget set remaining_redemptions = remaining_redemptions + 1
            """),
        Corruption(
            "claims", "the receipt of its redemption is of redemption_0",
            receipt("receipt", "{id}", "redemption_00000000000000000000000000", of: "gold")),
        Corruption(
            "claims", "the receipt of its hold is of hold_0",
            receipt("hold_receipt", "{id}", "hold_00000000000000000000000000", of: "voucher-2")),
        Corruption(
            "claims", "the receipt of its redemption names another perk, perk_0",
            receipt("receipt", "{perk,id}", "perk_00000000000000000000000000", of: "gold")),
        Corruption(
            "claims", "the receipt of its redemption names another guest, guest_0",
            receipt("receipt", "{guest,id}", "guest_00000000000000000000000000", of: "gold")),
        Corruption(
            "claims", "the receipt of its redemption says a cost of 100, it was counted with 101",
            """
            update claim set cost = 101 where \(got("suite-0"));
            update campaign_budget set remaining_amount = remaining_amount - 1
            """),
    ]

    private static let conversions = [
        Corruption(
            "conversions", "it names a share, and is no conversion",
            """
            delete from conversion_touch where conversion_id = (select claim_id from idempotency_key where key = 'suite-1');
            delete from conversion where id = (select claim_id from idempotency_key where key = 'suite-1')
            """),
        Corruption(
            "conversions", "the redemption is redeemed, the conversion was reversed at 20",
            """
            update conversion set reversed_at = now(), reversed_by = 'nobody'
            where id = (select claim_id from idempotency_key where key = 'suite-1')
            """),
        Corruption(
            "conversions", "it is a conversion, and no redemption that names a share",
            "update claim set receipt = receipt - 'share' where \(got("suite-2"))"),
        Corruption(
            "conversions", "it names share_00000000000000000000000000, its conversion {share_0",
            receipt("receipt", "{share}", "share_00000000000000000000000000", of: "suite-3")),
        Corruption(
            "conversions", "its 1 touches are numbered up to 2",
            "update conversion_touch set position = 2 where conversion_id = (select id from conversion where claim_id is null)"
        ),
    ]

    /// Writes something else into a receipt.
    private static func receipt(_ column: String, _ path: String, _ text: String, of key: String) -> String {
        "update claim set \(column) = jsonb_set(\(column), '\(path)', '\"\(text)\"') where \(got(key))"
    }
}
