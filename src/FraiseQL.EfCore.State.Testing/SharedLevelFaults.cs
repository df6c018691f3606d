using FraiseQL.EfCore.State.Testing;

namespace FraiseQL.EfCore.State;

/// <summary>What a test lets happen to the second level of one application. Each call replaces what the last one said.</summary>
/// <remarks>
/// Thread-safe; in effect for operations that begin after the call. A level that fails is left alone for <c>Cache:L2:BreakDuration</c>, as a real one.
/// </remarks>
public sealed class SharedLevelFaults
{
    private readonly string _context;
    private volatile Fault _fault = Fault.None;
    private int _operations;

    internal SharedLevelFaults(string context) => _context = context;

    internal bool IsThere { get; set; }

    /// <summary>Every operation fails at once.</summary>
    /// <exception cref="InvalidOperationException">The context has no second level.</exception>
    public void Down() => Set(new Fault(IsDown: true, TimeSpan.Zero, 0));

    /// <summary>Every operation takes this much longer, and fails when that is more than its budget (<c>Cache:L2:Timeout</c>, <c>Cache:L2:WriteTimeout</c>).</summary>
    /// <param name="delay">How much longer; zero or more.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="delay"/> is negative.</exception>
    /// <exception cref="InvalidOperationException">The context has no second level.</exception>
    public void Slow(TimeSpan delay)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(delay, TimeSpan.Zero);
        Set(new Fault(IsDown: false, delay, 0));
    }

    /// <summary>Of every <paramref name="n"/> operations one is lost without an error: a read finds nothing, a write is not made.</summary>
    /// <param name="n">1 loses all of them.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="n"/> is less than 1.</exception>
    /// <exception cref="InvalidOperationException">The context has no second level.</exception>
    public void LoseEvery(int n)
    {
        if (n < 1)
        {
            throw new ArgumentOutOfRangeException(nameof(n), n, TestingStrings.LoseEveryRange);
        }

        Set(new Fault(IsDown: false, TimeSpan.Zero, n));
    }

    /// <summary>Ends every fault.</summary>
    public void Restore() => _fault = Fault.None;

    internal TimeSpan Delay => _fault.Delay;

    /// <summary>Throws when the level is down; otherwise whether the operation is to be carried out.</summary>
    internal bool Begin()
    {
        var fault = _fault;
        if (fault.IsDown)
        {
            throw new IOException(TestingStrings.SharedLevelDown);
        }

        return fault.LosesEvery == 0 || Interlocked.Increment(ref _operations) % fault.LosesEvery != 0;
    }

    private void Set(Fault fault)
    {
        if (!IsThere)
        {
            throw new InvalidOperationException(TestingStrings.NoSharedLevel(_context));
        }

        _fault = fault;
    }

    private sealed record Fault(bool IsDown, TimeSpan Delay, int LosesEvery)
    {
        public static readonly Fault None = new(false, TimeSpan.Zero, 0);
    }
}
