-- Segments: a brand's own lists of guests. Long lists are tables, never literals in a rule.

create table segment (
    brand_id uuid not null constraint segment_brand_fkey references brand (id),
    id uuid not null,
    slug text not null,
    name text not null,
    created_at timestamptz not null,
    constraint segment_pkey primary key (brand_id, id),
    constraint segment_slug_taken unique (brand_id, slug)
);
call guard_brand_table('segment', 'select, insert, update');

create table segment_member (
    brand_id uuid not null,
    segment_id uuid not null,
    guest_id uuid not null,
    added_at timestamptz not null,
    constraint segment_member_pkey primary key (brand_id, segment_id, guest_id),
    constraint segment_member_segment_fkey foreign key (brand_id, segment_id) references segment (brand_id, id)
);
create index segment_member_guest on segment_member (brand_id, guest_id);
call guard_brand_table('segment_member', 'select, insert, delete');
