-- Brands, their venues and keys, and the audit log; the two walls of tenancy that every later table stands behind.

-- The brand that this transaction acts for; null when none is set, so that every policy then hides everything.
create function current_brand() returns uuid
    language sql stable parallel safe
    return nullif(current_setting('perks.brand', true), '')::uuid;

-- Puts a table of the brand family behind row-level security. Its first column must be brand_id.
create procedure guard_brand_table(guarded regclass, privileges text)
    language plpgsql
as $$
begin
    execute format('alter table %s enable row level security', guarded);
    execute format('alter table %s force row level security', guarded);
    execute format(
        'create policy brand_only on %s to perks_app using (brand_id = current_brand()) with check (brand_id = current_brand())',
        guarded);
    execute format('create policy every_brand on %s to perks_system using (true) with check (true)', guarded);
    execute format('grant %s on %s to perks_app', privileges, guarded);
    execute format('grant select, insert, update, delete on %s to perks_system', guarded);
end
$$;

-- Directory: readable before a brand is known.
create table brand (
    id uuid constraint brand_pkey primary key,
    slug text not null constraint brand_slug_taken unique,
    name text not null,
    time_zone text not null,
    country text not null,
    minimum_age smallint not null constraint brand_minimum_age_check check (minimum_age between 18 and 120),
    -- Counts the changes of anything a decision is made from: the brand itself, its venues, campaigns and perks.
    catalogue_revision bigint not null default 1,
    created_at timestamptz not null
);
grant select, insert, update on brand to perks_app;
grant select on brand to perks_system;

create table venue (
    brand_id uuid not null constraint venue_brand_fkey references brand (id),
    id uuid not null,
    slug text not null,
    name text not null,
    time_zone text not null,
    country text not null,
    region text,
    created_at timestamptz not null,
    constraint venue_pkey primary key (brand_id, id),
    constraint venue_slug_taken unique (brand_id, slug)
);
call guard_brand_table('venue', 'select, insert, update');

-- A platform operator's key belongs to no brand: its brand_id is the nil UUID, which no brand can have.
create table api_key (
    brand_id uuid not null,
    id uuid not null,
    role text not null constraint api_key_role_check check (role in ('operator', 'owner', 'manager', 'clerk', 'auditor')),
    label text not null,
    venue_id uuid,
    secret_hash bytea not null,
    created_at timestamptz not null,
    expires_at timestamptz,
    revoked_at timestamptz,
    constraint api_key_pkey primary key (brand_id, id),
    constraint api_key_venue_fkey foreign key (brand_id, venue_id) references venue (brand_id, id),
    constraint api_key_operator_check
        check ((role = 'operator') = (brand_id = '00000000-0000-0000-0000-000000000000')),
    constraint api_key_venue_check check (venue_id is null or role = 'clerk')
);
create index api_key_id on api_key (id);
call guard_brand_table('api_key', 'select, insert, update');

-- Who did what; events of the platform itself carry the nil UUID as their brand.
create table audit_event (
    brand_id uuid not null,
    id uuid not null,
    at timestamptz not null,
    actor text not null,
    action text not null,
    object text,
    details jsonb not null,
    constraint audit_event_pkey primary key (brand_id, id)
);
call guard_brand_table('audit_event', 'select, insert');

-- Looks a key up before its brand is known. The caller compares the hash: the database never sees the secret.
create function find_key(key_id uuid)
    returns table (
        brand_id uuid, role text, label text, venue_id uuid, secret_hash bytea, expires_at timestamptz,
        revoked_at timestamptz
    )
    language sql stable security definer
    set search_path = public, pg_temp
begin atomic
    select k.brand_id, k.role, k.label, k.venue_id, k.secret_hash, k.expires_at, k.revoked_at
    from api_key k
    where k.id = key_id;
end;
revoke all on function find_key(uuid) from public;
grant execute on function find_key(uuid) to perks_app;
alter function find_key(uuid) owner to perks_system;

-- Tells every server that what it remembers of a brand is out of date; `perks serve` listens.
create function announce_catalogue_change() returns trigger
    language plpgsql
as $$
begin
    perform pg_notify('perks_catalogue', new.id::text);
    return null;
end
$$;
create trigger brand_catalogue_changed
    after update of catalogue_revision on brand
    for each row execute function announce_catalogue_change();
