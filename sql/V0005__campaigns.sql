-- Campaigns and perks, their rules' history, and the counters of what is capped.

create table campaign (
    brand_id uuid not null constraint campaign_brand_fkey references brand (id),
    id uuid not null,
    slug text not null,
    name text not null,
    category text not null constraint campaign_category_check
        check (category in ('general', 'alcohol', 'gambling', 'tobacco', 'cannabis', 'adult')),
    status text not null constraint campaign_status_check check (status in ('draft', 'active', 'paused', 'ended')),
    -- Each end of the schedule is a moment, or a date that is read in the zone of each venue.
    starts_at timestamptz,
    starts_on date,
    ends_at timestamptz,
    ends_on date,
    rule jsonb,
    budget_amount bigint constraint campaign_budget_amount_check check (budget_amount >= 0),
    budget_currency text,
    budget_redemptions bigint constraint campaign_budget_redemptions_check check (budget_redemptions >= 0),
    require_id boolean not null,
    landing_url text,
    disclosure text not null,
    revision integer not null,
    created_at timestamptz not null,
    constraint campaign_pkey primary key (brand_id, id),
    constraint campaign_slug_taken unique (brand_id, slug),
    constraint campaign_start_check check (num_nonnulls(starts_at, starts_on) <= 1),
    constraint campaign_end_check check (num_nonnulls(ends_at, ends_on) <= 1)
);
call guard_brand_table('campaign', 'select, insert, update');

-- The venues a campaign is limited to; none listed means all.
create table campaign_venue (
    brand_id uuid not null,
    campaign_id uuid not null,
    venue_id uuid not null,
    constraint campaign_venue_pkey primary key (brand_id, campaign_id, venue_id),
    constraint campaign_venue_campaign_fkey foreign key (brand_id, campaign_id) references campaign (brand_id, id),
    constraint campaign_venue_venue_fkey foreign key (brand_id, venue_id) references venue (brand_id, id)
);
call guard_brand_table('campaign_venue', 'select, insert, delete');

create table perk (
    brand_id uuid not null,
    id uuid not null,
    campaign_id uuid not null,
    slug text not null,
    name text not null,
    benefit jsonb not null,
    rule jsonb,
    stock bigint constraint perk_stock_check check (stock >= 0),
    per_guest_limit integer not null constraint perk_per_guest_limit_check check (per_guest_limit between 1 and 1000),
    per_guest_period text not null constraint perk_per_guest_period_check
        check (per_guest_period in ('campaign', 'day', 'week', 'month')),
    perk_group text,
    rank integer,
    hold_minutes integer not null,
    availability jsonb,
    -- What one unit costs the brand, in minor units of the campaign's budget currency.
    cost bigint not null constraint perk_cost_check check (cost >= 0),
    revision integer not null,
    created_at timestamptz not null,
    constraint perk_pkey primary key (brand_id, id),
    constraint perk_slug_taken unique (brand_id, slug),
    constraint perk_campaign_fkey foreign key (brand_id, campaign_id) references campaign (brand_id, id)
);
create index perk_campaign on perk (brand_id, campaign_id);
call guard_brand_table('perk', 'select, insert, update');

-- What a campaign or perk said at each revision, so that an old decision can be read again.
create table revision (
    brand_id uuid not null constraint revision_brand_fkey references brand (id),
    object_id uuid not null,
    revision integer not null,
    at timestamptz not null,
    actor text not null,
    content jsonb not null,
    constraint revision_pkey primary key (brand_id, object_id, revision)
);
call guard_brand_table('revision', 'select, insert');

-- A counter exists for what is capped and for nothing else: an uncapped perk touches no shared row.
create table perk_stock (
    brand_id uuid not null,
    perk_id uuid not null,
    remaining bigint not null constraint perk_stock_remaining_check check (remaining >= 0),
    constraint perk_stock_pkey primary key (brand_id, perk_id),
    constraint perk_stock_perk_fkey foreign key (brand_id, perk_id) references perk (brand_id, id)
) with (fillfactor = 50);
call guard_brand_table('perk_stock', 'select, insert, update, delete');

create table campaign_budget (
    brand_id uuid not null,
    campaign_id uuid not null,
    remaining_amount bigint constraint campaign_budget_remaining_amount_check check (remaining_amount >= 0),
    remaining_redemptions bigint
        constraint campaign_budget_remaining_redemptions_check check (remaining_redemptions >= 0),
    constraint campaign_budget_pkey primary key (brand_id, campaign_id),
    constraint campaign_budget_campaign_fkey foreign key (brand_id, campaign_id) references campaign (brand_id, id)
) with (fillfactor = 50);
call guard_brand_table('campaign_budget', 'select, insert, update, delete');
