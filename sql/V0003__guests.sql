-- Guests: one row a person, whose identities, scores and topics hang from it. Shared by all brands; what a brand itself
-- knows of a guest stands in its own tables. No foreign key leads here from a brand's table, so that erasing a person
-- never needs to touch (or lock) what a brand counted.

create table guest (
    guest_id uuid constraint guest_pkey primary key,
    display_name text,
    birth_date date,
    gender text,
    country text,
    region text,
    city text,
    language text,
    reach bigint constraint guest_reach_check check (reach >= 0),
    -- The score in force, in hundredths; every score ever measured is in guest_score.
    score integer constraint guest_score_check check (score between 100 and 10000),
    score_model text,
    score_measured_at timestamptz,
    opted_out_at timestamptz,
    -- Who supplied the profile as it is, and under which consent; who brought it here, and when.
    source text,
    consent text,
    supplied_by text,
    supplied_at timestamptz,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint guest_score_whole_check
        check (num_nulls(score, score_model, score_measured_at) in (0, 3)),
    constraint guest_source_whole_check
        check (num_nulls(supplied_by, supplied_at) = case when num_nonnulls(source, consent) = 0 then 2 else 0 end)
);
grant select, insert, update, delete on guest to perks_app;

create table guest_score (
    guest_id uuid not null constraint guest_score_guest_fkey references guest (guest_id) on delete cascade,
    measured_at timestamptz not null,
    model text not null,
    score integer not null constraint guest_score_score_check check (score between 100 and 10000),
    recorded_at timestamptz not null,
    constraint guest_score_pkey primary key (guest_id, measured_at, model)
);
grant select, insert, update, delete on guest_score to perks_app;

create table guest_topic (
    guest_id uuid not null constraint guest_topic_guest_fkey references guest (guest_id) on delete cascade,
    topic_id bigint not null,
    -- In hundredths, 0 to 10000.
    strength integer not null constraint guest_topic_strength_check check (strength between 0 and 10000),
    constraint guest_topic_pkey primary key (guest_id, topic_id)
);
create index guest_topic_topic on guest_topic (topic_id, strength) include (guest_id);
grant select, insert, update, delete on guest_topic to perks_app;

-- Directory: whose handle is this? handle_key is the handle in NFC and lower case, without a leading @.
create table identity (
    network text not null,
    handle_key text not null,
    handle text not null,
    verified boolean not null,
    guest_id uuid not null,
    created_at timestamptz not null,
    constraint identity_pkey primary key (network, handle_key)
);
create index identity_guest on identity (guest_id);
grant select, insert, update, delete on identity to perks_app;

-- Who asked to be forgotten, as a keyed hash of the identity: enough to refuse a later import, too little to name anyone.
create table tombstone (
    identity_hash bytea constraint tombstone_pkey primary key,
    created_at timestamptz not null
);
grant select, insert on tombstone to perks_app;

-- The number of an advisory lock: exclusive for who writes tombstones, shared for who adds identities, from their last
-- look at the tombstones until they commit. So neither misses what the other has not committed yet.
create function tombstone_lock() returns bigint
    language sql immutable parallel safe
    return 5072836412;

-- Keys that this database's own hashes are made with. Written once, when the platform is first set up.
create table secret (
    name text constraint secret_pkey primary key,
    value bytea not null,
    created_at timestamptz not null
);
grant select, insert on secret to perks_app;

-- Merges the rows staged in the temporary table guest_import, made by whoever calls this:
--   line bigint, network, handle_key, handle, verified boolean, new_id uuid, display_name, birth_date date, gender,
--   country, region, city, language, score integer, score_model, score_measured_at timestamptz, reach bigint,
--   topic_ids bigint[], strengths integer[], identity_hash bytea, guest_id uuid, is_new boolean, round integer,
--   changed boolean
-- `given` names the columns that the source has: what it lacks stays as it is, an empty cell becomes unknown.
-- Rows of one person are taken in the order of their lines, one a round, exactly as if they came one by one.
-- A guest that is added or updated takes on the source and consent that are named, and a guest that is not keeps its own;
-- with neither named, all do.
-- Fails with serialization_failure, to be repeated, when somebody was joined to another, erased or left out meanwhile.
create function merge_guest_import(
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
                handle = i.handle
            from guest_import i
            where i.round = this_round and k.network = i.network and k.handle_key = i.handle_key
                and (k.handle <> i.handle
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
