-- A guest is a person, and a person's address has aliases: `ana+vegas@example.com` is `ana@example.com`, and Gmail ignores
-- dots and has two names. identity.handle_key of the network `email` is from now on the mailbox behind an address; what
-- follows brings older rows to that form, once, as IdentityKey does it from now on (a test holds both against each other).
--
-- Where several addresses turn out to be one mailbox:
--   of one guest        the one that has the mailbox's form already, or else was there first, stands for all
--   of several guests   that one is found by every alias; the other guests stay as they are, but by their id and member
--                       number only. That they are one person is for an operator to say, and cannot be undone:
--                       `perks guest join` with the id of the guest that is to remain and the mailbox as its handle.
--                       This shows most of them:
--                       select guest_id, handle from identity where network = 'email' and handle_key like '_%+%@%'
-- An opt-out of before is remembered as the hash of the address as it was spelled, and is still looked for by that.
-- Whoever was known when opting out is remembered by the mailbox as well.

create temporary table address on commit drop as
select k.guest_id, k.handle_key, k.verified, k.created_at, normalize(m.local || '@' || m.domain, nfc) as mailbox
from identity k
cross join lateral regexp_match(k.handle_key, '^(.*)@([^@]*)$') p (parts)
cross join lateral (
    select p.parts[1] as local, p.parts[2] in ('gmail.com', 'googlemail.com') as is_gmail
) a
cross join lateral (
    -- Nothing may be taken away that leaves no name.
    select case
        when a.local not like '"%' and split_part(a.local, '+', 1) ~ '^[^@[:space:]]' then split_part(a.local, '+', 1)
        else a.local
    end as local
) t
cross join lateral (
    select case
        when a.is_gmail and a.local not like '"%' and replace(t.local, '.', '') ~ '^[^@[:space:]]'
            then replace(t.local, '.', '')
        else t.local
    end as local,
    case when a.is_gmail then 'gmail.com' else p.parts[2] end as domain
) m
where k.network = 'email' and p.parts is not null;

create temporary table mailbox on commit drop as
select distinct on (mailbox) mailbox, guest_id, handle_key
from address
order by mailbox, handle_key <> mailbox, created_at, handle_key;

delete from identity k
using address a join mailbox m on m.mailbox = a.mailbox and m.guest_id = a.guest_id and m.handle_key <> a.handle_key
where k.network = 'email' and k.handle_key = a.handle_key;

update identity k
set handle_key = m.mailbox,
    verified = (
        select bool_or(a.verified) from address a where a.mailbox = m.mailbox and a.guest_id = m.guest_id
    )
from mailbox m
where k.network = 'email' and k.handle_key = m.handle_key
    and exists (
        select from address a
        where a.mailbox = m.mailbox and a.guest_id = m.guest_id and a.handle_key <> m.mailbox
    );

-- HMAC-SHA-256 (RFC 2104) with the platform's own key of 32 bytes, as IdentityHasher makes it.
do $$
declare
    inner_key bytea := decode(repeat('36', 64), 'hex');
    outer_key bytea := decode(repeat('5c', 64), 'hex');
    key constant bytea := (select value from secret where name = 'identity_hash');
begin
    if key is null then
        -- Nobody has ever opted out.
        return;
    end if;
    for i in 0 .. length(key) - 1 loop
        inner_key := set_byte(inner_key, i, get_byte(inner_key, i) # get_byte(key, i));
        outer_key := set_byte(outer_key, i, get_byte(outer_key, i) # get_byte(key, i));
    end loop;
    insert into tombstone (identity_hash, created_at)
    select sha256(outer_key || sha256(inner_key || convert_to('email:' || m.mailbox, 'UTF8'))), g.opted_out_at
    from mailbox m join guest g on g.guest_id = m.guest_id and g.opted_out_at is not null
    on conflict on constraint tombstone_pkey do nothing;
end
$$;
