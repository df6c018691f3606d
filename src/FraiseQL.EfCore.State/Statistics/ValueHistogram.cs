using System.Numerics;

namespace FraiseQL.EfCore.State.Statistics;

/// <summary>
/// Counts of whole numbers in buckets that grow with the number, four to each doubling: a percentile is off by at most a fifth. Of a fixed size,
/// whatever is added.
/// </summary>
/// <remarks>Thread-safe; takes no lock.</remarks>
internal sealed class ValueHistogram
{
    private const int PerDoubling = 4;
    private const int Doublings = 44;

    private readonly long[] _counts = new long[PerDoubling * Doublings];
    private long _sum;

    public void Add(long value)
    {
        value = Math.Max(0, value);
        Interlocked.Increment(ref _counts[BucketOf(value)]);
        Interlocked.Add(ref _sum, value);
    }

    public long Sum => Volatile.Read(ref _sum);

    /// <summary>The counts as they are now, for <see cref="Percentile"/>.</summary>
    public long[] Counts()
    {
        var counts = new long[_counts.Length];
        for (var i = 0; i < counts.Length; i++)
        {
            counts[i] = Volatile.Read(ref _counts[i]);
        }

        return counts;
    }

    /// <summary>The value below which the share of the added ones lies; of those that were added since <paramref name="earlier"/>, if given.</summary>
    public static double? Percentile(long[] counts, double share, long[]? earlier = null)
    {
        long total = 0;
        for (var i = 0; i < counts.Length; i++)
        {
            total += counts[i] - (earlier?[i] ?? 0);
        }

        if (total <= 0)
        {
            return null;
        }

        var rank = Math.Max(1, (long)Math.Ceiling(share * total));
        for (var i = 0; i < counts.Length; i++)
        {
            rank -= counts[i] - (earlier?[i] ?? 0);
            if (rank <= 0)
            {
                return (LowerBound(i) + LowerBound(i + 1)) / 2;
            }
        }

        return LowerBound(counts.Length);
    }

    private static int BucketOf(long value)
    {
        if (value < PerDoubling)
        {
            return (int)value;
        }

        var doubling = BitOperations.Log2((ulong)value);
        var bucket = ((doubling - 1) * PerDoubling) + (int)((value >> (doubling - 2)) & 3);
        return Math.Min(bucket, (PerDoubling * Doublings) - 1);
    }

    private static double LowerBound(int bucket)
    {
        if (bucket < PerDoubling)
        {
            return bucket;
        }

        var doubling = (bucket / PerDoubling) + 1;
        return Math.ScaleB(1 + ((bucket % PerDoubling) / (double)PerDoubling), doubling);
    }
}
