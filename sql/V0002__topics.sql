-- The topic ontology: topics, the names they answer to, parents, and the closure that makes "wine or anything below it"
-- one look-up.

create table topic (
    id bigint generated always as identity constraint topic_pkey primary key,
    -- The publisher's id, as text: the published ones exceed 63 bits.
    source_id text not null constraint topic_source_id_taken unique,
    slug text not null constraint topic_slug_taken unique deferrable initially deferred,
    name text not null,
    wikidata_id text,
    freebase_id text,
    is_root boolean not null default false,
    created_at timestamptz not null,
    -- Set when an import no longer names the topic. It keeps its parents, so that rules that name it go on working.
    retired_at timestamptz
);
grant select, insert, update on topic to perks_app;

-- Every slug a topic has or had.
create table topic_name (
    slug text not null constraint topic_name_pkey primary key,
    topic_id bigint not null constraint topic_name_topic_fkey references topic (id)
);
create index topic_name_topic on topic_name (topic_id);
grant select, insert, update on topic_name to perks_app;

create table topic_parent (
    parent_id bigint not null constraint topic_parent_parent_fkey references topic (id),
    child_id bigint not null constraint topic_parent_child_fkey references topic (id),
    constraint topic_parent_pkey primary key (parent_id, child_id)
);
create index topic_parent_child on topic_parent (child_id);
grant select, insert, delete on topic_parent to perks_app;

-- Every (ancestor, descendant), each topic under itself included.
create table topic_closure (
    ancestor_id bigint not null constraint topic_closure_ancestor_fkey references topic (id),
    descendant_id bigint not null constraint topic_closure_descendant_fkey references topic (id),
    constraint topic_closure_pkey primary key (ancestor_id, descendant_id)
);
create index topic_closure_descendant on topic_closure (descendant_id, ancestor_id);
grant select, insert, delete on topic_closure to perks_app;
