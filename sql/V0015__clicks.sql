-- Clicks on shares: every one is kept, with what it was taken for.

-- What visitors are hashed with on a day of UTC. The key of the day before still matches; older ones are gone, and with
-- them whoever the hashes stood for.
create table visitor_key (
    day date constraint visitor_key_pkey primary key,
    value bytea not null
);
grant select, insert, delete on visitor_key to perks_system;

-- Destroys the keys of the days before yesterday.
create function destroy_visitor_keys(today date) returns void
    language sql security definer
    set search_path = public, pg_temp
begin atomic
    delete from visitor_key where day < today - 1;
end;
revoke all on function destroy_visitor_keys(date) from public;
grant execute on function destroy_visitor_keys(date) to perks_app;
alter function destroy_visitor_keys(date) owner to perks_system;

-- The keys of a day and of the day before, making the former from what the caller offers.
create function visitor_keys(today date, fresh bytea)
    returns table (day date, value bytea)
    language plpgsql security definer
    set search_path = public, pg_temp
as $$
begin
    insert into visitor_key (day, value) values (today, fresh) on conflict on constraint visitor_key_pkey do nothing;
    perform destroy_visitor_keys(today);
    return query select k.day, k.value from visitor_key k where k.day between today - 1 and today;
end
$$;
revoke all on function visitor_keys(date, bytea) from public;
grant execute on function visitor_keys(date, bytea) to perks_app;
alter function visitor_keys(date, bytea) owner to perks_system;

create table click (
    brand_id uuid not null,
    campaign_id uuid not null,
    -- Made with the click, so that its time is in it and recording it again changes nothing.
    id uuid not null,
    -- No foreign key: links are never deleted, and a check a click would cost as much as the click.
    share_id uuid not null,
    at timestamptz not null,
    kind text not null constraint click_kind_check check (kind in ('human', 'bot', 'self', 'too_fast', 'duplicate')),
    -- Address and agent, as a hash by the key of its day.
    visitor bigint not null,
    constraint click_pkey primary key (brand_id, campaign_id, id)
);
-- For which links a visitor has been counted. Narrow, without the brand, and of those that count alone: this is what a click
-- costs most.
create index click_counted on click (visitor, at) where kind = 'human';
call guard_brand_table('click', 'select, insert');
