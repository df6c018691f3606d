using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using FraiseQL.EfCore.State.EventLog;

namespace FraiseQL.EfCore.State.Dispatch;

/// <summary>The text form of a place in a log, for those who keep it: <c>epoch;from;to;seq</c>. Opaque to them.</summary>
internal static class FeedPosition
{
    public static string Format(string epoch, LogPlace place)
        => string.Create(CultureInfo.InvariantCulture, $"{epoch};{place.From};{place.To};{place.Seq}");

    /// <summary>Anybody may have written the text: whatever it is, it is a place or it is refused.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out string? epoch, [NotNullWhen(true)] out LogPlace? place)
    {
        (epoch, place) = (null, null);
        if (text.Split(';') is not [{ Length: > 0 } log, var start, var end, var number]
            || !PgSnapshot.TryParse(start, out var from)
            || !long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var seq))
        {
            return false;
        }

        PgSnapshot? to = null;
        if (end.Length > 0 && !PgSnapshot.TryParse(end, out to))
        {
            return false;
        }

        (epoch, place) = (log, new LogPlace(from, to, seq));
        return true;
    }
}
