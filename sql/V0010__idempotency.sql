-- What each Idempotency-Key was answered, written in the transaction of what it guards. One table for every request, so
-- that a key is bound once, whatever it was first sent with.

create table idempotency_key (
    -- The nil UUID for what an operator does without a brand.
    brand_id uuid not null,
    key text not null,
    -- SHA-256 of method, path and canonical body: the same key with another request is refused.
    fingerprint bytea not null,
    -- The unit that the request claimed, whose receipt is the answer. Such a key is bound for ever.
    claim_id uuid,
    -- The answer to any other request, as it was sent: kept until then. Empty while the request is under way.
    location text,
    answer text,
    kept_until timestamptz,
    -- Whom the answer tells of, so that it is forgotten with them.
    guest_id uuid,
    constraint idempotency_key_pkey primary key (brand_id, key),
    constraint idempotency_key_answer_check check (num_nonnulls(claim_id, kept_until) = 1)
);
create index idempotency_key_claim on idempotency_key (brand_id, claim_id) where claim_id is not null;
create index idempotency_key_guest on idempotency_key (brand_id, guest_id) where guest_id is not null;
create index idempotency_key_kept_until on idempotency_key (kept_until) where kept_until is not null;
call guard_brand_table('idempotency_key', 'select, insert, update, delete');

-- The owner sees no brand's rows; who belongs to no brand does.
set local role perks_system;
insert into idempotency_key (brand_id, key, fingerprint, claim_id)
select brand_id, idempotency_key, fingerprint, id from claim;
set local role perks_owner;
alter table claim drop constraint claim_idempotency_key, drop column idempotency_key, drop column fingerprint;

-- Forgets the answers whose time is over, at most so many; answers how many those were.
create function forget_old_answers(now timestamptz, row_limit bigint) returns bigint
    language sql security definer
    set search_path = public, pg_temp
begin atomic
    with old as (
        select brand_id, key from idempotency_key where kept_until <= now limit row_limit for update skip locked
    ),
    forgotten as (
        delete from idempotency_key k using old where k.brand_id = old.brand_id and k.key = old.key returning 1
    )
    select count(*) from forgotten;
end;
revoke all on function forget_old_answers(timestamptz, bigint) from public;
grant execute on function forget_old_answers(timestamptz, bigint) to perks_app;
alter function forget_old_answers(timestamptz, bigint) owner to perks_system;
