using System.Globalization;

namespace FraiseQL.EfCore.State.Dispatch;

/// <summary>The text of an interval in PostgreSQL's default style: <c>-3 days +04:05:06.789</c>.</summary>
internal static class PostgresInterval
{
    /// <summary>Whether the text is an interval without months, which no <see cref="TimeSpan"/> can hold.</summary>
    public static bool TryParse(string text, out TimeSpan interval)
    {
        interval = default;
        var parts = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var next = 0;
        if (parts.Length >= 2 && parts[1] is "day" or "days")
        {
            if (!int.TryParse(parts[0], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var days))
            {
                return false;
            }

            interval = TimeSpan.FromDays(days);
            next = 2;
        }

        if (next == parts.Length)
        {
            return next > 0;
        }

        var clock = parts[next];
        var negative = clock.StartsWith('-');
        var numbers = clock.TrimStart('+', '-').Split(':');
        if (next + 1 != parts.Length || numbers.Length != 3
            || !long.TryParse(numbers[0], NumberStyles.None, CultureInfo.InvariantCulture, out var hours)
            || !int.TryParse(numbers[1], NumberStyles.None, CultureInfo.InvariantCulture, out var minutes)
            || !decimal.TryParse(numbers[2], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds))
        {
            return false;
        }

        var time = new TimeSpan((hours * TimeSpan.TicksPerHour) + (minutes * TimeSpan.TicksPerMinute) + (long)(seconds * TimeSpan.TicksPerSecond));
        interval += negative ? -time : time;
        return true;
    }
}
