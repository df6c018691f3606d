using System.Collections.Concurrent;

namespace FraiseQL.EfCore.State.FrontEnd;

/// <summary>The shapes that one of EF's internal service providers has seen. Thread-safe; readers take no lock.</summary>
internal sealed class ShapeTable
{
    // As many as EF keeps compiled queries.
    private const int Most = 1024;

    private volatile ConcurrentDictionary<int, QueryShape> _shapes = new();
    private int _count;

    /// <summary>Every shape that is kept.</summary>
    public IEnumerable<QueryShape> All
    {
        get
        {
            foreach (var (_, first) in _shapes)
            {
                for (var shape = first; shape is not null; shape = shape.Next)
                {
                    yield return shape;
                }
            }
        }
    }

    public QueryShape? Find(ShapeReader reader)
    {
        _shapes.TryGetValue(reader.Hash, out var shape);
        while (shape is not null && !reader.Matches(shape))
        {
            shape = shape.Next;
        }

        return shape;
    }

    /// <summary>Keeps a shape. When there are too many, they are learnt anew: those which are in use at the price of one execution by EF each.</summary>
    public void Add(QueryShape shape)
    {
        if (Interlocked.Increment(ref _count) > Most)
        {
            _shapes = new();
            Volatile.Write(ref _count, 1);
        }

        _shapes.AddOrUpdate(shape.Hash, shape, (_, first) => shape with { Next = first });
    }
}
