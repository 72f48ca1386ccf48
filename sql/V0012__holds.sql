-- Holds: a unit taken for a guest who has not confirmed yet, until it expires. The same row becomes the redemption.

alter table claim
    -- When the unit was taken: by the hold, or by the redemption if there was none. Allowances are counted by it.
    add column claimed_at timestamptz,
    add column held_at timestamptz,
    add column expires_at timestamptz,
    -- When a hold was released or expired.
    add column ended_at timestamptz,
    -- The answer to the hold as it was given; `receipt` is the redemption's.
    add column hold_receipt jsonb,
    -- Whether the unit takes one of the perk's codes.
    add column takes_code boolean not null default false,
    -- The guest it was claimed for, where two turned out to be one person later.
    add column joined_from uuid,
    alter column receipt drop not null;

-- The owner sees no brand's rows; who belongs to no brand does.
set local role perks_system;
update claim set claimed_at = redeemed_at;
set local role perks_owner;

alter table claim
    alter column claimed_at set not null,
    add constraint claim_held_check check ((held_at is null) = (expires_at is null)),
    add constraint claim_redeemed_check check ((status in ('redeemed', 'reversed')) = (redeemed_at is not null)),
    add constraint claim_receipt_check check ((redeemed_at is null) = (receipt is null)),
    add constraint claim_hold_receipt_check check ((held_at is null) = (hold_receipt is null)),
    add constraint claim_ended_check check ((status in ('released', 'expired')) = (ended_at is not null)),
    add constraint claim_code_check check (code_position is null or takes_code and redeemed_at is not null);

-- What is held now: by perk, and the next to expire.
create index claim_held on claim (brand_id, perk_id, expires_at) where status = 'held';
create index claim_due on claim (expires_at, brand_id) where status = 'held';

-- The brands that have holds which should have expired by now.
create function brands_with_due_holds(now timestamptz) returns setof uuid
    language sql stable security definer
    set search_path = public, pg_temp
begin atomic
    select distinct brand_id from claim where status = 'held' and expires_at <= now;
end;
revoke all on function brands_with_due_holds(timestamptz) from public;
grant execute on function brands_with_due_holds(timestamptz) to perks_app;
alter function brands_with_due_holds(timestamptz) owner to perks_system;

-- What V0009 does to everything that brands keep of a guest, with what has come since: the answers that keys are bound to,
-- and holds. They belong to who belongs to no brand.
set local role perks_system;
create or replace function join_guest_in_brands(survivor uuid, absorbed uuid, joined_at timestamptz) returns void
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

    update idempotency_key k
    set guest_id = survivor
    where k.guest_id = absorbed
        and (k.brand_id = '00000000-0000-0000-0000-000000000000' or k.brand_id in (select b.id from brand b));
    update check_in c set guest_id = survivor from brand b where c.brand_id = b.id and c.guest_id = absorbed;
    update refusal r set guest_id = survivor from brand b where r.brand_id = b.id and r.guest_id = absorbed;

    -- Those that no longer count first: they need no slot.
    update claim c
    set guest_id = survivor, joined_from = coalesce(c.joined_from, absorbed)
    from brand b
    where c.brand_id = b.id and c.guest_id = absorbed and c.status not in ('held', 'redeemed');
    update claim c
    set guest_id = survivor,
        joined_from = coalesce(c.joined_from, absorbed),
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

create or replace function erase_guest_in_brands(erased uuid) returns void
    language plpgsql security definer
    set search_path = public, pg_temp
as $$
begin
    -- The fingerprint of a request that names somebody could confirm a guess of the name.
    update idempotency_key k
    set fingerprint = ''
    from brand b join claim c on c.brand_id = b.id and c.guest_id = erased
    where k.brand_id = c.brand_id and k.claim_id = c.id;
    delete from idempotency_key k
    where k.guest_id = erased
        and (k.brand_id = '00000000-0000-0000-0000-000000000000' or k.brand_id in (select b.id from brand b));
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
    set facts = null, receipt = jsonb_set(c.receipt, '{decision,conditions}', '[]'),
        hold_receipt = jsonb_set(c.hold_receipt, '{decision,conditions}', '[]')
    from brand b
    where c.brand_id = b.id and c.guest_id = erased;
end
$$;

create or replace function export_guest_from_brands(exported uuid, row_limit bigint)
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
        (select 'claim', c.claimed_at,
             coalesce(c.receipt, c.hold_receipt) || jsonb_build_object(
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
set local role perks_owner;
