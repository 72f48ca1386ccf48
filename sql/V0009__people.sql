-- What happens to everything that brands keep of a guest when two people turn out to be one, when a person wants to be
-- forgotten, and when a person asks what is kept. Each function crosses all brands for the one guest that it is given.

create index refusal_guest on refusal (brand_id, guest_id) where guest_id is not null;

-- The number of an advisory lock: held by who joins or erases guests, so that nobody else changes whose handle is whose.
create function joining_lock() returns bigint
    language sql immutable parallel safe
    return 5072836413;

-- Hands what brands keep of one guest to another. The caller has locked both guests, so that neither gets anything new
-- meanwhile.
--   member    of two of one brand the survivor's number and date stay, gaps are filled from the other's; under 13 in
--             either is under 13
--   claim     units that count go on counting: they take slots beyond the survivor's own; of a group of which the
--             survivor has a unit already, the other one leaves the group
create function join_guest_in_brands(survivor uuid, absorbed uuid, joined_at timestamptz) returns void
    language plpgsql security definer
    set search_path = public, pg_temp
as $$
declare
    other member;
begin
    for other in
        delete from member m using brand b where m.brand_id = b.id and m.guest_id = absorbed returning m.*
    loop
        insert into member as m (
            brand_id, guest_id, member_number, birth_date_on_id, under_13, created_at, updated_at)
        values (
            other.brand_id, survivor, other.member_number, other.birth_date_on_id, other.under_13, other.created_at,
            joined_at)
        on conflict on constraint member_pkey do update
        set member_number = coalesce(m.member_number, excluded.member_number),
            birth_date_on_id = case
                when not (m.under_13 or excluded.under_13) then coalesce(m.birth_date_on_id, excluded.birth_date_on_id)
            end,
            under_13 = m.under_13 or excluded.under_13,
            created_at = least(m.created_at, excluded.created_at),
            updated_at = joined_at;
    end loop;

    insert into segment_member (brand_id, segment_id, guest_id, added_at)
    select l.brand_id, l.segment_id, survivor, l.added_at
    from brand b join segment_member l on l.brand_id = b.id and l.guest_id = absorbed
    on conflict on constraint segment_member_pkey do nothing;
    delete from segment_member l using brand b where l.brand_id = b.id and l.guest_id = absorbed;

    update check_in c set guest_id = survivor from brand b where c.brand_id = b.id and c.guest_id = absorbed;
    update refusal r set guest_id = survivor from brand b where r.brand_id = b.id and r.guest_id = absorbed;

    -- Those that no longer count first: they need no slot.
    update claim c
    set guest_id = survivor
    from brand b
    where c.brand_id = b.id and c.guest_id = absorbed and c.status not in ('held', 'redeemed');
    update claim c
    set guest_id = survivor,
        slot = n.slot,
        perk_group = case
            when not exists (
                select from claim s
                where s.brand_id = c.brand_id and s.guest_id = survivor and s.perk_group = c.perk_group
                    and s.status in ('held', 'redeemed')
            ) then c.perk_group
        end
    from (
        select a.brand_id, a.id,
            row_number() over (partition by a.brand_id, a.perk_id, a.period_start order by a.slot) + coalesce((
                select max(s.slot) from claim s
                where s.brand_id = a.brand_id and s.perk_id = a.perk_id and s.guest_id = survivor
                    and s.period_start = a.period_start and s.status in ('held', 'redeemed')
            ), 0) as slot
        from brand b join claim a on a.brand_id = b.id and a.guest_id = absorbed
        where a.status in ('held', 'redeemed')
    ) n
    where c.brand_id = n.brand_id and c.id = n.id;
end
$$;
revoke all on function join_guest_in_brands(uuid, uuid, timestamptz) from public;
grant execute on function join_guest_in_brands(uuid, uuid, timestamptz) to perks_app;
alter function join_guest_in_brands(uuid, uuid, timestamptz) owner to perks_system;

-- Takes everything about a person out of what brands keep. What was counted stays counted: check-ins, claims and
-- refusals remain under the guest's id, which names nobody any more.
create function erase_guest_in_brands(erased uuid) returns void
    language plpgsql security definer
    set search_path = public, pg_temp
as $$
begin
    delete from member m using brand b where m.brand_id = b.id and m.guest_id = erased;
    delete from segment_member l using brand b where l.brand_id = b.id and l.guest_id = erased;
    -- Built anew from what may stay, so that nothing that is added to a decision one day is forgotten here.
    update check_in c
    set decision = jsonb_build_object(
        'id', c.decision -> 'id', 'at', c.decision -> 'at', 'venue', c.decision -> 'venue',
        'guest', jsonb_build_object('id', c.decision #> '{guest,id}', 'known', true, 'age', 'unknown'),
        'perks', '[]'::jsonb, 'best', '[]'::jsonb)
    from brand b
    where c.brand_id = b.id and c.guest_id = erased;
    update claim c
    set facts = null, receipt = jsonb_set(c.receipt, '{decision,conditions}', '[]')
    from brand b
    where c.brand_id = b.id and c.guest_id = erased;
end
$$;
revoke all on function erase_guest_in_brands(uuid) from public;
grant execute on function erase_guest_in_brands(uuid) to perks_app;
alter function erase_guest_in_brands(uuid) owner to perks_system;

-- Everything that brands keep of a guest, newest first: at most so many rows of each kind a brand.
create function export_guest_from_brands(exported uuid, row_limit bigint)
    returns table (brand text, kind text, at timestamptz, content jsonb)
    language sql stable security definer
    set search_path = public, pg_temp
begin atomic
    select b.slug, held.kind, held.at, jsonb_strip_nulls(held.content)
    from brand b
    cross join lateral (
        select 'member' as kind, m.created_at as at,
            jsonb_build_object(
                'member_number', m.member_number, 'birth_date_on_id', m.birth_date_on_id, 'blocked', m.under_13
            ) as content
        from member m where m.brand_id = b.id and m.guest_id = exported
        union all
        (select 'segment', l.added_at, jsonb_build_object('slug', s.slug, 'name', s.name)
         from segment_member l join segment s on s.brand_id = l.brand_id and s.id = l.segment_id
         where l.brand_id = b.id and l.guest_id = exported order by s.id desc limit row_limit)
        union all
        (select 'check_in', c.at, c.decision
         from check_in c where c.brand_id = b.id and c.guest_id = exported order by c.id desc limit row_limit)
        union all
        (select 'claim', coalesce(c.redeemed_at, c.reversed_at),
             c.receipt || jsonb_build_object(
                 'status', c.status, 'reversed_at', to_char(c.reversed_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
                 'reason', c.reversal_reason, 'facts', c.facts)
         from claim c where c.brand_id = b.id and c.guest_id = exported order by c.id desc limit row_limit)
        union all
        (select 'refusal', r.at, jsonb_build_object('perk', p.slug, 'campaign', a.slug, 'venue', v.slug, 'code', r.code)
         from refusal r
         join perk p on p.brand_id = r.brand_id and p.id = r.perk_id
         join campaign a on a.brand_id = r.brand_id and a.id = r.campaign_id
         join venue v on v.brand_id = r.brand_id and v.id = r.venue_id
         where r.brand_id = b.id and r.guest_id = exported order by r.id desc limit row_limit)
    ) held
    order by b.slug, held.kind, held.at desc nulls last;
end;
revoke all on function export_guest_from_brands(uuid, bigint) from public;
grant execute on function export_guest_from_brands(uuid, bigint) to perks_app;
alter function export_guest_from_brands(uuid, bigint) owner to perks_system;
