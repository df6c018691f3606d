using System.Text.Json;

namespace FraiseQL.EfCore.State.AspNetCore;

/// <summary>
/// One second: rates are per second, the lag is in milliseconds, and times are in microseconds, of the last ten seconds. What is not known is
/// <see langword="null"/>.
/// </summary>
internal sealed record SamplePoint
{
    private static readonly (string Name, Func<SamplePoint, double?> Value)[] s_columns =
    [
        ("l1", p => p.L1), ("l2", p => p.L2), ("stale", p => p.Stale), ("miss", p => p.Miss), ("bypass", p => p.Bypass), ("hitRatio", p => p.HitRatio),
        ("invalidations", p => p.Invalidations), ("changes", p => p.Changes), ("lag", p => p.Lag), ("waiting", p => p.Waiting), ("parked", p => p.Parked),
        ("bytes", p => p.Bytes), ("entries", p => p.Entries), ("sharedReads", p => p.SharedReads), ("sharedWrites", p => p.SharedWrites),
        ("sharedErrors", p => p.SharedErrors), ("consistency", p => p.Consistency), ("l1P50", p => p.L1Median), ("l1P99", p => p.L1Slow),
        ("l2P50", p => p.L2Median), ("l2P99", p => p.L2Slow), ("missP50", p => p.MissMedian), ("missP99", p => p.MissSlow),
    ];

    /// <summary>Milliseconds since 1970.</summary>
    public required long At { get; init; }

    public double L1 { get; init; }

    public double L2 { get; init; }

    public double Stale { get; init; }

    public double Miss { get; init; }

    public double Bypass { get; init; }

    public double? HitRatio { get; init; }

    public double Invalidations { get; init; }

    public double Changes { get; init; }

    public double? Lag { get; init; }

    public double? Waiting { get; init; }

    public double? Parked { get; init; }

    public double Bytes { get; init; }

    public double Entries { get; init; }

    public double SharedReads { get; init; }

    public double SharedWrites { get; init; }

    public double SharedErrors { get; init; }

    public double? Consistency { get; init; }

    public double? L1Median { get; init; }

    public double? L1Slow { get; init; }

    public double? L2Median { get; init; }

    public double? L2Slow { get; init; }

    public double? MissMedian { get; init; }

    public double? MissSlow { get; init; }

    /// <summary>Column by column: <c>{"names": ["at", …], "points": [[…], …]}</c>.</summary>
    public static void Write(Utf8JsonWriter json, IReadOnlyList<SamplePoint> points)
    {
        json.WriteStartObject();
        json.WriteStartArray("names");
        json.WriteStringValue("at");
        foreach (var (name, _) in s_columns)
        {
            json.WriteStringValue(name);
        }

        json.WriteEndArray();
        json.WriteStartArray("points");
        foreach (var point in points)
        {
            json.WriteStartArray();
            json.WriteNumberValue(point.At);
            foreach (var (_, value) in s_columns)
            {
                if (value(point) is { } number)
                {
                    json.WriteNumberValue(Math.Round(number, 4));
                }
                else
                {
                    json.WriteNullValue();
                }
            }

            json.WriteEndArray();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }
}
