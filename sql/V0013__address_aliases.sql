-- A guest is a person, and a person's address has aliases: `ana+vegas@example.com` is `ana@example.com`, and Gmail ignores
-- dots and has two names. identity.handle_key of the network `email` is from now on the mailbox behind an address; what
-- follows brings older rows to that form, once, as IdentityKey does it from now on (a test holds both against each other).
--
-- Where several addresses turn out to be one mailbox:
--   of one guest        the one that has the mailbox's form already, or else was there first, stands for all
--   of several guests   that one is found by every alias; the other guests stay as they are, but by their id and member
--                       number only. That they are one person is for an operator to say, and cannot be undone:
--                       `perks guest join` with the id of the guest that is to remain and the mailbox as its handle.
--                       This shows most of them:
--                       select guest_id, handle from identity where network = 'email' and handle_key like '_%+%@%'
-- An opt-out of before is remembered as the hash of the address as it was spelled, and is still looked for by that.
-- Whoever was known when opting out is remembered by the mailbox as well.

create temporary table address on commit drop as
select k.guest_id, k.handle_key, k.verified, k.created_at, normalize(m.local || '@' || m.domain, nfc) as mailbox
from identity k
cross join lateral regexp_match(k.handle_key, '^(.*)@([^@]*)$') p (parts)
cross join lateral (
    select p.parts[1] as local, p.parts[2] in ('gmail.com', 'googlemail.com') as is_gmail
) a
cross join lateral (
    -- Nothing may be taken away that leaves no name.
    select case
        when a.local not like '"%' and split_part(a.local, '+', 1) ~ '^[^@[:space:]]' then split_part(a.local, '+', 1)
        else a.local
    end as local
) t
cross join lateral (
    select case
        when a.is_gmail and a.local not like '"%' and replace(t.local, '.', '') ~ '^[^@[:space:]]'
            then replace(t.local, '.', '')
        else t.local
    end as local,
    case when a.is_gmail then 'gmail.com' else p.parts[2] end as domain
) m
where k.network = 'email' and p.parts is not null;

create temporary table mailbox on commit drop as
select distinct on (mailbox) mailbox, guest_id, handle_key
from address
order by mailbox, handle_key <> mailbox, created_at, handle_key;

delete from identity k
using address a join mailbox m on m.mailbox = a.mailbox and m.guest_id = a.guest_id and m.handle_key <> a.handle_key
where k.network = 'email' and k.handle_key = a.handle_key;

update identity k
set handle_key = m.mailbox,
    verified = (
        select bool_or(a.verified) from address a where a.mailbox = m.mailbox and a.guest_id = m.guest_id
    )
from mailbox m
where k.network = 'email' and k.handle_key = m.handle_key
    and exists (
        select from address a
        where a.mailbox = m.mailbox and a.guest_id = m.guest_id and a.handle_key <> m.mailbox
    );

-- HMAC-SHA-256 (RFC 2104) with the platform's own key of 32 bytes, as IdentityHasher makes it.
do $$
declare
    inner_key bytea := decode(repeat('36', 64), 'hex');
    outer_key bytea := decode(repeat('5c', 64), 'hex');
    key constant bytea := (select value from secret where name = 'identity_hash');
begin
    if key is null then
        -- Nobody has ever opted out.
        return;
    end if;
    for i in 0 .. length(key) - 1 loop
        inner_key := set_byte(inner_key, i, get_byte(inner_key, i) # get_byte(key, i));
        outer_key := set_byte(outer_key, i, get_byte(outer_key, i) # get_byte(key, i));
    end loop;
    insert into tombstone (identity_hash, created_at)
    select sha256(outer_key || sha256(inner_key || convert_to('email:' || m.mailbox, 'UTF8'))), g.opted_out_at
    from mailbox m join guest g on g.guest_id = m.guest_id and g.opted_out_at is not null
    on conflict on constraint tombstone_pkey do nothing;
end
$$;

-- What V0003 does to merge the rows staged in guest_import, but for what is shown of an address.
create or replace function merge_guest_import(
    given text[], recorded_at timestamptz, named_source text, named_consent text, supplier text
)
    returns table (added bigint, updated bigint, unchanged bigint)
    language plpgsql
as $$
declare
    this_round integer := 1;
    last_round integer;
    names_source constant boolean := num_nonnulls(named_source, named_consent) > 0;
begin
    -- In key order, so that two imports at once wait for each other instead of deadlocking.
    insert into identity (network, handle_key, handle, verified, guest_id, created_at)
    select distinct on (i.network, i.handle_key)
        i.network, i.handle_key, i.handle, coalesce(i.verified, false), i.new_id, recorded_at
    from guest_import i
    where not exists (select from identity k where k.network = i.network and k.handle_key = i.handle_key)
    order by i.network, i.handle_key, i.line
    on conflict on constraint identity_pkey do nothing;

    update guest_import i
    set guest_id = k.guest_id
    from identity k
    where k.network = i.network and k.handle_key = i.handle_key;

    analyze guest_import;
    with created as (
        insert into guest (guest_id, source, consent, supplied_by, supplied_at, created_at, updated_at)
        select distinct i.guest_id, named_source, named_consent, case when names_source then supplier end,
            case when names_source then recorded_at end, recorded_at, recorded_at
        from guest_import i where i.guest_id is not null order by i.guest_id
        on conflict on constraint guest_pkey do nothing
        returning guest_id
    )
    update guest_import i set is_new = true from created c where c.guest_id = i.guest_id;

    perform from guest g
    where g.guest_id in (select i.guest_id from guest_import i)
    order by g.guest_id for no key update;

    -- Whose handle it is was read before the guests were locked.
    if exists (
        select from guest_import i
        where not exists (
            select from identity k
            where k.network = i.network and k.handle_key = i.handle_key and k.guest_id = i.guest_id)
    ) then
        raise serialization_failure using message = 'a guest of this import was joined or erased meanwhile';
    end if;

    update guest_import i
    set round = n.round
    from (
        select line, row_number() over (partition by guest_id order by line) as round from guest_import
    ) n
    where n.line = i.line;
    select coalesce(max(round), 0) into last_round from guest_import;
    -- Without statistics every join below would be a nested loop.
    create index on guest_import (guest_id);
    analyze guest_import;

    while this_round <= last_round loop
        with touched as (
            update guest g
            set display_name = case when 'display_name' = any (given) then i.display_name else g.display_name end,
                birth_date = case when 'birth_date' = any (given) then i.birth_date else g.birth_date end,
                gender = case when 'gender' = any (given) then i.gender else g.gender end,
                country = case when 'country' = any (given) then i.country else g.country end,
                region = case when 'region' = any (given) then i.region else g.region end,
                city = case when 'city' = any (given) then i.city else g.city end,
                language = case when 'language' = any (given) then i.language else g.language end,
                reach = case when 'reach' = any (given) then i.reach else g.reach end,
                updated_at = recorded_at
            from guest_import i
            where i.round = this_round and i.guest_id = g.guest_id
                and ('display_name' = any (given) and g.display_name is distinct from i.display_name
                    or 'birth_date' = any (given) and g.birth_date is distinct from i.birth_date
                    or 'gender' = any (given) and g.gender is distinct from i.gender
                    or 'country' = any (given) and g.country is distinct from i.country
                    or 'region' = any (given) and g.region is distinct from i.region
                    or 'city' = any (given) and g.city is distinct from i.city
                    or 'language' = any (given) and g.language is distinct from i.language
                    or 'reach' = any (given) and g.reach is distinct from i.reach)
            returning g.guest_id
        )
        update guest_import i set changed = true
        from touched t where t.guest_id = i.guest_id and i.round = this_round;

        with touched as (
            update identity k
            set verified = case when 'verified' = any (given) then coalesce(i.verified, false) else k.verified end,
                -- Every alias is the same address; it is shown as it was first given.
                handle = case when k.network = 'email' then k.handle else i.handle end
            from guest_import i
            where i.round = this_round and k.network = i.network and k.handle_key = i.handle_key
                and (k.network <> 'email' and k.handle <> i.handle
                    or 'verified' = any (given) and k.verified <> coalesce(i.verified, false))
            returning i.line
        )
        update guest_import i set changed = true from touched t where t.line = i.line;

        -- An empty score is an unknown one; what was measured stays in the history.
        if 'score' = any (given) then
            with touched as (
                update guest g
                set score = null, score_model = null, score_measured_at = null,
                    updated_at = merge_guest_import.recorded_at
                from guest_import i
                where i.round = this_round and i.guest_id = g.guest_id and i.score is null and g.score is not null
                returning g.guest_id
            )
            update guest_import i set changed = true
            from touched t where t.guest_id = i.guest_id and i.round = this_round;
        end if;

        -- A score without a time was measured now, unless it is the one already in force.
        update guest_import i
        set score_model = coalesce(i.score_model, ''),
            score_measured_at = coalesce(
                i.score_measured_at,
                case when g.score = i.score and g.score_model = coalesce(i.score_model, '') then g.score_measured_at end,
                recorded_at)
        from guest g
        where i.round = this_round and g.guest_id = i.guest_id and i.score is not null;

        with touched as (
            insert into guest_score (guest_id, measured_at, model, score, recorded_at)
            select i.guest_id, i.score_measured_at, i.score_model, i.score, merge_guest_import.recorded_at
            from guest_import i
            where i.round = this_round and i.score is not null
            on conflict on constraint guest_score_pkey
                do update set score = excluded.score, recorded_at = excluded.recorded_at
                where guest_score.score <> excluded.score
            returning guest_score.guest_id
        )
        update guest_import i set changed = true
        from touched t where t.guest_id = i.guest_id and i.round = this_round;

        with touched as (
            update guest g
            set score = i.score, score_model = i.score_model, score_measured_at = i.score_measured_at,
                updated_at = merge_guest_import.recorded_at
            from guest_import i
            where i.round = this_round and g.guest_id = i.guest_id and i.score is not null
                and (g.score_measured_at is null or i.score_measured_at >= g.score_measured_at)
                and (g.score, g.score_model, g.score_measured_at)
                    is distinct from (i.score, i.score_model, i.score_measured_at)
            returning g.guest_id
        )
        update guest_import i set changed = true
        from touched t where t.guest_id = i.guest_id and i.round = this_round;

        if 'topics' = any (given) then
            with touched as (
                delete from guest_topic t
                using guest_import i
                where i.round = this_round and t.guest_id = i.guest_id and t.topic_id <> all (i.topic_ids)
                returning t.guest_id
            )
            update guest_import i set changed = true
            from touched t where t.guest_id = i.guest_id and i.round = this_round;

            with touched as (
                insert into guest_topic (guest_id, topic_id, strength)
                select i.guest_id, u.topic_id, u.strength
                from guest_import i
                cross join lateral unnest(i.topic_ids, i.strengths) u (topic_id, strength)
                where i.round = this_round
                on conflict on constraint guest_topic_pkey
                    do update set strength = excluded.strength
                    where guest_topic.strength <> excluded.strength
                returning guest_topic.guest_id
            )
            update guest_import i set changed = true
            from touched t where t.guest_id = i.guest_id and i.round = this_round;
        end if;
        this_round := this_round + 1;
    end loop;

    if names_source then
        update guest g
        set source = named_source, consent = named_consent, supplied_by = supplier,
            supplied_at = merge_guest_import.recorded_at
        from (select distinct i.guest_id from guest_import i where i.changed and not i.is_new) c
        where c.guest_id = g.guest_id;
    end if;

    perform pg_advisory_xact_lock_shared(tombstone_lock());
    if exists (select from guest_import i join tombstone t on t.identity_hash = i.identity_hash) then
        raise serialization_failure using message = 'a guest of this import was left out meanwhile';
    end if;

    return query
        select count(*) filter (where i.is_new and i.round = 1),
            count(*) filter (where i.changed and not (i.is_new and i.round = 1)),
            count(*) filter (where not i.changed and not (i.is_new and i.round = 1))
        from guest_import i;
end
$$;
