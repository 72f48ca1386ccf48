import Foundation
import Postgres

extension Invariant {
    /// What word of mouth is credited with.
    static let conversions = Invariant(
        name: "conversions", subject: "conversions and redemptions that name a share",
        rule:
            "Each redemption that names a share is one conversion, which stands as long as it does; touches are in order."
    ) { brand in
        """
        select coalesce(c.claim_id, k.id) as claim_id,
            nullif(concat_ws('; ',
                case when c.id is null then 'it names a share, and is no conversion' end,
                case when c.claim_id is not null and k.id is null then
                    'it is a conversion, and no redemption that names a share' end,
                case when (k.status = 'reversed') <> (c.reversed_at is not null) then
                    format('the redemption is %s, the conversion was reversed at %s', k.status,
                        coalesce(c.reversed_at::text, 'no time')) end,
                case when k.id is not null and t.shares is distinct from array[k.share] then
                    format('it names %s, its conversion %s', k.share, coalesce(t.shares::text, 'none')) end,
                case when t.touches <> t.last then format('its %s touches are numbered up to %s', t.touches, t.last) end
            ), '') as fault
        from (select * from conversion where brand_id = \(brand)) c
        full join (
            select id, status, receipt ->> 'share' as share from claim
            where brand_id = \(brand) and status in ('redeemed', 'reversed') and receipt ? 'share'
        ) k on k.id = c.claim_id
        left join lateral (
            select count(*) as touches, max(position) as last,
                array_agg(\(fragment: typeID("share", of: "o.share_id")) order by o.position) as shares
            from conversion_touch o where o.brand_id = \(brand) and o.conversion_id = c.id
        ) t on c.id is not null
        """
    }
}
