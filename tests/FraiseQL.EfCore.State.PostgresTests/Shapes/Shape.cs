using Microsoft.EntityFrameworkCore;

namespace FraiseQL.EfCore.State.PostgresTests.Shapes;

/// <summary>One way to ask, as the application would write it, synchronously and asynchronously; marked or not it is the same.</summary>
internal sealed record Shape(string Name, Func<ShapesContext, Mark, object?> Sync, Func<ShapesContext, Mark, Task<object?>> Async)
{
    public ContextKind Context { get; init; }

    /// <summary>The stable code with which the cache declines; <see langword="null"/> when it caches.</summary>
    public string? Refused { get; init; }

    /// <summary>How many entries one run makes.</summary>
    public int Entries { get; init; } = 1;

    /// <summary>Commands that are sent on a hit too, because they are not marked (lazy loading).</summary>
    public int Unmarked { get; init; }

    /// <summary>What the application declares that the result depends on.</summary>
    public Action<CacheableOptionsBuilder>? Declares { get; init; }

    /// <summary>Commands that a miss saves already, because the shape asks the same twice.</summary>
    public int Repeated { get; init; }

    /// <summary>
    /// Whether commands are sent while the first result is still being read. Plain EF keeps its connection open meanwhile; a miss has collected
    /// the first result and has closed it, so each of the others opens one.
    /// </summary>
    public bool Nested { get; init; }

    public static Shape List<T>(string name, Func<ShapesContext, IQueryable<T>> query, string? refused = null)
        => new(name, (db, m) => m.On(query(db)).ToList(), async (db, m) => await m.On(query(db)).ToListAsync()) { Refused = refused };

    public static Shape Of<T, TResult>(
        string name,
        Func<ShapesContext, IQueryable<T>> query,
        Func<IQueryable<T>, TResult> sync,
        Func<IQueryable<T>, Task<TResult>> async)
        => new(name, (db, m) => sync(m.On(query(db))), async (db, m) => await async(m.On(query(db))));

    public override string ToString() => Name;
}

/// <summary>How the context of a shape is set up.</summary>
internal enum ContextKind
{
    Factory,
    Pooled,
    Retrying,
    Lazy,
}

/// <summary>Marks a query, or leaves it. The tag makes each shape's synchronous and asynchronous run a query of its own, so that each has its own miss.</summary>
internal readonly record struct Mark(bool Cached, string Tag)
{
    public static readonly TimeSpan Ttl = TimeSpan.FromMinutes(5);

    /// <summary>For what the cache cannot trace: says what it depends on.</summary>
    public Action<CacheableOptionsBuilder>? Declares { get; init; }

    public IQueryable<T> On<T>(IQueryable<T> query)
    {
        if (!Cached || Declares is not { } declares)
        {
            return Cached ? query.TagWith(Tag).Cacheable(Ttl) : query;
        }

        return query.TagWith(Tag).Cacheable(o => declares(o.Ttl(Ttl)));
    }
}
