-- Codes of reversed redemptions, which are few among the many that were handed out: listed without reading the others.

create index claim_burnt_code on claim (brand_id, perk_id, code_position)
    where status = 'reversed' and code_position is not null;
