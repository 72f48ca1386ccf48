-- Holds: a unit taken for a guest who has not confirmed yet, until it expires. The same row becomes the redemption.

alter table claim
    -- When the unit was taken: by the hold, or by the redemption if there was none. Allowances are counted by it.
    add column claimed_at timestamptz,
    add column held_at timestamptz,
    add column expires_at timestamptz,
    -- When a hold was released or expired.
    add column ended_at timestamptz,
    -- The answer to the hold as it was given; `receipt` is the redemption's.
    add column hold_receipt jsonb,
    -- Whether the unit takes one of the perk's codes.
    add column takes_code boolean not null default false,
    -- The guest it was claimed for, where two turned out to be one person later.
    add column joined_from uuid,
    alter column receipt drop not null;

-- The owner sees no brand's rows; who belongs to no brand does.
set local role perks_system;
update claim set claimed_at = redeemed_at;
set local role perks_owner;

alter table claim
    alter column claimed_at set not null,
    add constraint claim_held_check check ((held_at is null) = (expires_at is null)),
    add constraint claim_redeemed_check check ((status in ('redeemed', 'reversed')) = (redeemed_at is not null)),
    add constraint claim_receipt_check check ((redeemed_at is null) = (receipt is null)),
    add constraint claim_hold_receipt_check check ((held_at is null) = (hold_receipt is null)),
    add constraint claim_ended_check check ((status in ('released', 'expired')) = (ended_at is not null)),
    add constraint claim_code_check check (code_position is null or takes_code and redeemed_at is not null);

-- What is held now: by perk, and the next to expire.
create index claim_held on claim (brand_id, perk_id, expires_at) where status = 'held';
create index claim_due on claim (expires_at, brand_id) where status = 'held';

-- The brands that have holds which should have expired by now.
create function brands_with_due_holds(now timestamptz) returns setof uuid
    language sql stable security definer
    set search_path = public, pg_temp
begin atomic
    select distinct brand_id from claim where status = 'held' and expires_at <= now;
end;
revoke all on function brands_with_due_holds(timestamptz) from public;
grant execute on function brands_with_due_holds(timestamptz) to perks_app;
alter function brands_with_due_holds(timestamptz) owner to perks_system;
