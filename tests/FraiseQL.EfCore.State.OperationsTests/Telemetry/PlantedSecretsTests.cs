using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using FraiseQL.EfCore.State.PostgresTests.Caching;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using StackExchange.Redis;

namespace FraiseQL.EfCore.State.OperationsTests.Telemetry;

/// <summary>
/// Values that occur nowhere else are planted wherever a value can be, everything is used, everything fails, and every text that comes out is searched.
/// </summary>
public sealed class PlantedSecretsTests : IDisposable
{
    private const string Mark = "pl4nted";

    private readonly RecordedTexts _logs = new();
    private readonly ConcurrentQueue<string> _activities = new();
    private readonly List<string> _others = [];

    public void Dispose() => _logs.Dispose();

    [Fact]
    [Feature("U-43-no-secrets-logs")]
    public async Task No_key_parameter_row_payload_tenant_user_or_password_is_in_any_log_metric_activity_or_health_report()
    {
        using var metrics = new RecordedMetrics();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name is FraiseQLStateDiagnostics.ActivitySourceName,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = activity => _activities.Enqueue(
                $"{activity.DisplayName} {activity.StatusDescription} {string.Join(' ', activity.TagObjects)} {string.Join(' ', activity.Baggage)} "
                + string.Join(' ', activity.Events.SelectMany(e => e.Tags))),
        };
        ActivitySource.AddActivityListener(listener);

        await using var redis = await RedisServer.StartPrivateAsync();
        await using (var admin = await ConnectionMultiplexer.ConnectAsync(redis.ConnectionString + ",allowAdmin=true"))
        {
            await admin.GetDatabase().ExecuteAsync("CONFIG", "SET", "requirepass", $"{Mark}-redis-password");
        }

        var database = await CreateDatabaseAsync();
        await WrongConfigurationAsync(database);
        await RunAsync(database, $"redis://:{Mark}-redis-password@{redis.ConnectionString}/0", redis);

        metrics.Observe();
        Search("log", _logs.All);
        Search("activity", _activities);
        Search("metric", metrics.All.Select(m => $"{m.Instrument} {string.Join(' ', m.Tags)}"));
        Search("text", _others);

        // The run was what it should be: everything was said that is said when things fail.
        int[] expected =
        [
            FraiseQLStateEventId.CacheHit, FraiseQLStateEventId.CacheMiss, FraiseQLStateEventId.CacheBypassed, FraiseQLStateEventId.CacheStored,
            FraiseQLStateEventId.QueryRefused, FraiseQLStateEventId.CacheInconsistent, FraiseQLStateEventId.WriteNotDescribed, FraiseQLStateEventId.WarmupFailed,
            FraiseQLStateEventId.ListenerConnected, FraiseQLStateEventId.ListenerConnectionLost, FraiseQLStateEventId.CaptureIncomplete,
            FraiseQLStateEventId.HandlersTaken, FraiseQLStateEventId.HandlerRetried, FraiseQLStateEventId.HandlerParked,
        ];
        Assert.All(expected, id => Assert.True(_logs.Ids.ContainsKey(id), $"Nothing was logged with the id {id}."));
        Assert.Contains(_activities, text => text.Contains("fraiseql.deliver", StringComparison.Ordinal));
    }

    private static void Search(string kind, IEnumerable<string> texts)
    {
        var all = texts.ToArray();
        Assert.NotEmpty(all);
        var found = all.Where(text => text.Contains(Mark, StringComparison.OrdinalIgnoreCase)).Distinct().Take(3).ToArray();
        Assert.True(found.Length == 0, $"In a {kind}: {string.Join("\n----\n", found)}");
    }

    /// <summary>A database of a role with a password, which the server does not ask for.</summary>
    private static async Task<string> CreateDatabaseAsync()
    {
        var database = await PostgresServer.CreateSharedDatabaseAsync();
        await Seed.CreateAsync(database);
        var role = $"role_{Guid.NewGuid():n}";
        await Seed.ExecuteAsync(database, $"create role {role} login superuser password '{Mark}-postgres-password'");
        await Seed.ExecuteAsync(database, """create unique index on "Tags" ("Name")""");
        return new NpgsqlConnectionStringBuilder(database) { Username = role, Password = $"{Mark}-postgres-password", IncludeErrorDetail = false }.ConnectionString;
    }

    private async Task WrongConfigurationAsync(string database)
    {
        foreach (var (key, value) in ((string, string)[])[
            ("Cache:L3:Url", $"redis://:{Mark}@host"), ("Cache:L2:Url", $"redis://:{Mark}@ho st:x"), ("Cache:L2:Url", $"host:6379,password={Mark},nonsense=1"), ("Cache:L2:Url", $"memcached://{Mark}@:"),
            ("Cache:L2:KeyPrefix", ""), ("Cache:MaxRows", "0"), ("Cache:Secret", Mark)])
        {
            try
            {
                var section = new ConfigurationBuilder().AddInMemoryCollection([new(key, value), new("Cache:Version", Mark)]).Build();
                var builder = Host.CreateEmptyApplicationBuilder(null);
                builder.Services.AddDbContext<BlogContext>(o => o.UseNpgsql(database).UseFraiseQLState());
                builder.Services.AddFraiseQLState<BlogContext>(section).AddRedis("127.0.0.1:1");
                using var host = builder.Build();
                await host.StartAsync();
                await host.StopAsync();
            }
            catch (Exception error) when (error is InvalidOperationException or OptionsValidationException)
            {
                _others.Add(error.ToString());
            }
        }

        foreach (var address in (string[])[$"redis://user:{Mark}@:bad", $"host:6379,password={Mark},nonsense=1", $"redis://:{Mark}@host/notanumber"])
        {
            try
            {
                new ServiceCollection().AddFraiseQLState<BlogContext>().AddRedis(address);
            }
            catch (ArgumentException error)
            {
                _others.Add(error.ToString());
            }
        }
    }

    private async Task RunAsync(string database, string redisUrl, RedisServer redis)
    {
        var describes = true;
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.SetMinimumLevel(LogLevel.Trace).AddProvider(_logs);
        builder.Services.AddDbContextFactory<BlogContext>(o => o.UseNpgsql(database).UseFraiseQLState());
        builder.Services.AddFraiseQLState<BlogContext>(configure: o =>
            {
                o.Cache.Version = $"{Mark}-version";
                o.Cache.L2.KeyPrefix = $"{Mark}-prefix";
                o.Consistency.CheckRate = 1;
                (o.Cdc.Retry.Attempts, o.Cdc.Retry.MinDelay) = (2, TimeSpan.FromMilliseconds(1));
            })
            .AddRedis(redisUrl)
            .AddWarmup<BlogContext>("broken", (_, _) => throw new InvalidOperationException($"{Mark}-warmup"))
            .VaryBy("tenant", _ => $"{Mark}-tenant")
            .VaryByUser(_ => $"{Mark}-user")
            .DescribeWrites(write =>
            {
                if (!describes)
                {
                    throw new InvalidOperationException($"{Mark}-description");
                }

                (write.Actor, write.ActorType) = ($"{Mark}-actor", $"{Mark}-kind");
                write.Set("note", $"{Mark}-note");
            })
            .OnEvent<Tag>("tag_created", (change, _, _) =>
                throw new InvalidOperationException($"{change.Payload}", new FormatException(change.Payload.GetProperty("Name").GetString())))
            .OnEvent<Comment>("comment_created", async (change, context, token) =>
            {
                // What the server says of a value that it cannot store or convert.
                var factory = context.Services.GetRequiredService<IDbContextFactory<BlogContext>>();
                await using var db = await factory.CreateDbContextAsync(token);
                await db.Database.ExecuteSqlAsync($"select {change.Payload.GetProperty("Text").GetString()}::int", token);
            });
        builder.Services.AddHealthChecks().AddFraiseQLState<BlogContext>(o => o.Timeout = TimeSpan.FromSeconds(2));
        using var host = builder.Build();
        await host.StartAsync();
        var services = host.Services;
        var factory = services.GetRequiredService<IDbContextFactory<BlogContext>>();
        await Eventually.Until(async () => await ReadAsync() == CacheOutcome.L1Hit, TimeSpan.FromSeconds(60));

        await using (var db = factory.CreateDbContext())
        {
            var title = $"{Mark}-parameter";
            var query = db.Posts.Where(p => p.Title == title).Cacheable(o => o.Tags($"{Mark}-tag").PerUser().Named("ByTitle"));
            await query.ToListAsync();
            await query.ToListAsync();

            // Asked for by a developer, to see the key: it holds what the query was given, and nothing of how the servers are reached.
            Assert.DoesNotContain("password", query.ToCacheExplainString(), StringComparison.Ordinal);
            await db.Posts.FromSql($"select * from \"Posts\" where \"Title\" = {title} and random() < 2").Cacheable().ToListAsync();
            await using (var transaction = await db.Database.BeginTransactionAsync())
            {
                await db.Posts.Where(p => p.Title == title).Cacheable().ToListAsync();
                await transaction.RollbackAsync();
            }
        }

        await WriteAsync(db => db.Add(new Tag { Name = $"{Mark}-row" }));
        await WriteAsync(db => db.Add(new Comment { Text = $"{Mark}-payload", PostId = 1 }));
        var letters = services.GetRequiredService<IDeadLetters>();
        await Eventually.Until(async () => await letters.CountAsync() >= 2, TimeSpan.FromSeconds(60));
        await HealthAsync();
        await letters.RetryAllAsync();

        // A duplicate, which the application is told of as always.
        await WriteAsync(db => db.Add(new Tag { Name = $"{Mark}-row" }));
        describes = false;
        await WriteAsync(db => db.Add(new Author { Name = $"{Mark}-author" }));
        await services.GetRequiredService<IStateCache>().InvalidateAsync(i => i.Tag($"{Mark}-tag").User($"{Mark}-user").Row<Post>(1));

        // A row that is changed behind the triggers' back is a hit that should not have been one.
        await Eventually.Until(async () =>
        {
            await ReadAsync();
            await Seed.ExecuteAsync(database, "set session_replication_role = replica; update \"Posts\" set \"Title\" = 'pl4nted-' || random() where \"Id\" = 1");
            await ReadAsync();
            await Task.Delay(50);
            return services.GetRequiredService<IConsistencyChecks>().Violations.Count > 0;
        }, TimeSpan.FromSeconds(60));
        _others.AddRange(services.GetRequiredService<IConsistencyChecks>().Violations.Select(v => v.ToString()));
        await Seed.ExecuteAsync(database, """alter table "Tags" disable trigger user""");
        await Eventually.Until(async () =>
        {
            await HealthAsync();
            return _logs.Ids.ContainsKey(FraiseQLStateEventId.CaptureIncomplete);
        }, TimeSpan.FromSeconds(60));

        await redis.StopAsync();
        await Eventually.Until(async () =>
        {
            await WriteAsync(db => db.Add(new Author { Name = $"{Mark}-{Guid.NewGuid():n}" }));
            await ReadAsync();
            return await HealthAsync() is { } report && report.Entries["fraiseql:cache:redis"].Status == HealthStatus.Degraded;
        }, TimeSpan.FromSeconds(60));
        await Seed.ExecuteAsync(
            database, "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()");
        await Eventually.Until(() => _logs.Ids.ContainsKey(FraiseQLStateEventId.ListenerConnectionLost), TimeSpan.FromSeconds(60));
        await HealthAsync();
        await host.StopAsync();

        async Task<CacheOutcome> ReadAsync()
        {
            await using var db = factory.CreateDbContext();
            await db.Posts.Where(p => p.Id == 1).Cacheable().ToListAsync();
            return db.Database.GetCacheOutcome();
        }

        async Task WriteAsync(Action<BlogContext> write)
        {
            await using var db = factory.CreateDbContext();
            write(db);
            try
            {
                await db.SaveChangesAsync();
            }
            catch (DbUpdateException)
            {
                // The caller's own.
            }
        }

        async Task<HealthReport> HealthAsync()
        {
            var report = await services.GetRequiredService<HealthCheckService>().CheckHealthAsync();
            _others.AddRange(report.Entries.Select(e => string.Create(
                CultureInfo.InvariantCulture, $"{e.Key} {e.Value.Description} {e.Value.Exception} {string.Join(' ', e.Value.Data)} {string.Join(' ', e.Value.Tags)}")));
            return report;
        }
    }
}
