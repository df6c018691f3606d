using Microsoft.EntityFrameworkCore;

namespace FraiseQL.EfCore.State.Warming;

/// <summary>The warm-ups of one context, as they were registered. Filled while services are registered, read afterwards.</summary>
internal sealed class WarmupRegistry(Type contextType)
{
    private readonly List<Warmup> _all = [];

    public IReadOnlyList<Warmup> All => _all;

    /// <summary>Whether its health check is registered.</summary>
    public bool HasHealth { get; set; }

    /// <exception cref="ArgumentException">The name is taken, or the context is another one.</exception>
    public void Add<TContext>(
        string? name, Func<TContext, IServiceProvider, CancellationToken, Task> run, bool isQuery, WarmupQueryOptions options)
        where TContext : DbContext
    {
        name ??= $"startup {1 + _all.Count(warmup => !warmup.IsQuery)}";
        if (!typeof(TContext).IsAssignableFrom(contextType))
        {
            throw new ArgumentException(StateStrings.WarmupOfOther(name, typeof(TContext).Name, contextType.Name), nameof(name));
        }

        if (_all.Any(warmup => warmup.Name == name))
        {
            throw new ArgumentException(StateStrings.WarmupTwice(name), nameof(name));
        }

        _all.Add(new Warmup(name, (context, services, token) => run((TContext)context, services, token), isQuery, options.KeepsWarmEvery));
    }

    /// <exception cref="ArgumentException">There is no warm-up of a name; the message has those that there are.</exception>
    public IReadOnlyList<Warmup> Find(IEnumerable<string> names)
        => [.. names.Distinct(StringComparer.Ordinal).Select(name => _all.Find(warmup => warmup.Name == name)
            ?? throw new ArgumentException(StateStrings.WarmupUnknown(name, _all.Select(warmup => warmup.Name)), nameof(names)))];
}
