using System.IO.Hashing;
using System.Runtime.InteropServices;

namespace FraiseQL.EfCore.State.Dispatch;

/// <summary>
/// Sees whether the events of a row come in the order of its writes. It remembers some thousand rows, each by a hash and in the place of another one: it may
/// miss a reversal, and reports none that was not.
/// </summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class OrderWatch
{
    private const int Rows = 4096;

    private readonly Lock _gate = new();
    private readonly (ulong Row, long Seq)[] _last = new (ulong, long)[Rows];

    /// <summary>Whether no later event of the row has come before. The same one may come again: an attempt that failed is repeated.</summary>
    /// <param name="relation">The table: the rows of an entity in several tables have no order among each other.</param>
    /// <param name="key">The key, as the log has it; <see langword="null"/> when all rows are meant.</param>
    /// <param name="seq">The event's place in the log.</param>
    public bool IsInOrder(string relation, string? key, long seq)
    {
        if (key is null)
        {
            return true;
        }

        var row = XxHash3.HashToUInt64(MemoryMarshal.AsBytes(key.AsSpan()), (long)XxHash3.HashToUInt64(MemoryMarshal.AsBytes(relation.AsSpan())));
        lock (_gate)
        {
            ref var last = ref _last[row % Rows];
            if (last.Row == row && last.Seq > seq)
            {
                return false;
            }

            last = (row, seq);
            return true;
        }
    }
}
