using System.Runtime.CompilerServices;

namespace FraiseQL.EfCore.State.Rows;

/// <summary>
/// Lets equal texts of one column be one object: looks among the last few, so that a column of names of states or of authors is small, and one
/// of distinct texts costs a comparison a row. Counts the bytes of the texts that are kept. Not thread-safe.
/// </summary>
internal sealed class StringShare
{
    // Longer texts are seldom equal, and reading them twice is not free.
    private const int LongestShared = 64;

    private Slots _slots;

    /// <summary>Bytes on the heap of the texts so far.</summary>
    public long HeapSize { get; private set; }

    public string Share(string value)
    {
        if (value.Length is 0 or > LongestShared)
        {
            HeapSize += value.Length == 0 ? 0 : StringCodec.HeapSize(value);
            return value;
        }

        ref var slot = ref _slots[SlotOf(value)];
        if (slot is not null && slot.Equals(value, StringComparison.Ordinal))
        {
            return slot;
        }

        HeapSize += StringCodec.HeapSize(value);
        return slot = value;
    }

    /// <summary>A text that is kept and counted already.</summary>
    public void Remember(string value)
    {
        if (value.Length is > 0 and <= LongestShared)
        {
            _slots[SlotOf(value)] = value;
        }
    }

    private static int SlotOf(string value) => (value.Length + (value[0] * 3) + (value[^1] * 5)) & (Slots.Count - 1);

    [InlineArray(Count)]
    private struct Slots
    {
        public const int Count = 16;

        private string? _first;
    }
}
