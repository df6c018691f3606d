create or replace function {{function}}() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp set timezone = 'UTC' set jit = off as {{tag}}
begin
    if tg_op = 'UPDATE' then
        insert into fraiseql.change_event (entity, relation, op, key, before, after, cols, data, old, ctx)
        select {{entity}}, {{relation}},
            case when {{old_missing}} then '{{insert_op}}'::"char" when {{new_missing}} then '{{delete_op}}'::"char" else 'U'::"char" end,
            row_to_json(k.*),
            case when {{old_missing}} then null else {{before}} end,
            case when {{new_missing}} then null else {{after}} end,
            case when {{old_missing}} or {{new_missing}} then null else {{changed_columns}} end,
            case when {{new_missing}} then null else {{data}} end,
            {{updated_row}},
            (select case when current_setting('fraiseql.ctx', true) <> '' then fraiseql.context() end)
        from fraiseql_old o full join fraiseql_new n on {{same_key}}
            {{either_key}}
            {{old_columns}}
            {{new_columns}}
            {{new_row}}{{old_row}}
        where {{changed}};
    elsif tg_op = 'INSERT' then
        insert into fraiseql.change_event (entity, relation, op, key, after, data, ctx)
        select {{entity}}, {{relation}}, '{{insert_op}}', row_to_json(k.*), {{after}}, {{data}},
            (select case when current_setting('fraiseql.ctx', true) <> '' then fraiseql.context() end)
        from fraiseql_new n
            {{new_key}}
            {{new_columns}}
            {{new_row}};
    elsif tg_op = 'DELETE' then
        insert into fraiseql.change_event (entity, relation, op, key, before, old, ctx)
        select {{entity}}, {{relation}}, '{{delete_op}}', row_to_json(k.*), {{before}}, {{deleted_row}},
            (select case when current_setting('fraiseql.ctx', true) <> '' then fraiseql.context() end)
        from fraiseql_old o
            {{old_key}}
            {{old_columns}}{{old_row}};
    else
        insert into fraiseql.change_event (entity, relation, op, ctx) values ({{entity}}, {{relation}}, 'T', fraiseql.context());
    end if;
    -- One expression: a statement of its own for the notification would cost more than the notification.
    if found and current_setting('fraiseql.quiet', true) is distinct from 'on' and pg_try_advisory_xact_lock(7382069844749152620)
        and pg_notify('fraiseql_events', '') is null then
    end if;{{ring}}
    return null;
end
{{tag}};
revoke all on function {{function}}() from public;
comment on function {{function}}() is {{annotation}};
create trigger fraiseql_insert after insert on {{table}} referencing new table as fraiseql_new
    for each statement execute function {{function}}();
create trigger fraiseql_update after update on {{table}} referencing old table as fraiseql_old new table as fraiseql_new
    for each statement execute function {{function}}();
create trigger fraiseql_delete after delete on {{table}} referencing old table as fraiseql_old
    for each statement execute function {{function}}();
create trigger fraiseql_truncate after truncate on {{table}}
    for each statement execute function {{function}}();
do $fraiseql$ begin perform fraiseql.cover_partitions(); end $fraiseql$;
