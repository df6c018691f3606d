using System.Globalization;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Text;
using FraiseQL.EfCore.State.EventLog;

namespace FraiseQL.EfCore.State.Consistency;

/// <summary>A position in one database. Immutable.</summary>
/// <param name="Database">Stands for the database's name, by which it is known again after it was restored.</param>
/// <param name="Log">Stands for the log that the position belongs to: in another one it means nothing.</param>
/// <param name="Position">Everything that its reader must see.</param>
/// <param name="Wal">How far a replica must be; 0 when that is not known.</param>
internal sealed record TokenPart(string Database, string Log, PgSnapshot Position, ulong Wal)
{
    private const char Separator = '-';
    private const int DatabaseLength = 8;
    private const int LogLength = 16;

    public static string DatabaseOf(string name)
        => XxHash32.HashToUInt32(MemoryMarshal.AsBytes(name.AsSpan())).ToString("x8", CultureInfo.InvariantCulture);

    public static string LogOf(LogIdentity identity)
        => XxHash3.HashToUInt64(MemoryMarshal.AsBytes($"{identity.Log}\0{identity.Timeline}".AsSpan())).ToString("x16", CultureInfo.InvariantCulture);

    /// <summary>Parts of the same log as one that asks for what either asks for.</summary>
    public TokenPart Merge(TokenPart other)
        => this with { Position = Union(Position, other.Position), Wal = Math.Max(Wal, other.Wal) };

    /// <summary>Transactions in progress are told by their distances: there may be many, and their numbers are long.</summary>
    public void Write(StringBuilder text)
    {
        text.Append(Database).Append(Separator).Append(Log).Append(Separator);
        text.Append(CultureInfo.InvariantCulture, $"{Wal:x}-{Position.Xmin:x}-{Position.Xmax - Position.Xmin:x}");
        var last = Position.Xmin;
        foreach (var id in Position.InProgress)
        {
            text.Append(CultureInfo.InvariantCulture, $"-{id - last:x}");
            last = id;
        }
    }

    /// <summary>Anybody may have written the text: whatever it is, it is a part or it is refused.</summary>
    public static TokenPart? TryParse(string text)
    {
        var words = text.Split(Separator);
        if (words.Length < 5 || !IsHex(words[0], DatabaseLength) || !IsHex(words[1], LogLength)
            || !TryNumber(words[2], out var wal) || !TryNumber(words[3], out var xmin) || !TryNumber(words[4], out var span)
            || xmin == 0 || span > ulong.MaxValue - xmin)
        {
            return null;
        }

        var inProgress = new ulong[words.Length - 5];
        var last = xmin;
        for (var i = 0; i < inProgress.Length; i++)
        {
            if (!TryNumber(words[i + 5], out var distance) || (i > 0 && distance == 0) || distance >= xmin + span - last)
            {
                return null;
            }

            inProgress[i] = last += distance;
        }

        return new TokenPart(words[0], words[1], new PgSnapshot(xmin, xmin + span, inProgress), wal);
    }

    // The smallest snapshot in which everything is visible that is visible in either.
    private static PgSnapshot Union(PgSnapshot a, PgSnapshot b)
    {
        var (later, earlier) = a.Xmax >= b.Xmax ? (a, b) : (b, a);
        var inProgress = new List<ulong>();
        foreach (var id in later.InProgress)
        {
            if (!earlier.Sees(id))
            {
                inProgress.Add(id);
            }
        }

        return new PgSnapshot(inProgress.Count > 0 ? inProgress[0] : later.Xmax, later.Xmax, [.. inProgress]);
    }

    private static bool IsHex(string text, int length) => text.Length == length && text.All(char.IsAsciiHexDigitLower);

    private static bool TryNumber(string text, out ulong number)
    {
        number = 0;
        return text.All(char.IsAsciiHexDigitLower) && ulong.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out number);
    }
}
