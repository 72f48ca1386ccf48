-- The life of every unit handed out, and the attempts that were refused.

create table claim (
    brand_id uuid not null,
    id uuid not null,
    perk_id uuid not null,
    campaign_id uuid not null,
    guest_id uuid not null,
    venue_id uuid not null,
    check_in_id uuid,
    status text not null constraint claim_status_check
        check (status in ('held', 'redeemed', 'released', 'expired', 'reversed')),
    idempotency_key text not null,
    -- SHA-256 of method, path and canonical body: the same key with another request is refused.
    fingerprint bytea not null,
    -- The guest's limit: the first local day of the period at the redeeming venue, and which of its slots this unit takes.
    period_start date not null,
    slot integer not null constraint claim_slot_check check (slot > 0),
    perk_group text,
    cost bigint not null,
    order_reference text,
    order_amount bigint,
    order_currency text,
    actor text not null,
    redeemed_at timestamptz,
    reversed_at timestamptz,
    reversed_by text,
    reversal_reason text,
    -- The answer as it was given, so that a repeat of the request gets the very same.
    receipt jsonb not null,
    -- The facts that the decision was made from; its conditions and the rules' revisions are in the receipt.
    facts jsonb,
    constraint claim_pkey primary key (brand_id, id),
    constraint claim_idempotency_key unique (brand_id, idempotency_key),
    constraint claim_perk_fkey foreign key (brand_id, perk_id) references perk (brand_id, id),
    constraint claim_venue_fkey foreign key (brand_id, venue_id) references venue (brand_id, id),
    constraint claim_reversed_check check ((status = 'reversed') = (reversed_at is not null))
);
create unique index claim_guest_slot on claim (brand_id, perk_id, guest_id, period_start, slot)
    where status in ('held', 'redeemed');
create unique index claim_guest_group on claim (brand_id, perk_group, guest_id)
    where status in ('held', 'redeemed') and perk_group is not null;
create index claim_campaign on claim (brand_id, campaign_id, redeemed_at);
create index claim_guest on claim (brand_id, guest_id);
call guard_brand_table('claim', 'select, insert, update');

create table refusal (
    brand_id uuid not null,
    id uuid not null,
    at timestamptz not null,
    perk_id uuid not null,
    campaign_id uuid not null,
    guest_id uuid,
    venue_id uuid not null,
    code text not null,
    actor text not null,
    constraint refusal_pkey primary key (brand_id, id),
    constraint refusal_perk_fkey foreign key (brand_id, perk_id) references perk (brand_id, id)
);
create index refusal_campaign on refusal (brand_id, campaign_id, at);
call guard_brand_table('refusal', 'select, insert');
