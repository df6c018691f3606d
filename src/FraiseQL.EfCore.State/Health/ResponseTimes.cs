namespace FraiseQL.EfCore.State.Health;

/// <summary>The last response times of a server. A machine that is busy for a moment must not make a server slow, so a single one is no judgement.</summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class ResponseTimes
{
    public const int Kept = 9;

    private readonly Lock _gate = new();
    private readonly TimeSpan[] _times = new TimeSpan[Kept];
    private int _count;

    public void Add(TimeSpan time)
    {
        lock (_gate)
        {
            _times[_count++ % Kept] = time;
        }
    }

    /// <summary>The server was away: what it took before says nothing about it now.</summary>
    public void Clear()
    {
        lock (_gate)
        {
            _count = 0;
        }
    }

    /// <summary>The median, and whether there are enough of them to judge.</summary>
    public (TimeSpan Median, bool IsJudged) Read()
    {
        lock (_gate)
        {
            var known = _times[..Math.Min(_count, Kept)];
            Array.Sort(known);
            return known.Length == 0 ? (TimeSpan.Zero, false) : (known[known.Length / 2], known.Length == Kept);
        }
    }
}
