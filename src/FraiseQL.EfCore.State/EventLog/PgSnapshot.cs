using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace FraiseQL.EfCore.State.EventLog;

/// <summary>
/// A PostgreSQL <c>pg_snapshot</c>: which transactions a statement could see. It is the unit of position in the event log
/// and the proof of freshness of a cached entry; wall-clock time is never either.
/// </summary>
/// <remarks>Immutable and thread-safe. Semantics of <c>pg_visible_in_snapshot</c>, PostgreSQL documentation, section 9.27.8.</remarks>
internal sealed class PgSnapshot : IEquatable<PgSnapshot>
{
    /// <summary>The snapshot in which nothing is visible: the beginning of every log.</summary>
    public static readonly PgSnapshot Beginning = new(1, 1, []);

    private readonly ulong[] _inProgress; // ascending, each in [Xmin, Xmax)

    public PgSnapshot(ulong xmin, ulong xmax, ulong[] inProgress)
    {
        Xmin = xmin;
        Xmax = xmax;
        _inProgress = inProgress;
    }

    /// <summary>Every transaction below this id had ended.</summary>
    public ulong Xmin { get; }

    /// <summary>No transaction at or above this id had ended.</summary>
    public ulong Xmax { get; }

    public ReadOnlySpan<ulong> InProgress => _inProgress;

    /// <summary>Whether a transaction that committed is visible. An aborted one counts as visible: it left nothing to see.</summary>
    public bool Sees(ulong transactionId)
        => transactionId < Xmin || (transactionId < Xmax && Array.BinarySearch(_inProgress, transactionId) < 0);

    /// <summary>
    /// Whether all that <paramref name="other"/> sees is visible here too. It may answer <see langword="false"/> for two snapshots
    /// that differ only in ids which no transaction used; it never answers <see langword="true"/> wrongly.
    /// </summary>
    public bool Contains(PgSnapshot other)
    {
        if (ReferenceEquals(this, other))
        {
            return true;
        }

        if (other.Xmax > Xmax)
        {
            return false;
        }

        foreach (var id in _inProgress)
        {
            if (other.Sees(id))
            {
                return false;
            }
        }

        return true;
    }

    public static PgSnapshot Parse(string text)
        => TryParse(text, out var snapshot)
            ? snapshot
            : throw new FormatException("Not the text form of a pg_snapshot (xmin:xmax:xip,…).");

    public static bool TryParse(ReadOnlySpan<char> text, [NotNullWhen(true)] out PgSnapshot? snapshot)
    {
        snapshot = null;
        var first = text.IndexOf(':');
        if (first < 0)
        {
            return false;
        }

        var second = text[(first + 1)..].IndexOf(':');
        if (second < 0)
        {
            return false;
        }

        second += first + 1;
        if (!TryId(text[..first], out var xmin) || !TryId(text[(first + 1)..second], out var xmax) || xmin > xmax || xmin == 0)
        {
            return false;
        }

        var list = text[(second + 1)..];
        var ids = list.IsEmpty ? [] : new ulong[list.Count(',') + 1];
        var count = 0;
        foreach (var range in list.Split(','))
        {
            if (list.IsEmpty)
            {
                break;
            }

            if (!TryId(list[range], out var id) || id < xmin || id >= xmax || (count > 0 && ids[count - 1] >= id))
            {
                return false;
            }

            ids[count++] = id;
        }

        snapshot = new PgSnapshot(xmin, xmax, ids);
        return true;

        static bool TryId(ReadOnlySpan<char> digits, out ulong id)
            => ulong.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out id);
    }

    /// <summary>The text form that PostgreSQL reads and writes: <c>xmin:xmax:xip,xip…</c>.</summary>
    public override string ToString()
    {
        if (_inProgress.Length == 0)
        {
            return string.Create(CultureInfo.InvariantCulture, stackalloc char[48], $"{Xmin}:{Xmax}:");
        }

        var text = new StringBuilder(32 + (_inProgress.Length * 8));
        text.Append(CultureInfo.InvariantCulture, $"{Xmin}:{Xmax}:");
        text.AppendJoin(',', _inProgress);
        return text.ToString();
    }

    public bool Equals(PgSnapshot? other)
        => other is not null && Xmin == other.Xmin && Xmax == other.Xmax && InProgress.SequenceEqual(other.InProgress);

    public override bool Equals(object? obj) => Equals(obj as PgSnapshot);

    public override int GetHashCode() => HashCode.Combine(Xmin, Xmax, _inProgress.Length);
}
