-- FraiseQL.EfCore.State, event log v1. May be run any number of times; keeps what is there.
create schema if not exists fraiseql;

create sequence if not exists fraiseql.change_event_seq as bigint cache 1;

create table if not exists fraiseql.change_event (
    tx xid8 not null default pg_current_xact_id(),
    seq bigint not null default nextval('fraiseql.change_event_seq'),
    at timestamptz not null default clock_timestamp(),
    entity text not null,
    relation text not null,
    op "char" not null,
    key json, -- json, not jsonb: made and read in half the time, and few are ever looked into
    before json,
    after json,
    cols text[],
    data json,
    old json,
    ctx jsonb,
    primary key (tx, seq)
);

create table if not exists fraiseql.consumer (
    name text primary key,
    position pg_snapshot not null,
    window_end pg_snapshot, -- set while a long window is in work: what lies between position and here is done up to seq
    seq bigint not null default 0,
    system_id text not null,
    owner text,
    fence bigint not null default 0,
    lease_until timestamptz,
    updated_at timestamptz not null default clock_timestamp(),
    expired_at timestamptz -- set when the group was too far behind for the log to wait any longer: it has lost events
);

create table if not exists fraiseql.parked (
    consumer text not null,
    entity text not null,
    key text not null,
    seq bigint not null,
    tx xid8 not null,
    attempts int not null,
    error text,
    event json, -- the row of the log, which may be gone from there when the event is handled after all
    parked_at timestamptz not null default clock_timestamp(),
    retry_at timestamptz, -- set when somebody wants it handled again
    primary key (consumer, seq)
);

-- What a handler has done in the database, committed together with it: a second delivery finds its row and is skipped.
create table if not exists fraiseql.inbox (
    consumer text not null,
    handler text not null,
    epoch text not null,
    seq bigint not null,
    tx xid8 not null,
    handled_at timestamptz not null default clock_timestamp(),
    primary key (consumer, handler, epoch, seq)
);

-- How far the log was pruned: every event of a transaction below is gone. Who has not seen all of these has lost events.
create table if not exists fraiseql.retention (
    only_row boolean primary key default true check (only_row),
    pruned xid8 not null default '0',
    pruned_at timestamptz
);
insert into fraiseql.retention default values on conflict do nothing;

-- Removes up to "most" events older than "keep" which every group has seen; answers how many. A group with an unseen event older than "hold" is
-- marked expired and waited for no longer. One call works at a time, others answer 0.
create or replace function fraiseql.prune(keep interval, hold interval, most int) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp as $fraiseql$
declare
    boundary xid8;
    removed bigint;
    last xid8;
begin
    if not pg_try_advisory_xact_lock(7382069844749152621) then
        return 0;
    end if;
    update fraiseql.consumer c set expired_at = clock_timestamp()
    where c.expired_at is null and exists (
        select from fraiseql.change_event e
        where e.tx >= pg_snapshot_xmin(c.position) and not pg_visible_in_snapshot(e.tx, c.position) and e.at < clock_timestamp() - hold);

    -- A transaction that is still open is unseen by everybody who reads, also by those who have no row here.
    select x into boundary from (
        select pg_snapshot_xmin(c.position) as x from fraiseql.consumer c where c.expired_at is null
        union all select pg_snapshot_xmin(pg_current_snapshot())) positions
    order by x limit 1;

    with first as (
        select e.tx, e.seq, e.at from fraiseql.change_event e where e.tx < boundary order by e.tx, e.seq limit most),
    aged as (
        select f.tx, f.seq, bool_and(f.at < clock_timestamp() - keep) over (order by f.tx, f.seq) as old from first f),
    gone as (
        delete from fraiseql.change_event e using aged a where a.old and e.tx = a.tx and e.seq = a.seq returning e.tx)
    select count(*), (select g.tx from gone g order by g.tx desc limit 1) into removed, last from gone;
    if removed > 0 then
        update fraiseql.retention r set pruned = (last::text::numeric + 1)::text::xid8, pruned_at = clock_timestamp()
        where r.pruned <= last;
    end if;
    return removed;
end
$fraiseql$;

-- The log in Debezium's envelope. "before" is the whole row where PreImage() asks for it, else the key and the dependency columns.
create or replace view fraiseql.debezium as
select e.tx, e.seq, e.entity, e.key,
    case e.op when 'I' then 'c' when 'D' then 'd' when 'T' then 't' else 'u' end as op,
    coalesce(e.old, e.before) as before,
    coalesce(e.data, e.after) as after,
    json_build_object(
        'version', '1', 'connector', 'fraiseql', 'name', current_database(), 'db', current_database(),
        'schema', split_part(e.relation, '.', 1), 'table', substr(e.relation, strpos(e.relation, '.') + 1),
        'txId', e.tx::text::bigint, 'sequence', e.seq::text, 'snapshot', 'false', 'ctx', e.ctx,
        'ts_ms', (extract(epoch from e.at) * 1000)::bigint) as source,
    (extract(epoch from e.at) * 1000)::bigint as ts_ms
from fraiseql.change_event e
where e.op <> 'X';

-- The writer's context (SET fraiseql.ctx), or null. Text that is not JSON is dropped: it must not fail the write.
create or replace function fraiseql.context() returns jsonb language plpgsql stable as $fraiseql$
declare
    setting text := current_setting('fraiseql.ctx', true);
begin
    if setting is null or setting = '' then
        return null;
    end if;
    begin
        return setting::jsonb;
    exception when others then
        return null;
    end;
end
$fraiseql$;

-- A value of a type that may have no JSON form, or null when it has none (json with \u0000, a cast that fails): it must not fail the write.
create or replace function fraiseql.value_json(value anyelement) returns text language plpgsql stable as $fraiseql$
declare
    form text;
begin
    form := to_jsonb(value)::text;
    return case when octet_length(form) < 100000000 then form end;
exception when others then
    return null;
end
$fraiseql$;

-- A very large row as JSON without the hidden columns, or null when it has no JSON form.
create or replace function fraiseql.row_json(changed anyelement, hidden text[]) returns json language plpgsql stable as $fraiseql$
begin
    return (to_jsonb(changed) - hidden)::json;
exception when others then
    return null;
end
$fraiseql$;

-- Ends cached results that no change of a table would end, on every node: [["tag", "trending"], ["user", "ann"], ["all"]]. Committed with the caller's transaction.
create or replace function fraiseql.invalidate(what json) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $fraiseql$
begin
    insert into fraiseql.change_event (entity, relation, op, data) values ('cache', 'fraiseql.cache', 'X', what);
    if current_setting('fraiseql.quiet', true) is distinct from 'on' and pg_try_advisory_xact_lock(7382069844749152620) then
        perform pg_notify('fraiseql_events', '');
    end if;
end
$fraiseql$;

-- A statement that names a partition fires the triggers of the partition only. This gives each partition of the caller's captured tables the
-- triggers of its table. Migrations call it; whoever adds partitions later calls it again. Answers how many triggers it has added.
create or replace function fraiseql.cover_partitions() returns bigint
language plpgsql set search_path = pg_catalog, pg_temp as $fraiseql$
declare
    missing record;
    added bigint := 0;
begin
    for missing in
        select distinct part.relid::text as partition, t.tgname as name, t.tgfoid::regprocedure::text as function
        from pg_trigger t
        join pg_class c on c.oid = t.tgrelid and c.relkind = 'p' and pg_has_role(c.relowner, 'USAGE')
        join pg_proc p on p.oid = t.tgfoid and p.pronamespace = 'fraiseql'::regnamespace
        cross join lateral pg_partition_tree(c.oid) part
        join pg_class leaf on leaf.oid = part.relid and leaf.relkind in ('r', 'p')
        where part.relid <> c.oid and not exists (select from pg_trigger e where e.tgrelid = part.relid and e.tgname = t.tgname)
    loop
        execute 'create trigger ' || missing.name || case missing.name
            when 'fraiseql_insert' then ' after insert on ' || missing.partition || ' referencing new table as fraiseql_new'
            when 'fraiseql_update' then ' after update on ' || missing.partition || ' referencing old table as fraiseql_old new table as fraiseql_new'
            when 'fraiseql_delete' then ' after delete on ' || missing.partition || ' referencing old table as fraiseql_old'
            when 'fraiseql_truncate' then ' after truncate on ' || missing.partition
        end || ' for each statement execute function ' || missing.function;
        added := added + 1;
    end loop;
    return added;
end
$fraiseql$;

-- Only capture functions, which run with their owner's rights, and whoever is granted prune or invalidate call these.
revoke all on function fraiseql.prune(interval, interval, int), fraiseql.invalidate(json), fraiseql.context(), fraiseql.value_json(anyelement), fraiseql.row_json(anyelement, text[]), fraiseql.cover_partitions() from public;

comment on schema fraiseql is 'FraiseQL.EfCore.State event log v1';
