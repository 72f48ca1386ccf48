-- Shares: a guest's own link to a campaign, what the guest posted with it, and the look-up of a link before its brand is
-- known.

create table share (
    brand_id uuid not null,
    id uuid not null,
    campaign_id uuid not null,
    guest_id uuid not null,
    -- The last segment of the link: 70 random bits.
    token text not null,
    -- Where it was made and the perk it was made after, if any: what reports tell apart by.
    venue_id uuid,
    perk_id uuid,
    -- The sharer's own browser, as it was named last: a keyed hash, like every visitor.
    visitor bigint,
    -- A guest has one link a campaign. Where two guests turned out to be one person the other link goes on working.
    is_current boolean not null default true,
    -- The guest has asked to be left out, or is a minor: the link still leads on, and nothing is counted any more.
    ended_at timestamptz,
    actor text not null,
    created_at timestamptz not null,
    constraint share_pkey primary key (brand_id, id),
    constraint share_token_taken unique (brand_id, token),
    constraint share_campaign_fkey foreign key (brand_id, campaign_id) references campaign (brand_id, id),
    constraint share_venue_fkey foreign key (brand_id, venue_id) references venue (brand_id, id),
    constraint share_perk_fkey foreign key (brand_id, perk_id) references perk (brand_id, id)
);
create unique index share_guest_campaign on share (brand_id, campaign_id, guest_id) where is_current;
create index share_campaign on share (brand_id, campaign_id, created_at);
create index share_guest on share (brand_id, guest_id);
-- Tokens are looked up before their brand is known.
create index share_token on share (token);
call guard_brand_table('share', 'select, insert, update');

-- What a guest posted with a link, as the brand reports it.
create table share_post (
    brand_id uuid not null,
    id uuid not null,
    share_id uuid not null,
    campaign_id uuid not null,
    network text not null,
    -- Null once the person has been forgotten.
    url text,
    -- How many people it reached; null when nobody has measured it.
    reach bigint constraint share_post_reach_check check (reach >= 0),
    -- How many follow the guest: who might have seen it, which is not who did.
    potential_impressions bigint constraint share_post_impressions_check check (potential_impressions >= 0),
    posted_at timestamptz not null,
    disclosed boolean not null,
    actor text not null,
    created_at timestamptz not null,
    constraint share_post_pkey primary key (brand_id, id),
    constraint share_post_url_taken unique (brand_id, share_id, url),
    constraint share_post_share_fkey foreign key (brand_id, share_id) references share (brand_id, id)
);
create index share_post_campaign on share_post (brand_id, campaign_id, posted_at);
call guard_brand_table('share_post', 'select, insert, update');

-- Where links lead, by their tokens.
create function find_links(tokens text[])
    returns table (
        token text, brand_id uuid, campaign_id uuid, share_id uuid, campaign text, landing_url text, is_counted boolean
    )
    language sql stable security definer
    set search_path = public, pg_temp
begin atomic
    select s.token, s.brand_id, s.campaign_id, s.id, c.slug, c.landing_url, s.ended_at is null
    from share s
    join campaign c on c.brand_id = s.brand_id and c.id = s.campaign_id
    where s.token = any (tokens);
end;
revoke all on function find_links(text[]) from public;
grant execute on function find_links(text[]) to perks_app;
alter function find_links(text[]) owner to perks_system;

-- Tells every server that what it remembers of a link is out of date; `perks serve` listens.
create function announce_share_change() returns trigger
    language plpgsql
as $$
begin
    perform pg_notify('perks_share', new.token);
    return null;
end
$$;
create trigger share_ended
    after update of ended_at on share
    for each row when (old.ended_at is distinct from new.ended_at) execute function announce_share_change();
