using System.Data.Common;
using FraiseQL.EfCore.State.PostgresTests.Caching;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace FraiseQL.EfCore.State.PostgresTests.Policies;

/// <summary>Whose results are whose: users, tenants, row-level security. Nobody gets what another one was given.</summary>
public sealed class ScopeTests : BlogDatabaseTests
{
    private static readonly AsyncLocal<string?> s_who = new();

    [Fact]
    [Feature("S1.2-key-user")]
    [Feature("S4.1-user-key")]
    public async Task Users_have_results_of_their_own_only_where_the_query_says_so()
    {
        await using var node = await Node.StartAsync(ConnectionString, state: s => s.VaryByUser(_ => s_who.Value));
        foreach (var who in (string?[])["ada", "ben", null])
        {
            s_who.Value = who;
            Assert.Equal(CacheOutcome.Miss, (await node.ReadAsync(db => db.Posts.Cacheable(o => o.PerUser()).CountAsync())).Outcome);
            Assert.Equal(CacheOutcome.L1Hit, (await node.ReadAsync(db => db.Posts.Cacheable(o => o.PerUser()).CountAsync())).Outcome);
        }

        Assert.Equal(CacheOutcome.Miss, (await node.ReadAsync(db => db.Posts.Cacheable().CountAsync())).Outcome);
        s_who.Value = "cleo";
        Assert.Equal(CacheOutcome.L1Hit, (await node.ReadAsync(db => db.Posts.Cacheable().CountAsync())).Outcome);
        await using var db = node.CreateContext();
        Assert.Equal(
            "query:PostCount:user-cleo",
            db.Posts.Cacheable(o => o.PerUser().Named("PostCount")).ToCacheKeyString());
    }

    [Fact]
    public async Task Without_a_user_to_ask_for_the_query_reads_the_database_and_says_so_once()
    {
        await using var node = await Node.StartAsync(ConnectionString);
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(CacheOutcome.Bypass, (await node.ReadAsync(db => db.Posts.Cacheable(CacheProfile.Personalized).CountAsync())).Outcome);
        }

        Assert.Single(node.Logs.GetSnapshot(), r => r.Id.Id == FraiseQLStateEventId.QueryRefused && r.Message.Contains("VaryByUser", StringComparison.Ordinal));
    }

    [Fact]
    [Feature("S9.1-dont-before-authz")]
    public async Task Values_of_ones_own_keep_results_apart_also_when_they_look_alike()
    {
        await using var node = await Node.StartAsync(ConnectionString, state: s => s
            .VaryBy("tenant", c => ((BlogContext)c.Context).Tenant)
            .VaryBy("role", c => c.Services.GetRequiredService<IServiceScopeFactory>() is null ? "" : s_who.Value));
        Assert.Equal(CacheOutcome.Miss, await Read("a", "b"));
        Assert.Equal(CacheOutcome.L1Hit, await Read("a", "b"));
        Assert.Equal(CacheOutcome.Miss, await Read("ab", ""));
        Assert.Equal(CacheOutcome.Miss, await Read("", "ab"));
        Assert.Equal(CacheOutcome.Miss, await Read(null, "ab"));
        Assert.Equal(CacheOutcome.Miss, await Read("a\0", "b"));

        async Task<CacheOutcome> Read(string? tenant, string role)
        {
            s_who.Value = role;
            await using var db = node.CreateContext();
            db.Tenant = tenant;
            await db.Posts.Cacheable().CountAsync();
            return db.Database.GetCacheOutcome();
        }
    }

    [Fact]
    public async Task A_scope_that_throws_costs_the_cache_and_never_the_query()
    {
        await using var node = await Node.StartAsync(
            ConnectionString, state: s => s.VaryBy("broken", _ => throw new InvalidOperationException("no request here")), wait: false);
        var (count, outcome) = await node.ReadAsync(db => db.Posts.Cacheable().CountAsync());
        Assert.Equal((12, CacheOutcome.Bypass), (count, outcome));
    }

    [Fact]
    [Feature("U-28-rls-key")]
    [Feature("U-29-rls-check")]
    public async Task Rows_under_row_level_security_are_cached_only_with_the_setting_that_the_policy_reads()
    {
        await SecureAsync();
        var user = new NpgsqlConnectionStringBuilder(ConnectionString) { Username = "reader_" + Suffix, Password = "secret" }.ConnectionString;
        await using (var unscoped = await StartAsync(user, scoped: false))
        {
            s_who.Value = "red";
            Assert.Equal((2, CacheOutcome.Bypass), await Count(unscoped));
            Assert.Equal((2, CacheOutcome.Bypass), await Count(unscoped));
        }

        await using var node = await StartAsync(user, scoped: true);
        s_who.Value = "red";
        Assert.Equal((2, CacheOutcome.Miss), await Count(node));
        Assert.Equal((2, CacheOutcome.L1Hit), await Count(node));
        s_who.Value = "blue";
        Assert.Equal((1, CacheOutcome.Miss), await Count(node));
        Assert.Equal((1, CacheOutcome.L1Hit), await Count(node));
        s_who.Value = "red";
        Assert.Equal((2, CacheOutcome.L1Hit), await Count(node));

        // The checker, which reads for all of them, has read each with the tenant of its key.
        var checks = node.Services.GetRequiredService<IConsistencyChecks>();
        await Eventually.Until(() => checks.Consistent >= 3);
        Assert.Equal((0, 0), (checks.Inconsistent, checks.Changed));
    }

    [Fact]
    public async Task A_session_that_is_not_what_the_application_says_fills_nothing()
    {
        await SecureAsync();
        var user = new NpgsqlConnectionStringBuilder(ConnectionString) { Username = "reader_" + Suffix, Password = "secret" }.ConnectionString;
        s_who.Value = "blue";
        await using var node = await StartAsync(user, scoped: true, claimed: () => "blue");
        s_who.Value = "red";

        // The session is red's and the application says blue: red's rows must not become blue's.
        Assert.Equal((2, CacheOutcome.Bypass), await Count(node));
        Assert.Equal((2, CacheOutcome.Bypass), await Count(node));
        Assert.Contains(node.Logs.GetSnapshot(), r => r.Id.Id == FraiseQLStateEventId.CacheScopeMismatch);
        s_who.Value = "blue";
        Assert.Equal((1, CacheOutcome.Miss), await Count(node));
    }

    [Fact]
    public async Task A_scope_is_asked_once_so_that_the_key_and_the_proof_speak_of_the_same_value()
    {
        await SecureAsync();
        var user = new NpgsqlConnectionStringBuilder(ConnectionString) { Username = "reader_" + Suffix, Password = "secret" }.ConnectionString;
        var answers = new Queue<string?>();
        s_who.Value = "red";
        await using var node = await StartAsync(user, scoped: true, claimed: () => answers.TryDequeue(out var answer) ? answer ?? throw new InvalidOperationException("gone") : "red");
        answers.Enqueue("blue");
        answers.Enqueue("red");
        Assert.Equal((2, CacheOutcome.Bypass), await Count(node));
        answers.Clear();
        answers.Enqueue("red");
        answers.Enqueue(null);
        Assert.Equal((2, CacheOutcome.Miss), await Count(node));
    }

    [Fact]
    [Feature("B-17-auth-narrowing")]
    public async Task Tenants_share_what_no_policy_keeps_apart_and_nothing_else()
    {
        await SecureAsync();
        var user = new NpgsqlConnectionStringBuilder(ConnectionString) { Username = "reader_" + Suffix, Password = "secret" }.ConnectionString;
        s_who.Value = "red";
        await using var node = await StartAsync(user, scoped: true);
        Assert.Equal((2, CacheOutcome.Miss), await Count(node));
        Assert.Equal(CacheOutcome.Miss, (await Titles(node)).Outcome);
        Assert.Equal(CacheOutcome.Miss, (await Both(node)).Item2);
        s_who.Value = "blue";
        Assert.Equal((1, CacheOutcome.Miss), await Count(node));
        Assert.Equal(CacheOutcome.L1Hit, (await Titles(node)).Outcome);
        Assert.Equal((1, CacheOutcome.Miss), await Both(node));
        await using (var db = node.CreateContext())
        {
            Assert.DoesNotContain("varies by", db.Posts.Select(p => p.Title).Cacheable().ToCacheExplainString(), StringComparison.Ordinal);
            Assert.Contains("varies by: app.tenant", db.Documents.Cacheable().ToCacheExplainString(), StringComparison.Ordinal);
        }

        // A policy that comes later keeps them apart from then on.
        await Seed.ExecuteAsync(ConnectionString, """
            ALTER TABLE "Posts" ENABLE ROW LEVEL SECURITY;
            CREATE POLICY odd ON "Posts" USING (("Id" % 2 = 0) = (current_setting('app.tenant', true) = 'red'));
            """);
        await Eventually.Until(async () => (await Titles(node)).Value.Count == 6, TimeSpan.FromSeconds(30));
        s_who.Value = "red";
        Assert.NotEqual(CacheOutcome.L1Hit, (await Titles(node)).Outcome);
        Assert.Equal(6, (await Titles(node)).Value.Count);

        static Task<(List<string> Value, CacheOutcome Outcome)> Titles(Node node) => node.ReadAsync(db => db.Posts.Select(p => p.Title).Cacheable().ToListAsync());
        static Task<(int, CacheOutcome)> Both(Node node) => node.ReadAsync(db => db.Documents.Where(d => db.Posts.Any()).Cacheable().CountAsync());
    }

    [Fact]
    [Feature("B-17-auth-narrowing")]
    public async Task What_the_server_itself_reads_is_in_every_key()
    {
        await using var node = await Node.StartAsync(ConnectionString, state: s => s.VaryBySessionVariable("search_path", _ => "\"$user\", public"));
        await using var other = await Node.StartAsync(ConnectionString);
        await using (var first = other.CreateContext())
        {
            Assert.DoesNotContain("varies by", first.Posts.Cacheable().ToCacheExplainString(), StringComparison.Ordinal);
        }

        // What another context has asked before is not what this one is told.
        await using var db = node.CreateContext();
        var explained = db.Posts.Cacheable().ToCacheExplainString();
        Assert.True(explained.Contains("varies by: search_path", StringComparison.Ordinal), explained);
    }

    [Fact]
    [Feature("U-29-rls-check")]
    public async Task Without_a_listener_a_declared_dependency_under_row_level_security_is_refused_too()
    {
        await SecureAsync();
        var user = new NpgsqlConnectionStringBuilder(ConnectionString) { Username = "reader_" + Suffix, Password = "secret" }.ConnectionString;
        s_who.Value = "red";
        var options = new DbContextOptionsBuilder<BlogContext>().UseNpgsql(user).UseFraiseQLState().AddInterceptors(new TenantSetter()).Options;
        for (var i = 0; i < 2; i++)
        {
            await using var db = new BlogContext(options);
            var rows = await db.Database.SqlQueryRaw<int>("SELECT count(*)::int AS \"Value\" FROM \"Documents\"").Cacheable(o => o.DependsOn<Document>()).ToListAsync();
            Assert.Equal((2, CacheOutcome.Bypass), (Assert.Single(rows), db.Database.GetCacheOutcome()));
        }
    }

    [Fact]
    [Feature("S1.2-key-version")]
    public async Task Another_version_of_the_application_finds_nothing_of_the_one_before()
    {
        var redis = await RedisServer.StartPrivateAsync();
        await using var _ = redis;
        await using var one = await StartWith("1.0");
        await using var two = await StartWith("2.0");
        await using var alsoTwo = await StartWith("2.0");
        Assert.Equal(CacheOutcome.Miss, (await one.ReadAsync(db => db.Tags.Cacheable().CountAsync())).Outcome);
        Assert.Equal(CacheOutcome.Miss, (await two.ReadAsync(db => db.Tags.Cacheable().CountAsync())).Outcome);
        await Eventually.Until(
            async () =>
            {
                var (_, outcome) = await alsoTwo.ReadAsync(db => db.Tags.Cacheable().CountAsync());
                return outcome is CacheOutcome.L2Hit or CacheOutcome.L1Hit;
            },
            TimeSpan.FromSeconds(10));

        Task<Node> StartWith(string version) => Node.StartAsync(ConnectionString, redis.ConnectionString, o =>
        {
            o.Cache.Version = version;
            o.Cache.L2.Timeout = TimeSpan.FromSeconds(5);
        });
    }

    private static Task<(int, CacheOutcome)> Count(Node node) => node.ReadAsync(db => db.Documents.Cacheable().CountAsync());

    private string Suffix => new NpgsqlConnectionStringBuilder(ConnectionString).Database![^8..];

    private async Task SecureAsync() => await Seed.ExecuteAsync(ConnectionString, $"""
        CREATE ROLE reader_{Suffix} LOGIN PASSWORD 'secret';
        GRANT USAGE ON SCHEMA public, fraiseql TO reader_{Suffix};
        GRANT SELECT ON ALL TABLES IN SCHEMA public, fraiseql TO reader_{Suffix};
        ALTER TABLE "Documents" ENABLE ROW LEVEL SECURITY;
        CREATE POLICY by_tenant ON "Documents" USING ("Tenant" = current_setting('app.tenant', true));
        """);

    private static Task<Node> StartAsync(string connectionString, bool scoped, Func<string?>? claimed = null) => Node.StartAsync(
        connectionString,
        configure: o => (o.Cdc.HandlerGroup, o.Consistency.CheckRate) = ("unused", 1),
        context: o => o.AddInterceptors(new TenantSetter()),
        state: s =>
        {
            if (scoped)
            {
                s.VaryBySessionVariable("app.tenant", _ => claimed is null ? s_who.Value : claimed());
            }
        });

    private sealed class TenantSetter : DbConnectionInterceptor
    {
        public override async Task ConnectionOpenedAsync(DbConnection connection, ConnectionEndEventData eventData, CancellationToken cancellationToken = default)
        {
            await using var command = connection.CreateCommand();
            command.CommandText = "SELECT set_config('app.tenant', @tenant, false)";
            command.Parameters.Add(new NpgsqlParameter("tenant", s_who.Value ?? ""));
            await command.ExecuteNonQueryAsync(cancellationToken);
        }
    }
}
