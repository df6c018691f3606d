using System.Collections;
using System.Collections.Immutable;
using System.Net;
using System.Net.NetworkInformation;
using System.Numerics;
using System.Text.Json;
using NodaTime;
using NpgsqlTypes;

namespace FraiseQL.EfCore.State.Tests.Rows;

/// <summary>A value of every type that has come since version 1 of the payload; the order is part of its golden file: add at the end.</summary>
internal static class SampleValues
{
    private static readonly Instant s_instant = Instant.FromUnixTimeTicks(17_000_000_000_123_450) + Duration.FromNanoseconds(7);
    private static readonly LocalDateTime s_local = new LocalDate(2026, 1, 2) + new LocalTime(3, 4, 5).PlusNanoseconds(6);

    public static IReadOnlyList<object> All { get; } =
    [
        BigInteger.Parse("-123456789012345678901234567890", null), IPAddress.Parse("fe80::1%7"), IPAddress.Parse("10.0.0.1"), new IPNetwork(IPAddress.Parse("10.1.0.0"), 16),
        new NpgsqlInet(IPAddress.Parse("10.1.2.3"), 16),
#pragma warning disable CS0618 // Npgsql goes on mapping it.
        new NpgsqlCidr(IPAddress.Parse("10.1.0.0"), 16),
#pragma warning restore CS0618
        PhysicalAddress.Parse("01-23-45-67-89-AB"), new BitArray([true, false, true, true, false, false, false, false, true]),
        new Dictionary<string, string?> { ["b"] = "1", ["a"] = null }, ImmutableDictionary<string, string?>.Empty.Add("b", "1").Add("a", null),
        JsonDocument.Parse("{\"a\":  [1, \"✓\"]}"), JsonElement.Parse("[1, 2.50]"), new NpgsqlPoint(1.5, -0.0), new NpgsqlBox(4, 3, 2, 1), new NpgsqlCircle(1, 2, 3), new NpgsqlLine(1, 2, 3),
        new NpgsqlLSeg(1, 2, 3, 4), new NpgsqlPath([new NpgsqlPoint(1, 2)], true), new NpgsqlPolygon(new NpgsqlPoint(1, 2), new NpgsqlPoint(3, 4)), new NpgsqlCube([1, 2], [3, 4]),
        new NpgsqlTsQueryAnd(
            new NpgsqlTsQueryLexeme("a", NpgsqlTsQueryLexeme.Weight.A, true),
            new NpgsqlTsQueryNot(new NpgsqlTsQueryFollowedBy(new NpgsqlTsQueryLexeme("b"), 2, new NpgsqlTsQueryOr(new NpgsqlTsQueryLexeme("c"), new NpgsqlTsQueryEmpty())))),
        new NpgsqlLogSequenceNumber(12345678901), new NpgsqlTid(3, 4), new NpgsqlInterval(1, -2, 3), new NpgsqlRange<int>(1, true, 5, false), NpgsqlRange<long>.Empty,
        new NpgsqlRange<decimal>(1.50m, true, false, 0, false, true), new NpgsqlRange<DateTime>(new DateTime(5, DateTimeKind.Utc), new DateTime(9, DateTimeKind.Utc)),
        new NpgsqlRange<DateTimeOffset>(DateTimeOffset.UnixEpoch, DateTimeOffset.MaxValue), new NpgsqlRange<DateOnly>(DateOnly.MinValue, DateOnly.MaxValue),
        new NpgsqlRange<double>(0.5, 1.5), new NpgsqlRange<float>(0.5f, 1.5f), new NpgsqlRange<TimeOnly>(TimeOnly.MinValue, TimeOnly.MaxValue),
        new NpgsqlRange<TimeSpan>(TimeSpan.MinValue, TimeSpan.MaxValue), new NpgsqlRange<BigInteger>(1, 2),
        new int?[] { 1, null, 3 }, new List<int?> { null, 2 }, new[,] { { 1, 2, 3 }, { 4, 5, 6 } }, new int?[,] { { 1, null } }, new HashSet<int> { 3, 1, 2 }, new HashSet<string> { "a", "b" },
        new byte[][] { [1, 2], [3] }, new List<byte[]> { new byte[] { 9 } }, new[] { IPAddress.Loopback, IPAddress.IPv6Loopback }, new[] { JsonDocument.Parse("1") }, new[] { BigInteger.One },
        new[] { new NpgsqlRange<int>(1, 2) }, new List<NpgsqlRange<int>> { NpgsqlRange<int>.Empty }, new[] { new BitArray(3) }, new byte[,] { { 1 }, { 2 } }, new List<byte> { 1, 2 }, new[] { 1u, 2u },
        s_instant, s_local.Date, s_local.TimeOfDay, s_local, new OffsetDateTime(s_local, Offset.FromHours(-7)), new OffsetTime(s_local.TimeOfDay, Offset.FromHours(3)), s_instant.InUtc(),
        Duration.FromNanoseconds(-7) - Duration.FromDays(3), Period.FromMonths(2) + Period.FromDays(-3) + Period.FromNanoseconds(5), new DateInterval(s_local.Date, s_local.Date.PlusDays(1)),
        new Interval(s_instant, null), new NpgsqlRange<Instant>(s_instant, Instant.MaxValue), new NpgsqlRange<LocalDateTime>(s_local, s_local.PlusDays(1)),
        new NpgsqlRange<ZonedDateTime>(s_instant.InUtc(), s_instant.InUtc()), new NpgsqlRange<OffsetDateTime>(s_local.WithOffset(Offset.Zero), s_local.WithOffset(Offset.Zero)),
        new NpgsqlRange<LocalDate>(s_local.Date, s_local.Date), new[] { s_instant, Instant.MinValue }, new List<LocalDate> { s_local.Date }, new Instant?[] { null, s_instant }, new[] { Period.Zero },
        DayOfWeek.Friday, new[] { DayOfWeek.Monday, DayOfWeek.Friday },
    ];

    /// <summary>The type as a reader is asked for it: the declared one, where a value's own is hidden.</summary>
    public static Type TypeOf(object value) => value switch
    {
        IPAddress => typeof(IPAddress),
        NpgsqlTsQuery => typeof(NpgsqlTsQuery),
        Array { Length: > 0 } array when array.GetValue(new int[array.Rank]) is IPAddress => typeof(IPAddress[]),
        _ => value.GetType(),
    };
}
