-- Conversions: what came of word of mouth, with the touches that led to it. Who is credited for how much is worked out by
-- the report, which can ask for it in several ways.

create table conversion (
    brand_id uuid not null,
    -- The redemption's own, where it is one.
    id uuid not null,
    campaign_id uuid not null,
    claim_id uuid,
    -- Who converted, where that is known.
    guest_id uuid,
    -- Where, if at a desk.
    venue_id uuid,
    at timestamptz not null,
    order_reference text,
    order_amount bigint,
    order_currency text,
    actor text not null,
    recorded_at timestamptz not null,
    reversed_at timestamptz,
    reversed_by text,
    reversal_reason text,
    constraint conversion_pkey primary key (brand_id, id),
    constraint conversion_campaign_fkey foreign key (brand_id, campaign_id) references campaign (brand_id, id),
    constraint conversion_claim_fkey foreign key (brand_id, claim_id) references claim (brand_id, id),
    constraint conversion_claim_check check (claim_id is null or claim_id = id),
    constraint conversion_reversed_check check ((reversed_at is null) = (reversed_by is null))
);
create index conversion_campaign on conversion (brand_id, campaign_id, at);
create index conversion_guest on conversion (brand_id, guest_id) where guest_id is not null;
-- An order that is reported twice is one.
create unique index conversion_order on conversion (brand_id, campaign_id, order_reference)
    where claim_id is null and reversed_at is null;
call guard_brand_table('conversion', 'select, insert, update');

-- What led to a conversion, oldest first: clicks, or a link that was named at the desk or the till.
create table conversion_touch (
    brand_id uuid not null,
    conversion_id uuid not null,
    position integer not null constraint conversion_touch_position_check check (position > 0),
    share_id uuid not null,
    click_id uuid,
    at timestamptz not null,
    constraint conversion_touch_pkey primary key (brand_id, conversion_id, position),
    constraint conversion_touch_conversion_fkey foreign key (brand_id, conversion_id)
        references conversion (brand_id, id),
    constraint conversion_touch_share_fkey foreign key (brand_id, share_id) references share (brand_id, id)
);
create index conversion_touch_share on conversion_touch (brand_id, share_id);
call guard_brand_table('conversion_touch', 'select, insert');

-- How many of 10,000 basis points the nth of so many touches is credited with; those of one conversion add up exactly.
-- What cannot be divided goes to the earliest.
--   last, first   all of it to that one
--   linear        the same to each
--   position      40 % to the first and to the last, 20 % to those between; of two half to each
create function touch_credit(model text, nth bigint, touches bigint) returns integer
    language sql immutable parallel safe
    return case
        when touches = 1 then 10000
        when model = 'last' then case when nth = touches then 10000 else 0 end
        when model = 'first' then case when nth = 1 then 10000 else 0 end
        when model = 'linear' then 10000 / touches + case when nth <= 10000 % touches then 1 else 0 end
        when touches = 2 then 5000
        when nth in (1, touches) then 4000
        else 2000 / (touches - 2) + case when nth - 1 <= 2000 % (touches - 2) then 1 else 0 end
    end;

-- Whether the first guest has, step by step, led the second one to convert: then the second can lead the first nowhere.
-- `others` are conversions that are about to be written: each guest of them was led by the sharer at the same place.
create function has_led_to(leader uuid, follower uuid, campaign uuid, others uuid[], sharers uuid[]) returns boolean
    language sql stable
begin atomic
    with recursive led (guest_id) as (
        select follower
        union
        select earlier.guest_id
        from led l
        cross join lateral (
            select s.guest_id
            from conversion c
            join conversion_touch t on t.brand_id = c.brand_id and t.conversion_id = c.id
            join share s on s.brand_id = t.brand_id and s.id = t.share_id
            where c.brand_id = current_brand() and c.guest_id = l.guest_id and c.campaign_id = campaign
                and c.reversed_at is null
            union all
            select o.sharer_id from unnest(others, sharers) o (guest_id, sharer_id) where o.guest_id = l.guest_id
        ) earlier
    )
    select leader <> follower and exists (select from led where guest_id = leader);
end;
