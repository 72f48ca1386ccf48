import Foundation
import Postgres

extension Invariant {
    /// What is left of every stock.
    static let stock = Invariant(
        name: "stock", subject: "perks", rule: "A perk's counter is its stock less the units held or redeemed."
    ) { brand in
        """
        select null::uuid as claim_id,
            case
                when p.stock is null and s.perk_id is not null then
                    format('perk %s is uncapped and has a counter, of %s', p.slug, s.remaining)
                when p.stock is not null and s.perk_id is null then
                    format('perk %s has a stock of %s and no counter', p.slug, p.stock)
                when s.remaining < 0 or s.remaining <> p.stock - coalesce(c.live, 0) then
                    format('perk %s: the counter says that %s are left; a stock of %s less %s held or redeemed leaves %s',
                        p.slug, s.remaining, p.stock, coalesce(c.live, 0), p.stock - coalesce(c.live, 0))
            end as fault
        from perk p
        left join perk_stock s on s.brand_id = p.brand_id and s.perk_id = p.id
        left join (
            select perk_id, count(*) as live from claim
            where brand_id = \(brand) and status in ('held', 'redeemed') group by perk_id
        ) c on c.perk_id = p.id
        where p.brand_id = \(brand)
        """
    }

    /// What is left of every budget, in money and in redemptions.
    static let budget = Invariant(
        name: "budget", subject: "campaigns",
        rule: "A campaign's counters are its budget less the cost and the number of the units held or redeemed."
    ) { brand in
        """
        select null::uuid as claim_id,
            case
                when num_nonnulls(c.budget_amount, c.budget_redemptions) = 0 and b.campaign_id is not null then
                    format('campaign %s has no budget and a counter', c.slug)
                when num_nonnulls(c.budget_amount, c.budget_redemptions) > 0 and b.campaign_id is null then
                    format('campaign %s has a budget and no counter', c.slug)
                when b.remaining_amount < 0
                    or b.remaining_amount is distinct from c.budget_amount - coalesce(u.amount, 0) then
                    format('campaign %s: the counter says that an amount of %s is left; a budget of %s less %s leaves %s',
                        c.slug, coalesce(b.remaining_amount::text, 'any'), coalesce(c.budget_amount::text, 'any'),
                        coalesce(u.amount, 0), coalesce((c.budget_amount - coalesce(u.amount, 0))::text, 'any'))
                when b.remaining_redemptions < 0
                    or b.remaining_redemptions is distinct from c.budget_redemptions - coalesce(u.redemptions, 0) then
                    format('campaign %s: the counter says that %s redemptions are left; a budget of %s less %s leaves %s',
                        c.slug, coalesce(b.remaining_redemptions::text, 'any'),
                        coalesce(c.budget_redemptions::text, 'any'), coalesce(u.redemptions, 0),
                        coalesce((c.budget_redemptions - coalesce(u.redemptions, 0))::text, 'any'))
            end as fault
        from campaign c
        left join campaign_budget b on b.brand_id = c.brand_id and b.campaign_id = c.id
        left join (
            select campaign_id, sum(cost) as amount, count(*) as redemptions from claim
            where brand_id = \(brand) and status in ('held', 'redeemed') group by campaign_id
        ) u on u.campaign_id = c.id
        where c.brand_id = \(brand)
        """
    }

    /// Which codes there are, which were handed out, and how many are promised.
    static let codes = Invariant(
        name: "codes", subject: "perks",
        rule:
            "A pool counts its codes, those handed out, each once and from the first on, and those that holds reserve."
    ) { brand in
        """
        select null::uuid as claim_id,
            'perk ' || n.slug || ': ' || nullif(concat_ws('; ',
                case when n.total <> coalesce(l.total, 0) or coalesce(l.last, 0) <> coalesce(l.total, 0) then
                    format('the pool says %s codes, there are %s and the last is number %s',
                        n.total, coalesce(l.total, 0), coalesce(l.last, 0)) end,
                case when n.taken <> coalesce(c.given, 0) or coalesce(c.last, 0) <> coalesce(c.given, 0)
                    or coalesce(c.given, 0) <> coalesce(c.different, 0) then
                    format('the pool says %s are taken, %s were given to claims, %s different ones, the last number %s',
                        n.taken, coalesce(c.given, 0), coalesce(c.different, 0), coalesce(c.last, 0)) end,
                case when n.reserved <> coalesce(c.reserved, 0) then
                    format('the pool says %s are reserved, holds reserve %s', n.reserved, coalesce(c.reserved, 0)) end,
                case when n.taken + n.reserved > n.total then
                    format('%s taken and %s reserved are more than the %s there are', n.taken, n.reserved, n.total) end,
                case when coalesce(c.lacking, 0) > 0 then
                    format('%s redemptions should have got a code and have none', c.lacking) end
            ), '') as fault
        from (
            select p.id, p.slug, k.perk_id is not null as is_pool, coalesce(k.total, 0) as total,
                coalesce(k.taken, 0) as taken, coalesce(k.reserved, 0) as reserved
            from perk p left join code_pool k on k.brand_id = p.brand_id and k.perk_id = p.id
            where p.brand_id = \(brand)
        ) n
        left join (
            select perk_id, count(*) as total, max(position) as last from code
            where brand_id = \(brand) group by perk_id
        ) l on l.perk_id = n.id
        left join (
            select perk_id, count(code_position) as given, count(distinct code_position) as different,
                max(code_position) as last,
                count(*) filter (where status = 'held') as reserved,
                count(*) filter (where redeemed_at is not null and code_position is null) as lacking
            from claim where brand_id = \(brand) and (takes_code or code_position is not null) group by perk_id
        ) c on c.perk_id = n.id
        where n.is_pool or l.total > 0 or c.perk_id is not null
        """
    }
}
