namespace FraiseQL.EfCore.State.Listener;

/// <summary>Decides how long the listener waits for a ring before it looks by itself.</summary>
/// <remarks>
/// A transaction that rings does so for those that write beside it, which may commit a moment later and unannounced: so after a sign of
/// life the listener keeps looking quickly while transactions are in flight, for a bounded time, because one of them may stay open for hours.
/// </remarks>
internal sealed class PollPacing(CdcOptions options, TimeProvider time)
{
    public static readonly TimeSpan Chase = TimeSpan.FromMilliseconds(5);

    private static readonly TimeSpan ChaseLength = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan ActiveLength = TimeSpan.FromSeconds(5);

    private long _lastSign = time.GetTimestamp();
    private TimeSpan _pause = options.PollInterval;

    /// <param name="signs">Whether it was rung, or found changes.</param>
    /// <param name="inFlight">Whether its snapshot had transactions in flight.</param>
    /// <param name="found">Whether it found changes.</param>
    public TimeSpan Next(bool signs, bool found, bool inFlight)
    {
        if (signs)
        {
            _lastSign = time.GetTimestamp();
        }

        var quiet = time.GetElapsedTime(_lastSign);
        if (quiet < ChaseLength && (inFlight || found))
        {
            return Chase;
        }

        _pause = quiet < ActiveLength ? options.PollInterval : Shorter(_pause * 2, options.IdlePollInterval);
        return _pause;
    }

    private static TimeSpan Shorter(TimeSpan a, TimeSpan b) => a < b ? a : b;
}
