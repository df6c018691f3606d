using System.Diagnostics.Metrics;
using System.Text.RegularExpressions;
using FraiseQL.EfCore.State.PostgresTests.Caching;
using Microsoft.AspNetCore.Builder;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace FraiseQL.EfCore.State.OperationsTests.Telemetry;

/// <summary>A run that uses everything, scraped as Prometheus does it, and compared with what the documentation, the dashboard and the alerts name.</summary>
public sealed partial class MonitoringTests
{
    [Fact]
    [Feature("S9.1-do-monitor-hit")]
    public async Task Every_metric_and_attribute_of_the_dashboard_the_alerts_and_the_documentation_is_in_a_scrape_of_a_real_run()
    {
        var database = await PostgresServer.CreateSharedDatabaseAsync();
        await Seed.CreateAsync(database);
        using var metrics = new RecordedMetrics();
        await using var first = App(database, (await RedisServer.SharedAsync()).ConnectionString, Guid.NewGuid().ToString("n"), out var prefix);
        await first.StartAsync();
        await using var second = App(database, (await RedisServer.SharedAsync()).ConnectionString, prefix, out _);
        await second.StartAsync();
        await UseEverythingAsync(first, second, database);

        using var http = new HttpClient(new SocketsHttpHandler()) { BaseAddress = new Uri(first.Url) };
        string[] named = [.. Named("docs/monitoring/grafana-dashboard.json"), .. Named("docs/monitoring/prometheus-rules.yml")];
        Assert.True(named.Distinct().Count() > 15);
        var missing = named;
        var scrape = await Eventually.For(
            () => http.GetStringAsync("/metrics"), text => (missing = [.. named.Except(Scraped(text)).Distinct()]).Length == 0, TimeSpan.FromSeconds(30),
            () => string.Join(", ", missing));

        // The attributes in braces and behind "by" are there too, and so are the values that are spelled out.
        foreach (var file in (string[])["docs/monitoring/grafana-dashboard.json", "docs/monitoring/prometheus-rules.yml"])
        {
            foreach (Match selector in Selector().Matches(Read(file).Replace("\\\"", "\"", StringComparison.Ordinal)))
            {
                var series = scrape.Split('\n').Where(line => line.StartsWith(selector.Groups["metric"].Value + "{", StringComparison.Ordinal)).ToArray();
                foreach (Match label in Label().Matches(selector.Groups["labels"].Value))
                {
                    Assert.Contains(series, line => line.Contains($"{label.Groups["name"].Value}=\"", StringComparison.Ordinal));
                    if (label.Groups["operator"].Value == "=")
                    {
                        Assert.Contains(series, line => line.Contains(label.Value, StringComparison.Ordinal));
                    }
                }
            }
        }

        metrics.Observe();
        AssertDocumented(metrics);
    }

    [Fact]
    public void Every_health_check_and_alert_is_in_the_documentation()
    {
        var text = Read("docs/monitoring.md");
        foreach (Match alert in Alert().Matches(Read("docs/monitoring/prometheus-rules.yml")))
        {
            Assert.Contains($"`{alert.Groups["name"].Value}`", text, StringComparison.Ordinal);
        }

        foreach (var name in (string[])["fraiseql:cache:redis", ":memcached", ":shared", "fraiseql:cdc", "fraiseql:backlog", "fraiseql:capture", "fraiseql:warmup", "fraiseql:live"])
        {
            Assert.Contains($"`{name}`", text, StringComparison.Ordinal);
        }
    }

    private static MeasuredApp<MonitoredContext> App(string database, string redis, string prefix, out string used)
    {
        used = prefix;
        return new MeasuredApp<MonitoredContext>(
            database,
            builder => builder.AddRedis(redis).AddWarmup("authors", (MonitoredContext db) => db.Authors.Cacheable()).OnEvent<Tag>(
                "tag_created", (change, _, _) => change.Payload.GetProperty("Name").GetString() == "bad" ? throw new InvalidOperationException("as the test wants it") : Task.CompletedTask),
            o =>
            {
                o.Cache.L2.KeyPrefix = prefix;
                o.Cache.MaxRows = 11;
                o.Consistency.CheckRate = 1;
                (o.Cdc.Retry.Attempts, o.Cdc.Retry.MinDelay) = (2, TimeSpan.FromMilliseconds(1));
            },
            host => host.Services.AddOpenTelemetry()
                .WithMetrics(m => m.AddFraiseQLState().AddPrometheusExporter(o => o.ScrapeResponseCacheDurationMilliseconds = 0))
                .WithTracing(t => t.AddFraiseQLState()),
            app => app.MapPrometheusScrapingEndpoint());
    }

    private static async Task UseEverythingAsync(MeasuredApp<MonitoredContext> first, MeasuredApp<MonitoredContext> second, string database)
    {
        // A miss, hits of both levels, a query in a transaction, and results that are too large, over their budget, or overtaken.
        Func<MonitoredContext, Task<List<Post>>> posts = db => db.Posts.Where(p => p.AuthorId == 2).Cacheable(o => o.MissBudget(TimeSpan.FromTicks(1))).ToListAsync();
        await Eventually.Until(async () => (await first.ReadAsync(posts)).Outcome == CacheOutcome.L1Hit);
        await Eventually.Until(async () =>
        {
            // Whether the other node's copy has arrived by now is the network's affair: another key then.
            var id = Random.Shared.Next(1000, int.MaxValue);
            await first.ReadAsync(db => db.Posts.Where(p => p.Id == id).Cacheable().ToListAsync());
            await Task.Delay(20);
            return (await second.ReadAsync(db => db.Posts.Where(p => p.Id == id).Cacheable().ToListAsync())).Outcome == CacheOutcome.L2Hit;
        });
        await using (var db = first.CreateContext())
        {
            await using var transaction = await db.Database.BeginTransactionAsync();
            await db.Authors.Cacheable().CountAsync();
            await transaction.CommitAsync();
            await db.Posts.OrderBy(p => p.Id).Cacheable().ToListAsync();
        }

        first.Commands.AfterExecute = async command =>
        {
            if (command.CommandText.Contains("\"Comments\"", StringComparison.Ordinal))
            {
                first.Commands.AfterExecute = null;
                await using var db = first.CreateContext();
                db.Comments.Add(new Comment { Text = "meanwhile", PostId = 1 });
                await db.SaveChangesAsync();
            }
        };
        await first.ReadAsync(db => db.Comments.Cacheable().CountAsync());

        // What was in memory ends, and is read for all nodes by one.
        await Eventually.Until(async () =>
        {
            await first.ReadAsync(posts);
            await Seed.ExecuteAsync(database, """update "Posts" set "Views" = "Views" + 1 where "AuthorId" = 2""");
            return await Eventually.For(() => first.ReadAsync(posts), read => read.Outcome != CacheOutcome.L1Hit) is { Outcome: CacheOutcome.Miss };
        });

        // Handled, tried again and parked; ended by hand; a connection that breaks.
        await Seed.ExecuteAsync(database, """insert into "Tags" ("Name") values ('good'), ('bad')""");
        await Eventually.Until(async () => await first.Services.GetRequiredService<IDeadLetters>().CountAsync() == 1);
        await first.Services.GetRequiredService<IStateCache>().InvalidateTagAsync("trending");
        await Seed.ExecuteAsync(
            database, "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name like '%fraiseql-listener'");
        await Eventually.Until(async () => (await first.ReadAsync(posts)).Outcome == CacheOutcome.L1Hit);
    }

    private static void AssertDocumented(RecordedMetrics metrics)
    {
        var documented = Row().Matches(Read("docs/monitoring.md")).ToDictionary(row => row.Groups["name"].Value);
        Assert.Equal(metrics.Instruments.Keys.Order(StringComparer.Ordinal), documented.Keys.Order(StringComparer.Ordinal));
        foreach (var (name, row) in documented)
        {
            var instrument = metrics.Instruments[name];
            Assert.Equal((KindOf(instrument), instrument.Unit, instrument.Description), (row.Groups["kind"].Value, row.Groups["unit"].Value, row.Groups["meaning"].Value));
            Assert.Matches("^fraiseql(\\.[a-z][a-z0-9_]*)+$", name);

            var seen = metrics.All.Where(m => m.Instrument == name).SelectMany(m => m.Tags.Keys).Distinct().Order(StringComparer.Ordinal).ToArray();
            var attributes = Code().Matches(row.Groups["attributes"].Value).Select(code => code.Groups["text"].Value).Order(StringComparer.Ordinal);
            Assert.True(metrics.All.Any(m => m.Instrument == name), $"Nothing was measured of {name}.");
            Assert.Equal(seen, attributes);
        }
    }

    private static string KindOf(Instrument instrument) => instrument.GetType().Name.Split('`')[0] switch
    {
        "Counter" or "ObservableCounter" => "counter",
        "UpDownCounter" or "ObservableUpDownCounter" => "up-down counter",
        "Histogram" => "histogram",
        _ => "gauge",
    };

    private static IEnumerable<string> Named(string file)
        => MetricName().Matches(Read(file)).Select(name => name.Value).Where(name => !IsAttribute(name));

    private static bool IsAttribute(string name)
        => name is "fraiseql_context" or "fraiseql_handlers_group" or "fraiseql_handlers_result" or "fraiseql_cache_request_result" or "fraiseql_cache_l2_result"
            or "fraiseql_cache_l2_lease" or "fraiseql_consistency_result";

    private static HashSet<string> Scraped(string text)
        => [.. text.Split('\n').Where(line => line.StartsWith("fraiseql_", StringComparison.Ordinal)).Select(line => line.Split('{', ' ')[0])];

    private static string Read(string file) => Repository.Read(file).ReplaceLineEndings("\n");

    [GeneratedRegex("fraiseql_[a-z0-9_]+")]
    private static partial Regex MetricName();

    [GeneratedRegex("(?<metric>fraiseql_[a-z0-9_]+)\\{(?<labels>[^}]*)\\}")]
    private static partial Regex Selector();

    [GeneratedRegex("(?<name>[a-z0-9_]+)(?<operator>=~|!=|=)\"[^\"]*\"")]
    private static partial Regex Label();

    [GeneratedRegex("alert: (?<name>\\w+)")]
    private static partial Regex Alert();

    [GeneratedRegex("^\\| `(?<name>fraiseql\\.[^`]+)` \\| (?<kind>[^|]+) \\| (?<unit>[^|]+) \\| (?<attributes>[^|]+) \\| (?<meaning>[^|]+) \\|$", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex("`(?<text>[^`]+)`")]
    private static partial Regex Code();

    public sealed class MonitoredContext(DbContextOptions<MonitoredContext> options) : BlogContext(options);
}
