using Npgsql;

namespace FraiseQL.EfCore.State.PostgresTests.Listener;

/// <summary>A database with the event log and one captured table, by hand: what the reading side may rely on, and no more.</summary>
internal sealed class LogDatabase : IAsyncDisposable
{
    public const string Log =
        """
        create schema fraiseql;
        create sequence fraiseql.change_event_seq as bigint cache 1;
        create table fraiseql.change_event (
          tx xid8 not null default pg_current_xact_id(), seq bigint not null default nextval('fraiseql.change_event_seq'),
          at timestamptz not null default clock_timestamp(),
          entity text not null, relation text not null, op "char" not null,
          key json, before json, after json, cols text[], data json, old json, ctx jsonb,
          primary key (tx, seq));
        create table item (id int primary key, version int not null, note text);
        create function capture_item() returns trigger language plpgsql as $body$
        begin
          insert into fraiseql.change_event (entity, relation, op, key, before, after, cols, data)
          values ('Item', 'public.item', left(tg_op, 1)::"char", jsonb_build_object('id', coalesce(new.id, old.id)),
                  case when tg_op <> 'INSERT' then jsonb_build_object('id', old.id) end,
                  case when tg_op <> 'DELETE' then jsonb_build_object('id', new.id) end,
                  case when tg_op = 'UPDATE' then array['version', 'note'] end,
                  case when tg_op <> 'DELETE' then to_jsonb(new) end);
          return null;
        end $body$;
        create trigger capture after insert or update or delete on item for each row execute function capture_item();
        """;

    private LogDatabase(string connectionString)
    {
        ConnectionString = connectionString;
        Source = NpgsqlDataSource.Create(connectionString);
    }

    public string ConnectionString { get; }

    public NpgsqlDataSource Source { get; }

    public static async Task<LogDatabase> CreateAsync(PostgresServer? server = null, bool withLog = true)
    {
        var database = new LogDatabase(await (server ?? await PostgresServer.SharedAsync()).CreateDatabaseAsync());
        if (withLog)
        {
            await database.ExecuteAsync(Log);
        }

        return database;
    }

    public async Task ExecuteAsync(string sql)
    {
        await using var command = Source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    public async Task<T> ScalarAsync<T>(string sql)
    {
        await using var command = Source.CreateCommand(sql);
        return (T)(await command.ExecuteScalarAsync())!;
    }

    public ValueTask DisposeAsync() => Source.DisposeAsync();
}
