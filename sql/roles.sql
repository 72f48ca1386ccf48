-- The three roles, made before the first migration and checked by every later one. Roles belong to the whole cluster,
-- so another database may be making them at this moment: whoever comes second is content.
--   perks_owner   owns every table and migrates; under FORCE ROW LEVEL SECURITY it sees no brand's rows
--   perks_system  owns the few SECURITY DEFINER functions that cross brands; cannot log in
--   perks_app     what `perks serve` and the command line run as; owns nothing
do $$
declare
    name text;
begin
    foreach name in array array['perks_owner', 'perks_system', 'perks_app'] loop
        begin
            -- noinherit: belonging to perks_system lets the owner hand functions to it, not read through its policies.
            execute format('create role %I nologin noinherit', name);
        exception when duplicate_object or unique_violation then
            null;
        end;
    end loop;
end
$$;

do $$
begin
    if not pg_has_role('perks_owner', 'perks_system', 'member') then
        grant perks_system to perks_owner;
    end if;
    if not pg_has_role(current_user, 'perks_owner', 'member') then
        execute format('grant perks_owner to %I', current_user);
    end if;
    if not pg_has_role(current_user, 'perks_app', 'member') then
        execute format('grant perks_app to %I', current_user);
    end if;
exception when unique_violation or sqlstate 'XX000' then
    null; -- "tuple concurrently updated": another database of this cluster granted it a moment ago
end
$$;

do $$
begin
    execute format('grant create, connect, temporary on database %I to perks_owner', current_database());
    execute format('grant connect, temporary on database %I to perks_app', current_database());
    grant usage, create on schema public to perks_owner, perks_system;
    grant usage on schema public to perks_app;
end
$$;
