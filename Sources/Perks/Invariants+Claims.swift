import Foundation
import Postgres

extension Invariant {
    /// How many of a perk one guest has in a period.
    ///
    /// The limit is the one that the perk had at the revision the unit was decided on. Where two guests turned out to be
    /// one, what both had counts together, beyond any limit; and venues on both sides of the date line have the same date on
    /// different days.
    static let allowance = Invariant(
        name: "allowance", subject: "units held or redeemed",
        rule: "Each takes a slot of its guest's own, within the limit that the perk had when it was decided."
    ) { brand in
        """
        select c.id as claim_id,
            case
                when c.sharing > 1 then
                    format('perk %s: %s units take slot %s of one guest in the period from %s', p.slug, c.sharing, c.slot,
                        c.period_start)
                when c.joined or c.at_several_venues then null
                when r.content is null then
                    format('perk %s: it was decided on revision %s, which is not kept', p.slug,
                        coalesce(c.revision::text, 'of no number'))
                when c.slot > coalesce((r.content #>> '{per_guest,limit}')::int, 1) then
                    format('perk %s: it takes slot %s of a guest who may have %s at revision %s', p.slug, c.slot,
                        coalesce(r.content #>> '{per_guest,limit}', '1'), c.revision)
            end as fault
        from (
            select id, perk_id, slot, period_start,
                coalesce(hold_receipt #>> '{decision,rule_revision}', receipt #>> '{decision,rule_revision}')::int
                    as revision,
                count(*) over (partition by perk_id, guest_id, period_start, slot) as sharing,
                bool_or(joined_from is not null) over (partition by perk_id, guest_id) as joined,
                period_start > '0001-01-01' and min(venue_id::text) over period <> max(venue_id::text) over period
                    as at_several_venues
            from claim where brand_id = \(brand) and status in ('held', 'redeemed')
            window period as (partition by perk_id, guest_id, period_start)
        ) c
        left join perk p on p.brand_id = \(brand) and p.id = c.perk_id
        left join revision r on r.brand_id = \(brand) and r.object_id = c.perk_id and r.revision = c.revision
        """
    }

    /// How many perks of one group a guest has.
    static let group = Invariant(
        name: "group", subject: "guests with a perk of a group", rule: "Of a group a guest has one."
    ) { brand in
        """
        select (array_agg(id order by id))[1] as claim_id,
            case when count(*) > 1 then
                format('group %s: the guest has %s units of it, not one', perk_group, count(*)) end as fault
        from claim
        where brand_id = \(brand) and status in ('held', 'redeemed') and perk_group is not null
        group by perk_group, guest_id
        """
    }

    /// What every Idempotency-Key was answered.
    static let keys = Invariant(
        name: "keys", subject: "idempotency keys and units",
        rule: "A key has one outcome, which is there; a unit has the key of its hold, of its redemption, or both."
    ) { brand in
        """
        select k.claim_id,
            case
                when num_nonnulls(k.claim_id, k.kept_until) <> 1 then
                    format('the key %s has %s outcomes, not one', k.key, num_nonnulls(k.claim_id, k.kept_until))
                when k.claim_id is not null and c.id is null then
                    format('the key %s names a unit that is not there', k.key)
                when k.kept_until is not null and k.answer is null then
                    format('the key %s is bound to no answer', k.key)
            end as fault
        from idempotency_key k
        left join claim c on c.brand_id = k.brand_id and c.id = k.claim_id
        where k.brand_id = \(brand)
        union all
        select c.id,
            case when coalesce(k.number, 0) not between 1 and greatest(1, num_nonnulls(c.held_at, c.redeemed_at)) then
                format('it is named by %s keys, not by 1%s', coalesce(k.number, 0),
                    case when num_nonnulls(c.held_at, c.redeemed_at) > 1 then ' or 2' else '' end) end
        from claim c
        left join (
            select claim_id, count(*) as number from idempotency_key
            where brand_id = \(brand) and claim_id is not null group by claim_id
        ) k on k.claim_id = c.id
        where c.brand_id = \(brand)
        """
    }

    /// What a unit says of itself.
    static let claims = Invariant(
        name: "claims", subject: "units",
        rule:
            "A unit's times and receipts are those of its status, its perk is its campaign's, its receipts agree with it."
    ) { brand in
        """
        select c.id as claim_id,
            'perk ' || coalesce(p.slug, c.perk_id::text) || ': ' || nullif(concat_ws('; ',
                \(fragment: timeFaults),
                case when p.campaign_id is distinct from c.campaign_id then
                    format('it counts for the campaign %s, its perk belongs to %s', c.campaign_id,
                        coalesce(p.campaign_id::text, 'none')) end,
                \(fragment: receiptFaults("redemption", "c.receipt")),
                \(fragment: receiptFaults("hold", "c.hold_receipt"))
            ), '') as fault
        from claim c
        left join (
            select id, slug, campaign_id, \(fragment: typeID("perk", of: "id")) as text_id
            from perk where brand_id = \(brand)
        ) p on p.id = c.perk_id
        where c.brand_id = \(brand)
        """
    }

    /// What the table's own checks say, and that only a hold can be held, released or expired.
    private static let timeFaults: Query = """
        case when (c.status = 'reversed') <> (c.reversed_at is not null) then
            format('it is %s, reversed at %s', c.status, coalesce(c.reversed_at::text, 'no time')) end,
        case when (c.status in ('redeemed', 'reversed')) <> (c.redeemed_at is not null) then
            format('it is %s, redeemed at %s', c.status, coalesce(c.redeemed_at::text, 'no time')) end,
        case when (c.status in ('released', 'expired')) <> (c.ended_at is not null) then
            format('it is %s, ended at %s', c.status, coalesce(c.ended_at::text, 'no time')) end,
        case when c.status in ('held', 'released', 'expired') and c.held_at is null then
            format('it is %s, and was never held', c.status) end,
        case when (c.held_at is null) <> (c.expires_at is null) then
            format('it is held from %s until %s', coalesce(c.held_at::text, 'no time'),
                coalesce(c.expires_at::text, 'no time')) end,
        case when (c.redeemed_at is null) <> (c.receipt is null) then
            format('it is redeemed at %s, with %s receipt', coalesce(c.redeemed_at::text, 'no time'),
                case when c.receipt is null then 'no' else 'a' end) end,
        case when (c.held_at is null) <> (c.hold_receipt is null) then
            format('it is held from %s, with %s receipt of that', coalesce(c.held_at::text, 'no time'),
                case when c.hold_receipt is null then 'no' else 'a' end) end,
        case when c.code_position is not null and (not c.takes_code or c.redeemed_at is null) then
            format('it has code number %s, which it should not', c.code_position) end
        """

    /// What a receipt says of the unit, its perk, its guest and its cost.
    private static func receiptFaults(_ noun: String, _ receipt: Query) -> Query {
        let name: Query = "\(noun)::text"
        return """
            case when \(fragment: receipt) is not null
                and \(fragment: receipt) ->> 'id' is distinct from \(fragment: typeID(noun, of: "c.id")) then
                format('the receipt of its %s is of %s', \(fragment: name), \(fragment: receipt) ->> 'id') end,
            case when \(fragment: receipt) is not null
                and \(fragment: receipt) #>> '{perk,id}' is distinct from p.text_id then
                format('the receipt of its %s names another perk, %s', \(fragment: name),
                    \(fragment: receipt) #>> '{perk,id}') end,
            case when \(fragment: receipt) is not null and c.joined_from is null
                and \(fragment: receipt) #>> '{guest,id}' is distinct from \(fragment: typeID("guest", of: "c.guest_id"))
                then format('the receipt of its %s names another guest, %s', \(fragment: name),
                    \(fragment: receipt) #>> '{guest,id}') end,
            case when (\(fragment: name) = 'redemption' and c.receipt is not null or \(fragment: receipt) ? 'cost')
                and (\(fragment: receipt) ->> 'cost')::numeric is distinct from c.cost then
                format('the receipt of its %s says a cost of %s, it was counted with %s', \(fragment: name),
                    \(fragment: receipt) ->> 'cost', c.cost) end
            """
    }

    /// A UUID as it is written outside: five bits a character, of which the first has two that are always 0.
    ///
    /// Two characters come from the first 8 bits and twelve from each 60 that follow. Arithmetic is six times as quick as
    /// cutting the bits as text, and this is done for every receipt.
    static func typeID(_ noun: String, of uuid: Query) -> Query {
        func characters(_ count: Int, of number: String) -> [String] {
            (0..<count).reversed().map { place in
                "substr('0123456789abcdefghjkmnpqrstvwxyz', ((\(number) >> \(place * 5)) & 31)::int + 1, 1)"
            }
        }
        let all = characters(2, of: "high") + characters(12, of: "middle") + characters(12, of: "low")
        let suffix = Query(stringLiteral: all.joined(separator: " || "))
        return """
            (select \(noun + "_")::text || \(fragment: suffix)
             from (
                 select ('x' || substr(hex, 1, 2))::bit(8)::int as high, ('x' || substr(hex, 3, 15))::bit(60)::bigint as middle,
                     ('x' || substr(hex, 18, 15))::bit(60)::bigint as low
                 from (select replace(\(fragment: uuid)::text, '-', '') as hex offset 0) h
                 offset 0
             ) n)
            """
    }
}
