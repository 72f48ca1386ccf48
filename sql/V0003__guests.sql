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
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint guest_score_whole_check
        check (num_nulls(score, score_model, score_measured_at) in (0, 3))
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

-- Keys that this database's own hashes are made with. Written once, when the platform is first set up.
create table secret (
    name text constraint secret_pkey primary key,
    value bytea not null,
    created_at timestamptz not null
);
grant select, insert on secret to perks_app;
