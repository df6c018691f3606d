using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace FraiseQL.EfCore.State.PostgresTests.Dispatch;

/// <summary>The roles of migrations-templates/README.md, none of them a superuser: who migrates, who only writes, and the application that listens.</summary>
[Feature("U-48-least-privilege")]
public sealed class LeastPrivilegeTests : IAsyncLifetime
{
    private readonly string _owner = "owner_" + Guid.NewGuid().ToString("n");
    private readonly string _writer = "writer_" + Guid.NewGuid().ToString("n");
    private readonly string _app = "app_" + Guid.NewGuid().ToString("n");
    private string _superuser = "";

    [Fact]
    public async Task A_writer_without_any_right_on_the_log_and_an_application_with_the_documented_ones_are_all_it_needs()
    {
        await ExecuteAsync(_owner, string.Join(';', DocumentedGrants()));
        var isBroken = true;
        var handled = new Handled
        {
            Before = (change, _, _) => change.EntityId == "post-2" && Volatile.Read(ref isBroken) ? throw new InvalidOperationException("broken") : Task.CompletedTask,
        };
        var once = 0;
        await using var node = await HandlerNode.StartAsync(
            As(_app),
            builder => handled.On("a")(builder.OnEvent<Post>(
                ChangeKind.Created, (_, _, _) => Task.FromResult(Interlocked.Increment(ref once)), h => h.Competing("once").WithInbox())),
            o => o.Retry.Attempts = 2);

        await ExecuteAsync(_writer, "insert into posts values (1, 'a', 0), (2, 'a', 0); update posts set title = 'b'");
        await Eventually.Until(() => handled.Of(1).Count == 2 && Volatile.Read(ref once) == 2);
        var letters = node.Services.GetRequiredService<IDeadLetters>();
        await Eventually.Until(async () => await letters.CountAsync() == 2);
        Volatile.Write(ref isBroken, false);
        await letters.RetryAllAsync();
        await Eventually.Until(async () => await letters.CountAsync() == 0);
        await Eventually.Until(() => handled.Of(2).Count == 2);

        await ExecuteAsync(_owner, "update fraiseql.change_event set at = now() - interval '8 days'");
        await Eventually.Until(async () =>
        {
            await ExecuteAsync(_app, "select fraiseql.prune('7 days', '30 days', 100)");
            return await CountAsync(_app, "select count(*) from fraiseql.change_event") == 0;
        });
        Assert.Equal(0, node.Said(FraiseQLStateEventId.LogNotPruned));
        Assert.Equal(0, node.Said(FraiseQLStateEventId.HandlersInterrupted));
        Assert.Equal(0, node.Said(FraiseQLStateEventId.ListenerConnectFailed));
        Assert.Empty(node.Listener.CaptureProblems);
        foreach (var sql in (string[])["select * from fraiseql.change_event", "select fraiseql.prune('0', '0', 100)", "delete from fraiseql.consumer"])
        {
            Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, (await Assert.ThrowsAsync<PostgresException>(() => ExecuteAsync(_writer, sql))).SqlState);
        }

        foreach (var sql in (string[])["delete from fraiseql.change_event", "drop table fraiseql.inbox", "alter table posts disable trigger all"])
        {
            Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, (await Assert.ThrowsAsync<PostgresException>(() => ExecuteAsync(_app, sql))).SqlState);
        }
    }

    [Theory]
    [InlineData("grant usage on schema fraiseql to", FraiseQLStateEventId.ListenerConnectFailed)]
    [InlineData("grant select on fraiseql.change_event", FraiseQLStateEventId.ListenerConnectFailed)]
    [InlineData("grant select, insert, update, delete on fraiseql.consumer", FraiseQLStateEventId.HandlersInterrupted)]
    [InlineData("grant execute on function fraiseql.prune", FraiseQLStateEventId.LogNotPruned)]
    [Feature("U-26-doctor")]
    public async Task A_missing_right_is_said_with_the_grant_to_run_and_the_application_goes_on_when_it_has_been_run(string grant, int said)
    {
        var missing = Assert.Single(DocumentedGrants(), g => g.StartsWith(grant, StringComparison.Ordinal));
        await ExecuteAsync(_owner, string.Join(';', DocumentedGrants().Where(g => g != missing)));
        var handled = new Handled();
        await using var node = HandlerNode.Create(As(_app), handled.On("a"), o => o.MaxReconnectDelay = TimeSpan.FromSeconds(1));
        await node.StartAsync();
        await Eventually.Until(() => node.Log.GetSnapshot().Any(r => r.Id.Id == said && r.Exception!.Message.Contains(
            "As the owner of the schema fraiseql run: " + missing.Replace(_app, "<role>", StringComparison.Ordinal), StringComparison.Ordinal)));
        if (said == FraiseQLStateEventId.ListenerConnectFailed)
        {
            Assert.Contains(grant, Assert.Single(node.Listener.CaptureProblems), StringComparison.Ordinal);
        }

        await ExecuteAsync(_owner, missing);
        await Eventually.Until(() => node.RunsHandlers && node.Listener.CaptureProblems.Count == 0);
        await ExecuteAsync(_writer, "insert into posts values (1, 'a', 0)");
        await Eventually.Until(() => handled.Count == 1);
    }

    [Fact]
    public async Task A_call_to_invalidate_needs_one_grant_and_names_it_and_does_not_break_the_transaction_when_it_is_missing()
    {
        await using var db = HandlerNode.Context(As(_app));
        await using var transaction = await db.Database.BeginTransactionAsync();
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => db.Database.InvalidateCacheAsync(i => i.Tag("x")));
        Assert.Contains("grant execute on function fraiseql.invalidate(json) to <role>", error.Message, StringComparison.Ordinal);
        Assert.Equal(0, await db.Posts.CountAsync());
        await transaction.CommitAsync();

        await ExecuteAsync(_owner, string.Join(';', DocumentedGrants()));
        await db.Database.InvalidateCacheAsync(i => i.Tag("x"));
        Assert.Equal(1, await CountAsync(_app, "select count(*) from fraiseql.change_event where op = 'X'"));
        Assert.Equal(0, await CountAsync(_owner, "select count(*) from fraiseql.debezium"));
        Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, (await Assert.ThrowsAsync<PostgresException>(
            () => ExecuteAsync(_writer, "select fraiseql.invalidate('[]')"))).SqlState);
    }

    public async Task InitializeAsync()
    {
        _superuser = await PostgresServer.CreateSharedDatabaseAsync();
        var database = new NpgsqlConnectionStringBuilder(_superuser).Database;
        await HandlerTests.ExecuteAsync(
            _superuser,
            string.Concat(new[] { _owner, _writer, _app }.Select(role => $"create role {role} login nosuperuser nocreatedb nocreaterole password 'secret';"))
            + $"alter database {database} owner to {_owner}");
        await using (var db = HandlerNode.Context(As(_owner)))
        {
            await db.Database.EnsureCreatedAsync();
        }

        await ExecuteAsync(_owner, $"grant select, insert, update, delete on all tables in schema public to {_writer}, {_app}");
    }

    public async Task DisposeAsync()
    {
        NpgsqlConnection.ClearAllPools();
        await HandlerTests.ExecuteAsync(
            _superuser, $"reassign owned by {_owner} to current_user; drop owned by {_owner}, {_writer}, {_app}; drop role {_owner}, {_writer}, {_app}");
    }

    private static List<string> DocumentedSql([CallerFilePath] string caller = "")
    {
        var text = File.ReadAllText(Path.Combine(Path.GetDirectoryName(caller)!, "../../../migrations-templates/README.md"));
        var rights = text[text.IndexOf("## Rights", StringComparison.Ordinal)..];
        var sql = Regex.Match(rights, "```sql\n(.*?)```", RegexOptions.Singleline | RegexOptions.CultureInvariant).Groups[1].Value;
        return [.. sql.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)];
    }

    private List<string> DocumentedGrants() => [.. DocumentedSql().Select(g => Regex.Replace(g, " to app$", " to " + _app, RegexOptions.CultureInvariant))];

    private string As(string role) => new NpgsqlConnectionStringBuilder(_superuser) { Username = role, Password = "secret" }.ConnectionString;

    private Task ExecuteAsync(string role, string sql) => HandlerTests.ExecuteAsync(As(role), sql);

    private async Task<long> CountAsync(string role, string sql)
    {
        await using var connection = new NpgsqlConnection(As(role));
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return (long)(await command.ExecuteScalarAsync())!;
    }
}
