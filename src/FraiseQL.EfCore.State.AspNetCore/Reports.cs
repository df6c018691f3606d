using FraiseQL.EfCore.State.Query;
using FraiseQL.EfCore.State.Setup;
using FraiseQL.EfCore.State.Statistics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace FraiseQL.EfCore.State.AspNetCore;

/// <summary>What the page shows. No key, parameter, payload or address is in it.</summary>
internal sealed class Reports(
    IServiceProvider services, FraiseQLStateDashboardOptions options, IReadOnlyList<ContextView> contexts, IHostEnvironment? environment, TimeProvider time)
    : IDisposable
{
    private const int MostLetters = 200;
    private const string HealthMark = "fraiseql";

    private static readonly TimeSpan s_healthEvery = TimeSpan.FromSeconds(10);

    private readonly SemaphoreSlim _healthTurn = new(1);
    private volatile IReadOnlyList<HealthAnswer>? _health;
    private long _healthAt;

    public async Task StateAsync(HttpContext http, ContextView context)
    {
        var runtime = context.Runtime;
        var memory = runtime.Store.Memory;
        var totals = context.Cache.GetStatistics();
        var entities = await context.EntitiesAsync().ConfigureAwait(false);
        var state = new StateAnswer(
            time.GetUtcNow(),
            environment?.ApplicationName ?? AppDomain.CurrentDomain.FriendlyName,
            environment?.EnvironmentName ?? "",
            context.Name,
            [.. contexts.Select(c => c.Name)],
            options.AllowActions,
            options.ShowPayloads,
            new MemoryAnswer(
                runtime.Options.Cache.Enabled, memory.Bytes, runtime.Options.Cache.L1.MaxSizeMb * 1024L * 1024L, memory.Count,
                totals.L1Hits, totals.L2Hits, totals.StaleHits, totals.Misses, totals.Bypasses, totals.HitRatio),
            runtime.Shared is { } shared
                ? new SharedAnswer(shared.IsOpen, shared.Reads, shared.Hits, shared.Writes, shared.Failures, shared.Timeouts, shared.Skipped, runtime.Store.PendingWrites)
                : null,
            new ListenerAnswer(
                runtime.HasListener, context.Listener.Connected, context.Listener.HeardAt == 0 ? null : context.Listener.Lag.TotalMilliseconds,
                context.Listener.Pending, runtime.Statistics.Changes, runtime.Statistics.Invalidations, context.Listener.CaptureProblems),
            context.GroupWatch.Groups,
            context.GroupWatch.Error,
            new ConsistencyAnswer(
                runtime.Checker is null ? 0 : runtime.Options.Consistency.CheckRate, runtime.Checks.Consistent, runtime.Checks.Changed, runtime.Checks.Inconsistent,
                runtime.Checks.Skipped, runtime.Checks.Ratio),
            await HealthAsync(http.RequestAborted).ConfigureAwait(false),
            [.. context.Warmer.Queries.Select(w => new WarmupAnswer(w.Name, w.State, w.Runs, w.EndedAt, w.Duration?.TotalMilliseconds, w.ErrorType))],
            [.. entities.Select(e => e.Name)]);
        await Answer.JsonAsync(http, state, DashboardJson.Default.StateAnswer).ConfigureAwait(false);
    }

    public static Task QueriesAsync(HttpContext http, ContextView context)
        => Answer.JsonAsync(
            http, new QueriesAnswer([.. context.Cache.GetStatistics().Queries.Select(Describe)]), DashboardJson.Default.QueriesAnswer);

    public static Task ExplainAsync(HttpContext http, ContextView context)
    {
        var runtime = context.Runtime;
        if (http.Request.RouteValues["id"] is not string id || runtime.Statistics.Find(id) is not { } tally)
        {
            return Answer.ErrorAsync(http, StatusCodes.Status404NotFound, DashboardStrings.NotThere);
        }

        var text = tally is { Plan: { } plan, Policy: { } policy }
            ? CacheExplanation.OfEvery(plan, policy, runtime.Scopes.NamesFor(policy.PerUser), runtime.LastChangeOf)
            : "";
        var lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(line => line.Split(": ", 2))
            .Select(parts => new ExplainLine(parts[0], parts.Length > 1 ? parts[1] : ""));
        return Answer.JsonAsync(
            http, new ExplainAnswer(Describe(tally.Read(runtime.HasListener)), [.. lines]), DashboardJson.Default.ExplainAnswer);
    }

    public async Task DeadLettersAsync(HttpContext http, ContextView context)
    {
        try
        {
            var letters = await context.DeadLetters.ListAsync(limit: MostLetters, cancellationToken: http.RequestAborted).ConfigureAwait(false);
            var total = letters.Count < MostLetters ? letters.Count : await context.DeadLetters.CountAsync(cancellationToken: http.RequestAborted).ConfigureAwait(false);
            await Answer.JsonAsync(
                http, new DeadLettersAnswer([.. letters.Select(Describe)], total), DashboardJson.Default.DeadLettersAnswer).ConfigureAwait(false);
        }
        catch (Npgsql.NpgsqlException error)
        {
            await Answer.ErrorAsync(http, StatusCodes.Status503ServiceUnavailable, DashboardStrings.Failed(error.GetType().Name)).ConfigureAwait(false);
        }
    }

    private static QueryAnswer Describe(QueryStatistics q)
        => new(
            q.Id, q.Name, q.Text, q.Requests, q.L1Hits, q.L2Hits, q.StaleHits, q.Misses, q.Bypasses, q.BypassReasons, q.HitRatio, q.Entries, q.Bytes, q.Rows,
            q.AverageHit?.TotalMilliseconds, q.AverageMiss?.TotalMilliseconds, q.EndedByChange, q.Expired, q.AverageAgeAtChange?.TotalMilliseconds,
            q.MedianAgeAtChange?.TotalMilliseconds, q.Ttl?.TotalSeconds, q.SuggestedTtl?.TotalSeconds, q.Advice);

    public void Dispose() => _healthTurn.Dispose();

    // An error's text quotes what the handler wants it to; its type is the program's.
    private DeadLetterAnswer Describe(DeadLetter letter)
        => new(
            letter.Group, letter.EntityType, letter.Seq, letter.Attempts,
            options.ShowPayloads || letter.Attempts == 0 ? letter.Error : TypeOf(letter.Error), letter.ParkedAt, letter.IsRetryRequested,
            options.ShowPayloads ? letter.Key : null);

    private static string? TypeOf(string? error)
    {
        var end = error?.AsSpan().IndexOfAny(":\r\n ") ?? -1;
        return end < 0 ? error : error![..end];
    }

    private async Task<IReadOnlyList<HealthAnswer>?> HealthAsync(CancellationToken cancellationToken)
    {
        if (services.GetService<HealthCheckService>() is not { } checks)
        {
            return null;
        }

        if (_health is not null && time.GetElapsedTime(Volatile.Read(ref _healthAt)) < s_healthEvery)
        {
            return _health;
        }

        // One asks; who comes meanwhile has the last answer.
        if (!await _healthTurn.WaitAsync(0, cancellationToken).ConfigureAwait(false))
        {
            return _health;
        }

        try
        {
            var report = await checks.CheckHealthAsync(IsOurs, cancellationToken).ConfigureAwait(false);
            _health =
            [
                .. report.Entries.Select(e => new HealthAnswer(e.Key, e.Value.Status.ToString(), e.Value.Description, e.Value.Duration.TotalMilliseconds)),
            ];
            Volatile.Write(ref _healthAt, time.GetTimestamp());
            return _health;
        }
        finally
        {
            _healthTurn.Release();
        }
    }

    private static bool IsOurs(HealthCheckRegistration check)
        => check.Name.Contains(HealthMark, StringComparison.OrdinalIgnoreCase) || check.Tags.Any(tag => tag.Contains(HealthMark, StringComparison.OrdinalIgnoreCase));
}
