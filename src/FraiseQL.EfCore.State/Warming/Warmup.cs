using FraiseQL.EfCore.State.Query;
using Microsoft.EntityFrameworkCore;

namespace FraiseQL.EfCore.State.Warming;

/// <summary>One warm-up: what it runs, and what became of it.</summary>
/// <param name="name">Its name.</param>
/// <param name="run">Runs it with a context of its own.</param>
/// <param name="isQuery">Whether it is a query, which is meant to be cached; other code may do anything.</param>
/// <param name="keepsWarmEvery">How often it may run again when what it cached has ended; <see langword="null"/> for not at all.</param>
internal sealed class Warmup(string name, Func<DbContext, IServiceProvider, CancellationToken, Task> run, bool isQuery, TimeSpan? keepsWarmEvery)
{
    private volatile WarmedQuery _status = new(name, WarmupState.Pending, 0, null, null, CacheOutcome.None, null);

    public string Name => name;

    public bool IsQuery => isQuery;

    public TimeSpan? KeepsWarmEvery => keepsWarmEvery;

    public WarmedQuery Status
    {
        get => _status;
        set => _status = value;
    }

    /// <summary>One run at a time.</summary>
    public SemaphoreSlim Turn { get; } = new(1, 1);

    /// <summary>Where the results of its last run are.</summary>
    public IReadOnlyList<Lookup> Places { get; set; } = [];

    /// <summary>When it may run again; written and read by one thread.</summary>
    public DateTimeOffset NextAt { get; set; }

    public Task RunAsync(DbContext context, IServiceProvider services, CancellationToken cancellationToken) => run(context, services, cancellationToken);
}
