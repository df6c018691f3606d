using FraiseQL.EfCore.State;

namespace BlogApp.Load;

/// <summary>Collects the times of one side of a run. One worker's own; <see cref="Sum"/> puts several together.</summary>
internal sealed class LoadTimes
{
    /// <summary>1, 2, 5, 10 …, from 20 microseconds to half a second.</summary>
    public static readonly double[] Bounds = [0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500];

    private readonly List<double> _times = [];
    private int _fromMemory;
    private int _fromShared;

    public void Add(TimeSpan time, CacheOutcome outcome)
    {
        _times.Add(time.TotalMilliseconds);
        _fromMemory += outcome == CacheOutcome.L1Hit ? 1 : 0;
        _fromShared += outcome == CacheOutcome.L2Hit ? 1 : 0;
    }

    public static LoadSide Sum(IReadOnlyCollection<LoadTimes> workers)
    {
        double[] times = [.. workers.SelectMany(w => w._times).Order()];
        var histogram = new int[Bounds.Length + 1];
        foreach (var time in times)
        {
            // The column whose bound is the first that is not below the time.
            var at = Array.BinarySearch(Bounds, time);
            histogram[at < 0 ? ~at : at]++;
        }

        return new LoadSide(
            times.Length, workers.Sum(w => w._fromMemory), workers.Sum(w => w._fromShared), At(0.5), At(0.99), times.DefaultIfEmpty().Average(), histogram);

        double At(double quantile) => times.Length == 0 ? 0 : times[(int)Math.Ceiling(quantile * times.Length) - 1];
    }
}
