using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using FraiseQL.EfCore.State.EventLog;
using Npgsql;
using NpgsqlTypes;
using Xunit.Abstractions;

namespace FraiseQL.EfCore.State.PostgresTests.Listener;

public sealed class EventLogReaderTests(ITestOutputHelper output)
{
    private const int Rows = 12;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    [Feature("S2.2-all-changes")]
    [Feature("S2.3-per-entity")]
    [Feature("U-04-late-commit")]
    public async Task No_change_is_lost_doubled_or_out_of_order_under_overlapping_transactions(bool inSmallParts)
    {
        await using var database = await LogDatabase.CreateAsync();
        await database.ExecuteAsync($"insert into item select n, 0, null from generate_series(0, {Rows - 1}) n");
        var seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");

        await using var connection = await OpenAsync(database);
        await using var reader = new EventLogReader(connection);
        await reader.PrepareAsync(default);

        // A transaction that has written and stays open throughout: it must hold nobody up, and its change must come at the end.
        await using var late = await database.Source.OpenConnectionAsync();
        await using var open = await late.BeginTransactionAsync();
        await ExecuteAsync(late, "insert into item values (1000, 0, 'late')");

        var writers = new RandomWriters(database, Rows, seed);
        var writing = writers.RunAsync(8, TimeSpan.FromSeconds(4));
        var read = new List<ChangeRecord>();
        var position = PgSnapshot.Beginning;
        while (!writing.IsCompleted)
        {
            position = await CatchUpAsync(reader, position, read, inSmallParts);
        }

        await writing;
        position = await CatchUpAsync(reader, position, read, inSmallParts);
        Assert.DoesNotContain(read, change => change.Key == """{"id": 1000}""");
        await AssertFoldAsync(database, read, without: 1000);

        await open.CommitAsync();
        position = await CatchUpAsync(reader, position, read, inSmallParts);
        await AssertFoldAsync(database, read, without: null);

        var before = read.Count;
        await CatchUpAsync(reader, position, read, inSmallParts);
        Assert.Equal(before, read.Count);
        output.WriteLine($"{writers.Commits} commits, {read.Count} changes");
    }

    [Fact]
    public async Task A_page_of_a_window_is_resumed_by_its_end_and_last_seq()
    {
        await using var database = await LogDatabase.CreateAsync();
        await database.ExecuteAsync("insert into item select n, 0, null from generate_series(1, 25) n");
        await using var connection = await OpenAsync(database);
        PgSnapshot to;
        var read = new List<long>();
        await using (var first = new EventLogReader(connection))
        {
            var page = await first.ReadPageAsync(PgSnapshot.Beginning, null, -1, 10, default);
            Assert.False(page.IsLast);
            read.AddRange(page.Changes.Select(c => c.Seq));
            to = page.To;
        }

        // What commits meanwhile is of the next window.
        await database.ExecuteAsync("insert into item values (26, 0, null)");
        await using var second = new EventLogReader(connection);
        while (true)
        {
            var page = await second.ReadPageAsync(PgSnapshot.Beginning, PgSnapshot.Parse(to.ToString()), read[^1], 10, default);
            Assert.Equal(to, page.To);
            read.AddRange(page.Changes.Select(c => c.Seq));
            if (page.IsLast)
            {
                break;
            }
        }

        Assert.Equal(Enumerable.Range(1, 25).Select(n => (long)n), read);
        var next = await second.ReadPageAsync(to, null, -1, 10, default);
        Assert.Equal([26L], next.Changes.Select(c => c.Seq));
    }

    [Fact]
    public async Task A_long_backlog_is_streamed_in_parts_of_bounded_size()
    {
        await using var database = await LogDatabase.CreateAsync();
        await database.ExecuteAsync("insert into item select n, 0, null from generate_series(1, 12000) n");
        await using var connection = await OpenAsync(database);
        await using var reader = new EventLogReader(connection);
        var parts = new List<int>();
        var (_, count) = await reader.StreamAsync(PgSnapshot.Beginning, null, -1, withRows: true, (_, part) => parts.Add(part.Count), default);
        Assert.Equal(12000, count);
        Assert.Equal([5000, 5000, 2000], parts);
    }

    [Fact]
    public async Task Without_rows_a_change_says_what_caches_need_and_a_refresh_all_it_says()
    {
        await using var database = await LogDatabase.CreateAsync();
        await database.ExecuteAsync("insert into item values (7, 1, 'note')");
        await database.ExecuteAsync("update item set id = 8");
        await database.ExecuteAsync("delete from item");
        await database.ExecuteAsync("insert into fraiseql.change_event (entity, relation, op, data) values ('View', 'public.view', 'T', '{\"snapshot\": \"1:1:\"}')");
        await using var connection = await OpenAsync(database);
        await using var reader = new EventLogReader(connection);
        await reader.PrepareAsync(default);
        var (full, lean) = (new List<ChangeRecord>(), new List<ChangeRecord>());
        await reader.StreamAsync(PgSnapshot.Beginning, null, -1, withRows: true, (_, part) => full.AddRange(part), default);
        await reader.StreamAsync(PgSnapshot.Beginning, null, -1, withRows: false, (_, part) => lean.AddRange(part), default);
        Assert.Equal(
            full.Select(c => (c.Seq, c.TransactionId, c.At, c.Relation, c.Kind, c.Before, c.After)),
            lean.Select(c => (c.Seq, c.TransactionId, c.At, c.Relation, c.Kind, c.Before, c.After)));
        Assert.All(lean.SkipLast(1), c => Assert.Null(c.Data));
        Assert.Equal(full[^1].Data, lean[^1].Data);
    }

    [Fact]
    public async Task A_change_is_read_with_all_it_says()
    {
        await using var database = await LogDatabase.CreateAsync();
        await database.ExecuteAsync("insert into item values (7, 1, 'a \"quoted\" ü')");
        await database.ExecuteAsync("update item set note = null");
        await database.ExecuteAsync("delete from item");
        await database.ExecuteAsync("insert into fraiseql.change_event (entity, relation, op, ctx) values ('Item', 'public.item', 'T', '{\"node\": \"n\"}')");
        await using var connection = await OpenAsync(database);
        await using var reader = new EventLogReader(connection);
        var read = new List<ChangeRecord>();
        await reader.StreamAsync(PgSnapshot.Beginning, null, -1, withRows: true, (_, part) => read.AddRange(part), default);

        Assert.Equal([ChangeKind.Created, ChangeKind.Updated, ChangeKind.Deleted, ChangeKind.Truncated], read.Select(c => c.Kind));
        Assert.All(read, change => Assert.Equal(("Item", "public.item"), (change.Entity, change.Relation)));
        Assert.All(read, change => Assert.True(change.TransactionId > 0));
        Assert.Equal("""{"id": 7}""", read[0].Key);
        Assert.Null(read[0].Before);
        Assert.Equal("a \"quoted\" ü", JsonDocument.Parse(read[0].Data!).RootElement.GetProperty("note").GetString());
        Assert.Equal<string[]>(["version", "note"], read[1].Columns!);
        Assert.Null(read[2].Data);
        Assert.Null(read[3].Key);
        Assert.Equal("""{"node": "n"}""", read[3].Context);
    }

    [Fact]
    public async Task A_poll_behind_a_long_transaction_reads_by_the_key_and_not_the_whole_log()
    {
        await using var database = await LogDatabase.CreateAsync();
        await using var late = await database.Source.OpenConnectionAsync();
        await using var open = await late.BeginTransactionAsync();
        await ExecuteAsync(late, "insert into item values (0, 0, 'late')");
        await database.ExecuteAsync("insert into item select n, 0, null from generate_series(1, 30000) n");
        await using var connection = await OpenAsync(database);
        await using var reader = new EventLogReader(connection);
        await reader.PrepareAsync(default);
        var (position, _) = await reader.StreamAsync(PgSnapshot.Beginning, null, -1, withRows: true, (_, _) => { }, default);
        Assert.NotEqual(0, position.InProgress.Length);

        await using var explain = new NpgsqlCommand("explain (analyze, buffers, timing off) " + EventLogReader.Sql, connection);
        explain.Parameters.Add(new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Xid8, Value = position.Xmax });
        explain.Parameters.Add(new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Xid8, Value = position.InProgress.ToArray() });
        explain.Parameters.Add(new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Bigint, Value = -1L });
        explain.Parameters.Add(new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Text, Value = DBNull.Value });
        explain.Parameters.Add(new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Bigint, Value = DBNull.Value });
        await using var plan = await explain.ExecuteReaderAsync();
        await plan.ReadAsync();
        var top = new StringBuilder();
        do
        {
            top.AppendLine(plan.GetString(0));
        }
        while (await plan.ReadAsync());
        output.WriteLine(top.ToString());
        var buffers = Regex.Match(top.ToString(), @"Buffers: shared hit=(\d+)");
        Assert.InRange(int.Parse(buffers.Groups[1].Value, CultureInfo.InvariantCulture), 1, 30);
        Assert.DoesNotContain("read=", top.ToString().Split("Planning")[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_identity_of_a_log_changes_with_the_database_and_with_the_log()
    {
        await using var one = await LogDatabase.CreateAsync();
        await using var two = await LogDatabase.CreateAsync();
        await using var connection = await OpenAsync(one);
        await using var other = await OpenAsync(two);

        var first = await LogIdentityQuery.ReadAsync(connection, default);
        Assert.True(first.HasLog);
        Assert.False(first.IsStandby);
        Assert.True((await LogIdentityQuery.ReadAsync(connection, default)).Identity.Continues(first.Identity));
        Assert.False((await LogIdentityQuery.ReadAsync(other, default)).Identity.Continues(first.Identity));

        await one.ExecuteAsync("drop table fraiseql.change_event");
        Assert.False((await LogIdentityQuery.ReadAsync(connection, default)).HasLog);
        await one.ExecuteAsync("create table fraiseql.change_event (tx xid8, seq bigint)");
        Assert.False((await LogIdentityQuery.ReadAsync(connection, default)).Identity.Continues(first.Identity));
    }

    [Fact]
    public async Task Snapshots_agree_with_the_server_about_what_is_visible()
    {
        await using var database = await LogDatabase.CreateAsync();
        var seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        for (var n = 0; n < 300; n++)
        {
            var xmin = (ulong)random.Next(1, 20);
            var xmax = xmin + (ulong)random.Next(0, 12);
            var running = Enumerable.Range(0, (int)(xmax - xmin)).Select(i => xmin + (ulong)i).Where(_ => random.Next(3) == 0).ToArray();
            var snapshot = new PgSnapshot(xmin, xmax, running);
            await using var command = database.Source.CreateCommand(
                "select array_agg(pg_visible_in_snapshot(x::text::xid8, $1::pg_snapshot) order by x), ($1::pg_snapshot)::text from generate_series(1, 40) x");
            command.Parameters.AddWithValue(snapshot.ToString());
            await using var row = await command.ExecuteReaderAsync();
            await row.ReadAsync();
            Assert.Equal(row.GetFieldValue<bool[]>(0), Enumerable.Range(1, 40).Select(x => snapshot.Sees((ulong)x)));
            Assert.Equal(snapshot, PgSnapshot.Parse(row.GetString(1)));
        }
    }

    private static async Task<PgSnapshot> CatchUpAsync(EventLogReader reader, PgSnapshot position, List<ChangeRecord> read, bool inSmallParts)
    {
        if (!inSmallParts)
        {
            return (await reader.StreamAsync(position, null, -1, withRows: true, (_, part) => read.AddRange(part), default)).To;
        }

        PgSnapshot? to = null;
        var after = -1L;
        while (true)
        {
            var page = await reader.ReadPageAsync(position, to, after, 7, default);
            read.AddRange(page.Changes);
            to = page.To;
            if (page.IsLast)
            {
                return to;
            }

            after = page.Changes[^1].Seq;
        }
    }

    private static async Task AssertFoldAsync(LogDatabase database, List<ChangeRecord> read, int? without)
    {
        Assert.Equal(read.Count, read.Select(c => c.Seq).Distinct().Count());
        var fold = new Dictionary<int, int>();
        foreach (var change in read)
        {
            var row = JsonDocument.Parse(change.Data!).RootElement;
            var (id, version) = (row.GetProperty("id").GetInt32(), row.GetProperty("version").GetInt32());
            Assert.Equal(fold.TryGetValue(id, out var last) ? last + 1 : 0, version);
            fold[id] = version;
        }

        await using var command = database.Source.CreateCommand("select id, version from item");
        await using var rows = await command.ExecuteReaderAsync();
        var table = new Dictionary<int, int>();
        while (await rows.ReadAsync())
        {
            table.Add(rows.GetInt32(0), rows.GetInt32(1));
        }

        if (without is { } id0)
        {
            Assert.DoesNotContain(id0, table.Keys);
        }

        Assert.Equal(table.OrderBy(p => p.Key), fold.OrderBy(p => p.Key));
    }

    private static async Task<NpgsqlConnection> OpenAsync(LogDatabase database)
    {
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(database.ConnectionString) { Pooling = false }.ConnectionString);
        await connection.OpenAsync();
        await ExecuteAsync(connection, EventLogReader.SessionSettings);
        return connection;
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
