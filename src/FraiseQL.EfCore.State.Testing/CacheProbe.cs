using System.Collections.Immutable;
using FraiseQL.EfCore.State.Setup;
using FraiseQL.EfCore.State.Testing;
using FraiseQL.EfCore.State.Writes;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace FraiseQL.EfCore.State;

/// <summary>Counts hits and misses of one application's context from <c>Start</c> until it is disposed. For tests.</summary>
/// <remarks>
/// Thread-safe, and independent of other applications in the process: those of tests that run beside it are not counted. Contexts without
/// <c>AddFraiseQLState</c> share one cache, and so one count.
/// </remarks>
public sealed class CacheProbe : IDisposable
{
    private readonly StateRuntime _runtime;
    private ImmutableList<CacheLookup> _lookups = [];

    private CacheProbe(StateRuntime runtime)
    {
        _runtime = runtime;
        Change(added: true);
    }

    /// <summary>Every execution of a cacheable query since the start or the last <see cref="Reset"/>, in the order in which they were answered.</summary>
    public IReadOnlyList<CacheLookup> Lookups => Volatile.Read(ref _lookups);

    /// <summary>Executions that were answered from memory or from the shared level.</summary>
    public int Hits => Count(CacheOutcome.L1Hit) + Count(CacheOutcome.L2Hit);

    /// <summary>Executions that read the database, and whose rows could be cached.</summary>
    public int Misses => Count(CacheOutcome.Miss);

    /// <summary>Executions that read the database past the cache; <see cref="CacheLookup.Reason"/> says why.</summary>
    public int Bypasses => Count(CacheOutcome.Bypass);

    /// <summary>Where the rows of the last execution came from; <see cref="CacheOutcome.None"/> before the first.</summary>
    public CacheOutcome LastResult => Lookups is [.., var last] ? last.Outcome : CacheOutcome.None;

    /// <summary>Starts to count for a context type of an application.</summary>
    /// <typeparam name="TContext">The type that <c>AddFraiseQLState</c> was called with.</typeparam>
    /// <param name="services">The application's services, such as <c>host.Services</c> or <c>factory.Services</c>.</param>
    /// <returns>The probe; dispose it.</returns>
    /// <exception cref="InvalidOperationException"><c>AddFraiseQLState&lt;TContext&gt;()</c> was not called.</exception>
    public static CacheProbe Start<TContext>(IServiceProvider services)
        where TContext : DbContext
    {
        ArgumentNullException.ThrowIfNull(services);
        return new CacheProbe(services.GetKeyedService<StateRuntime>(typeof(TContext))
            ?? throw new InvalidOperationException(TestingStrings.NoState(typeof(TContext).Name)));
    }

    /// <summary>Starts to count for the application that a context belongs to: its other contexts count too.</summary>
    /// <param name="context">A context with <c>UseFraiseQLState()</c>.</param>
    /// <returns>The probe; dispose it.</returns>
    /// <exception cref="InvalidOperationException">The context has no <c>UseFraiseQLState()</c>.</exception>
    public static CacheProbe Start(DbContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return new CacheProbe(StateSession.Find(context)?.Runtime
            ?? throw new InvalidOperationException(TestingStrings.NoUseFraiseQLState(context.GetType().Name)));
    }

    /// <summary>What became of the executions of one query.</summary>
    /// <param name="query">The name that it was given with <c>Named("…")</c>.</param>
    /// <returns>Its outcomes, in order.</returns>
    public IReadOnlyList<CacheOutcome> Of(string query) => [.. Lookups.Where(l => l.Query == query).Select(l => l.Outcome)];

    /// <summary>Forgets what was counted.</summary>
    public void Reset() => Interlocked.Exchange(ref _lookups, []);

    /// <summary>Ends the counting; what was counted can still be read.</summary>
    public void Dispose() => Change(added: false);

    private int Count(CacheOutcome outcome) => Lookups.Count(l => l.Outcome == outcome);

    private void Saw(string query, CacheOutcome outcome, string? reason)
        => ImmutableInterlocked.Update(ref _lookups, static (all, one) => all.Add(one), new CacheLookup(query, outcome, reason));

    private void Change(bool added)
    {
        Action<string, CacheOutcome, string?>? before, after;
        do
        {
            before = Volatile.Read(ref _runtime.Watched);
            after = added ? before + Saw : before - Saw;
        }
        while (!ReferenceEquals(Interlocked.CompareExchange(ref _runtime.Watched, after, before), before));
    }
}
