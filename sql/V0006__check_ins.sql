-- What a brand itself knows of a guest, and the check-ins at its desks.

create table member (
    brand_id uuid not null constraint member_brand_fkey references brand (id),
    guest_id uuid not null,
    member_number text,
    birth_date_on_id date,
    -- A clerk saw an ID that shows an age under 13: no date is kept, only that this guest is blocked.
    under_13 boolean not null default false,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint member_pkey primary key (brand_id, guest_id),
    constraint member_number_taken unique (brand_id, member_number),
    constraint member_under_13_check check (not under_13 or birth_date_on_id is null)
);
call guard_brand_table('member', 'select, insert, update, delete');

-- One row a check-in. A guest who is unknown or opted out leaves the row without a guest.
create table check_in (
    brand_id uuid not null,
    id uuid not null,
    at timestamptz not null,
    venue_id uuid not null,
    guest_id uuid,
    actor text not null,
    -- The campaigns that ran at this venue at this moment, and the perks among theirs that the guest qualified for.
    campaign_ids uuid[] not null,
    qualified_perk_ids uuid[] not null,
    qualified_campaign_ids uuid[] not null,
    -- Every perk considered, with the rule revisions, facts and conditions it was decided on.
    decision jsonb not null,
    constraint check_in_pkey primary key (brand_id, id),
    constraint check_in_venue_fkey foreign key (brand_id, venue_id) references venue (brand_id, id)
);
create index check_in_at on check_in (brand_id, at);
create index check_in_guest on check_in (brand_id, guest_id) where guest_id is not null;
call guard_brand_table('check_in', 'select, insert, update');
