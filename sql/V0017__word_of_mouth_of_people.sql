-- What happens to shares and conversions when two people turn out to be one, when a person wants to be left out or
-- forgotten, and when a person asks what is kept. Each function crosses all brands for the one guest that it is given.

-- Hands the shares and conversions of one guest to another. Both links go on working; the survivor's own is the one that
-- is given out.
create function join_guest_in_word_of_mouth(survivor uuid, absorbed uuid) returns void
    language plpgsql security definer
    set search_path = public, pg_temp
as $$
begin
    update share s
    set guest_id = survivor,
        is_current = s.is_current and not exists (
            select from share o
            where o.brand_id = s.brand_id and o.campaign_id = s.campaign_id and o.guest_id = survivor and o.is_current)
    from brand b
    where s.brand_id = b.id and s.guest_id = absorbed;
    update conversion c set guest_id = survivor from brand b where c.brand_id = b.id and c.guest_id = absorbed;
end
$$;
revoke all on function join_guest_in_word_of_mouth(uuid, uuid) from public;
grant execute on function join_guest_in_word_of_mouth(uuid, uuid) to perks_app;
alter function join_guest_in_word_of_mouth(uuid, uuid) owner to perks_system;

-- Ends a guest's links: they still lead on, and nothing is counted any more.
create function end_shares_of_guest(leaving uuid, ended timestamptz) returns void
    language sql security definer
    set search_path = public, pg_temp
begin atomic
    update share s
    set ended_at = ended, visitor = null
    from brand b
    where s.brand_id = b.id and s.guest_id = leaving and s.ended_at is null;
end;
revoke all on function end_shares_of_guest(uuid, timestamptz) from public;
grant execute on function end_shares_of_guest(uuid, timestamptz) to perks_app;
alter function end_shares_of_guest(uuid, timestamptz) owner to perks_system;

-- Takes what names a person out of what was posted. What was counted stays counted, under an id that names nobody.
create function erase_guest_in_word_of_mouth(erased uuid) returns void
    language sql security definer
    set search_path = public, pg_temp
begin atomic
    update share_post p
    set url = null
    from brand b join share s on s.brand_id = b.id and s.guest_id = erased
    where p.brand_id = s.brand_id and p.share_id = s.id;
end;
revoke all on function erase_guest_in_word_of_mouth(uuid) from public;
grant execute on function erase_guest_in_word_of_mouth(uuid) to perks_app;
alter function erase_guest_in_word_of_mouth(uuid) owner to perks_system;

-- The shares, posts and conversions of a guest, newest first: at most so many rows of each kind a brand.
create function export_guest_word_of_mouth(exported uuid, row_limit bigint)
    returns table (brand text, kind text, at timestamptz, content jsonb)
    language sql stable security definer
    set search_path = public, pg_temp
begin atomic
    select b.slug, held.kind, held.at, jsonb_strip_nulls(held.content)
    from brand b
    cross join lateral (
        (select 'share' as kind, s.created_at as at,
             jsonb_build_object('campaign', a.slug, 'token', s.token) as content
         from share s join campaign a on a.brand_id = s.brand_id and a.id = s.campaign_id
         where s.brand_id = b.id and s.guest_id = exported order by s.id desc limit row_limit)
        union all
        (select 'post', p.posted_at,
             jsonb_build_object(
                 'network', p.network, 'url', p.url, 'reach', p.reach,
                 'potential_impressions', p.potential_impressions, 'disclosed', p.disclosed)
         from share s join share_post p on p.brand_id = s.brand_id and p.share_id = s.id
         where s.brand_id = b.id and s.guest_id = exported order by p.id desc limit row_limit)
        union all
        (select 'conversion', c.at,
             jsonb_build_object('campaign', a.slug, 'order_reference', c.order_reference, 'reversed', c.reversed_at is not null)
         from conversion c join campaign a on a.brand_id = c.brand_id and a.id = c.campaign_id
         where c.brand_id = b.id and c.guest_id = exported order by c.id desc limit row_limit)
    ) held
    order by b.slug, held.kind, held.at desc;
end;
revoke all on function export_guest_word_of_mouth(uuid, bigint) from public;
grant execute on function export_guest_word_of_mouth(uuid, bigint) to perks_app;
alter function export_guest_word_of_mouth(uuid, bigint) owner to perks_system;
