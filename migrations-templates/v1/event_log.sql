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
    updated_at timestamptz not null default clock_timestamp()
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

-- Only capture functions, which run with their owner's rights, call these.
revoke all on function fraiseql.context(), fraiseql.value_json(anyelement), fraiseql.row_json(anyelement, text[]) from public;

comment on schema fraiseql is 'FraiseQL.EfCore.State event log v1';
