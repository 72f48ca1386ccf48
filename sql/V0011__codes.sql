-- Codes that a perk hands out, one to each redemption, in the order in which they came.

-- Where a perk's codes stand. A hold reserves one without choosing it, so that what nobody came for is lost to no one;
-- a redemption takes the next. A reversed redemption's code stays taken.
create table code_pool (
    brand_id uuid not null,
    perk_id uuid not null,
    -- How many there are in all: the position of the last.
    total bigint not null constraint code_pool_total_check check (total >= 0),
    -- How many are taken: the position of the last of them.
    taken bigint not null default 0 constraint code_pool_taken_check check (taken >= 0),
    reserved bigint not null default 0 constraint code_pool_reserved_check check (reserved >= 0),
    constraint code_pool_pkey primary key (brand_id, perk_id),
    constraint code_pool_perk_fkey foreign key (brand_id, perk_id) references perk (brand_id, id),
    constraint code_pool_left_check check (taken + reserved <= total)
) with (fillfactor = 50);
call guard_brand_table('code_pool', 'select, insert, update');

create table code (
    brand_id uuid not null,
    perk_id uuid not null,
    -- From 1, without gaps.
    position bigint not null constraint code_position_check check (position > 0),
    code text not null,
    constraint code_pkey primary key (brand_id, perk_id, position),
    constraint code_known unique (brand_id, code)
);
call guard_brand_table('code', 'select, insert');

alter table claim add column code_position bigint;
create unique index claim_code on claim (brand_id, perk_id, code_position) where code_position is not null;

-- Codes of reversed redemptions, which are few among the many that were handed out: listed without reading the others.
create index claim_burnt_code on claim (brand_id, perk_id, code_position)
    where status = 'reversed' and code_position is not null;
