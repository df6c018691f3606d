using System.Collections;
using System.Collections.Immutable;
using System.Net;
using System.Net.NetworkInformation;
using System.Numerics;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;
using NpgsqlTypes;

namespace FraiseQL.EfCore.State.PostgresTests.Types;

/// <summary>Every type that the provider maps, with the provider's default store type or the one that is named.</summary>
internal static partial class AllTypes
{
    public static readonly IReadOnlyList<TypeCase> All =
    [
        .. Numbers(), .. Texts(), .. Times(), .. Collections(), .. Ranges(), .. Network(), .. Documents(), .. Others(), .. NodaTimes(),
    ];

    private static TypeCase<T, T?> Of<T>(string name, T value, string? storeType = null, T byDefault = default)
        where T : struct
        => new(name, storeType, value, byDefault, v => v);

    private static TypeCase<T, T?> Ref<T>(string name, T value, T byDefault, string? storeType = null)
        where T : class
        => new(name, storeType, value, byDefault, v => v);

    private static IEnumerable<TypeCase> Numbers() =>
    [
        Of("bool", true), Of<byte>("byte", 200), Of<sbyte>("sbyte", -3), Of<short>("short", -300), Of<ushort>("ushort", 60_000), Of("int", int.MinValue),
        Of("uint", 4_000_000_000u), Of("long", long.MaxValue), Of("ulong", ulong.MaxValue), Of("float", 1.5f), Of("float_nan", float.NaN),
        Of("double", Math.PI), Of("double_nan", double.NaN), Of("double_negative_zero", -0.0), Of("double_infinity", double.NegativeInfinity),
        Of("decimal", 12345.67800m), Of("decimal_scale", 1.50m, "numeric(10,4)"), Of("float_numeric", 2.5f, "numeric"), Of("double_numeric", 2.5, "numeric"),
        Of("money", 12.34m, "money"), Of("big", BigInteger.Parse("-123456789012345678901234567890", null)),
        Of("enum_int", DayOfWeek.Friday), Of("enum_short", Level.High), Of("enum_pg", Mood.Happy, null, Mood.Sad),
        new TypeCase<DayOfWeek, DayOfWeek?>("enum_text", null, DayOfWeek.Friday, default, v => v) { Configure = p => p.HasConversion<string>() },
        new TypeCase<bool, bool?>("bool_int", null, true, false, v => v) { Configure = p => p.HasConversion<int>() },
        Of("xid", 7u, "xid"), Of("xid8", 8ul, "xid8"), Of("oid", 9u, "oid"), Of("cid", 10u, "cid"), Of("regtype", 23u, "regtype", 25u),
        Of("tid", new NpgsqlTid(3, 4)), Of("lsn", NpgsqlLogSequenceNumber.Parse("16/B374D848")), Of("ranking", NpgsqlTsRankingNormalization.DivideByLength),
    ];

    private static IEnumerable<TypeCase> Texts() =>
    [
        Ref("text", "text \u0001 ✓ 😀 ", ""), Ref("varchar", "short", "", "character varying(20)"), Ref("char5", "ab", "", "character(5)"), Ref("citext", "CiText", "", "citext"),
        Of("char", 'ß', null, ' '), Of("char_text", 'x', "text", ' '), Ref("uri", new Uri("http://localhost/a?b=c"), new Uri("http://localhost")),
        new TypeCase<string, string?>("xml", "xml", "<a>b</a>", "", v => v) { Comparable = false },
        Ref("ltree_text", "a.b.c", "", "ltree"), Of("ltree", new LTree("a.b.c"), null, new LTree("")),
        new TypeCase<string, string?>("jsonpath", "jsonpath", "$.a", "$", v => v) { Comparable = false },
        Of("uuid", Guid.Parse("11112222-3333-4444-5555-666677778888")),
        Changing("bytea", [1, 2, 255], Array.Empty<byte>(), v => v[0] = 99),
    ];

    private static IEnumerable<TypeCase> Times() =>
    [
        Of("timestamptz", new DateTime(2026, 1, 2, 3, 4, 5, 678, DateTimeKind.Utc), null, DateTime.UnixEpoch), Of("timestamp", new DateTime(2026, 1, 2, 3, 4, 5), "timestamp"),
        Of("timestamptz_infinity", DateTime.MaxValue, null, DateTime.MinValue), Of("timestamp_infinity", DateTime.MinValue, "timestamp", DateTime.MaxValue),
        Of("date_datetime", new DateTime(2026, 1, 2), "date"), Of("offset", new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero)),
        Of("offset_infinity", DateTimeOffset.MaxValue, null, DateTimeOffset.MinValue),
        Of("timetz", new DateTimeOffset(1, 1, 2, 3, 4, 5, TimeSpan.FromHours(-7)), "time with time zone", new DateTimeOffset(1, 1, 2, 0, 0, 0, TimeSpan.Zero)),
        Of("date", new DateOnly(2026, 1, 2)), Of("date_infinity", DateOnly.MaxValue, null, DateOnly.MinValue), Of("time", new TimeOnly(3, 4, 5, 6)),
        Of("time_timespan", new TimeSpan(3, 4, 5), "time"), Of("interval", new TimeSpan(-3, 4, 5, 6, 7)),
    ];

    private static IEnumerable<TypeCase> Collections() =>
    [
        Changing("ints", [3, 1, 2], Array.Empty<int>(), v => v[0] = 99), Changing("nullable_ints", [1, null, 3], Array.Empty<int?>(), v => v[0] = null),
        Changing("matrix", new[,] { { 1, 2, 3 }, { 4, 5, 6 } }, new int[1, 1], v => v[0, 0] = 99),
        Changing<List<int>>("int_list", [1, 2], [], v => v.Add(99)), Changing<List<int?>>("nullable_int_list", [1, null], [], v => v.Add(99)),
        Changing("texts", ["a", "", "c"], Array.Empty<string>(), v => v[0] = "changed"), Changing<List<string>>("text_list", ["a", "b"], [], v => v.Clear()),
        Changing<string?[]>("null_texts", ["a", null], [], v => v[0] = null), Changing("byteas", [[1, 2], [3]], Array.Empty<byte[]>(), v => v[0][0] = 99),
        Changing<List<byte[]>>("bytea_list", [[1, 2], [3]], [], v => v[0][0] = 99), Changing("shorts_as_bytes", [1, 2], Array.Empty<byte>(), v => v[0] = 9, "smallint[]"),
        Changing("bools", [true, false], Array.Empty<bool>(), v => v[0] = false), Changing("decimals", [1.50m], Array.Empty<decimal>(), v => v[0] = 0),
        Changing("doubles", [double.NaN, -0.0], Array.Empty<double>(), v => v[0] = 0), Changing("guids", [Guid.AllBitsSet], Array.Empty<Guid>(), v => v[0] = default),
        Changing("bigs", [BigInteger.MinusOne], Array.Empty<BigInteger>(), v => v[0] = 9), Changing("moods", [Mood.Happy, Mood.Sad], Array.Empty<Mood>(), v => v[0] = Mood.Content),
        Changing<List<Mood>>("mood_list", [Mood.Happy], [], v => v.Clear()), Changing("enum_ints", [DayOfWeek.Friday], Array.Empty<DayOfWeek>(), v => v[0] = default),
        Changing<List<DateTime>>("times_list", [new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc)], [], v => v.Clear()),
        Changing("dates", [new DateOnly(2026, 1, 2)], Array.Empty<DateOnly>(), v => v[0] = default), Changing("intervals", [TimeSpan.FromDays(3)], Array.Empty<TimeSpan>(), v => v[0] = default),
        Changing<IList<string>>("interface", ["a"], new List<string>(), v => v[0] = "changed"),
        new TypeCase<List<Guid>, List<Guid>?>("converted", "text", [Guid.AllBitsSet], [], v => v)
        {
            Change = v => v.Clear(),
            Configure = p => p.HasConversion(
                new ValueConverter<List<Guid>, string>(v => string.Join(',', v), v => v.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(Guid.Parse).ToList())),
        },
    ];

    private static IEnumerable<TypeCase> Ranges() =>
    [
        Of("int4range", new NpgsqlRange<int>(1, true, 5, false)), Of("int4range_empty", NpgsqlRange<int>.Empty), Of("int8range", new NpgsqlRange<long>(0, false, true, 5, false, false)),
        Of("numrange", new NpgsqlRange<decimal>(1.50m, true, false, 0, false, true)), Of("daterange", new NpgsqlRange<DateOnly>(new(2026, 1, 2), true, new(2026, 2, 3), false)),
        Of("daterange_datetime", new NpgsqlRange<DateTime>(new DateTime(2026, 1, 2), true, new DateTime(2026, 2, 3), false), "daterange"),
        Of("tstzrange", new NpgsqlRange<DateTime>(DateTime.UnixEpoch, true, DateTime.UnixEpoch.AddDays(1), true)), Of("tsrange", new NpgsqlRange<DateTime>(new(1), new(20)), "tsrange"),
        Of("tstzrange_offset", new NpgsqlRange<DateTimeOffset>(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddDays(1)), "tstzrange"),
        Changing("multirange", [new(1, true, 3, false), new(7, true, 9, false)], Array.Empty<NpgsqlRange<int>>(), v => v[0] = default),
        Changing<List<NpgsqlRange<long>>>("multirange_list", [new(1, true, 3, false)], [], v => v.Clear()),
        Changing("range_array", [new(1, true, 3, false)], Array.Empty<NpgsqlRange<int>>(), v => v[0] = default, "int4range[]"),
    ];

    private static IEnumerable<TypeCase> Network() =>
    [
        Changing("inet", IPAddress.Parse("fe80::1"), IPAddress.Parse("10.0.0.1"), v => Scope(v)), Changing("inets", [IPAddress.Parse("::1")], Array.Empty<IPAddress>(), v => Scope(v[0])),
        Of("inet_struct", new NpgsqlInet(IPAddress.Parse("10.1.0.0"), 16), null, new NpgsqlInet(IPAddress.Parse("10.0.0.1"))),
        Of("cidr", new IPNetwork(IPAddress.Parse("10.1.0.0"), 16)),
#pragma warning disable CS0618 // Npgsql goes on mapping it.
        Of("cidr_struct", new NpgsqlCidr(IPAddress.Parse("10.1.0.0"), 16), null, new NpgsqlCidr(IPAddress.Parse("10.0.0.0"), 8)),
#pragma warning restore CS0618
        Ref("macaddr", PhysicalAddress.Parse("01-23-45-67-89-AB"), PhysicalAddress.Parse("00-00-00-00-00-00")),
        Ref("macaddr8", PhysicalAddress.Parse("01-23-45-67-89-AB-CD-EF"), PhysicalAddress.Parse("00-00-00-00-00-00-00-00"), "macaddr8"),
    ];

    private static IEnumerable<TypeCase> Documents() =>
    [
        new TypeCase<string, string?>("json", "json", "{\"b\": 1, \"a\":  [1,2]}", "{}", v => v) { Comparable = false }, Ref("jsonb", "{\"a\": [1, 2]}", "{}", "jsonb"),
        Changing("document", JsonDocument.Parse("{\"a\": [1, {\"b\": \"✓\"}]}"), JsonDocument.Parse("{}"), v => v.Dispose()),
        new TypeCase<JsonElement, JsonElement?>("element", null, JsonElement.Parse("{\"a\": [1, 2]}"), JsonElement.Parse("1"), v => v) { Comparable = false },
        Changing("documents", [JsonDocument.Parse("[1]"), JsonDocument.Parse("{}")], Array.Empty<JsonDocument>(), v => v[0].Dispose()),
        new TypeCase<Settings, Settings?>("poco", "jsonb", Sample(), new Settings(), v => v)
        {
            Shared = false,
            RefusedAsParameter = "parameter-type",
            Change = v =>
            {
                v.Name = "changed";
                v.Numbers.Add(99);
                v.Words.Clear();
                v.Inner = new Settings();
            },
        },
        new TypeCase<List<Settings>, List<Settings>?>("poco_list", "jsonb", [Sample()], [], v => v)
        {
            Shared = false, RefusedAsParameter = "parameter-type", Change = v => v.ForEach(s => s.Name = "changed"),
        },
        new TypeCase<Address, Address?>("poco_immutable", "jsonb", new Address("Elm", 3), new Address("", 0), v => v) { Shared = false },
        new TypeCase<Opaque, Opaque?>("poco_opaque", "jsonb", new Opaque { Name = "x" }, new Opaque(), v => v) { Refused = "column-type", RefusedAsParameter = "parameter-type" },
        Changing<Dictionary<string, string?>>("hstore", new() { ["b"] = "1", ["a"] = null }, [], v => v["b"] = "changed"),
        Ref("hstore_immutable", ImmutableDictionary<string, string>.Empty.Add("b", "1").Add("a", "2"), ImmutableDictionary<string, string>.Empty),
        Changing<Dictionary<string, string?>>("dictionary_json", new() { ["b"] = "1" }, [], v => v.Clear(), "jsonb"),
        Changing("texts_json", ["a", "b"], Array.Empty<string>(), v => v[0] = "changed", "jsonb"),
    ];

    private static IEnumerable<TypeCase> Others() =>
    [
        Changing("varbit", new BitArray([true, false, true]), new BitArray(0), v => v.Not()), Changing("bit", new BitArray([true, false, true]), new BitArray(3), v => v.Set(1, true), "bit(3)"),
        Changing("bit_arrays", [new BitArray([true])], Array.Empty<BitArray>(), v => v[0].Not()),
#pragma warning disable CS0618 // The test makes a value; nothing else parses on the client.
        new TypeCase<NpgsqlTsVector, NpgsqlTsVector?>("tsvector", null, NpgsqlTsVector.Parse("'a':1A,3 'b\'c':2"), NpgsqlTsVector.Parse(""), v => v) { Shared = false },
        Changing("tsquery", NpgsqlTsQuery.Parse("'a':*A & !('b' | 'c') <2> 'd'"), NpgsqlTsQuery.Parse("'x'"), Change),
#pragma warning restore CS0618
        new TypeCase<NpgsqlPoint, NpgsqlPoint?>("point", null, new(1.5, -0.0), default, v => v) { Comparable = false },
        new TypeCase<NpgsqlBox, NpgsqlBox?>("box", null, new(4, 3, 2, 1), default, v => v), Of("circle", new NpgsqlCircle(1, 2, 3)), Of("line", new NpgsqlLine(1, 2, 3), null, new NpgsqlLine(1, 1, 1)),
        Of("lseg", new NpgsqlLSeg(1, 2, 3, 4)),
        new TypeCase<NpgsqlPath, NpgsqlPath?>("path", null, new([new NpgsqlPoint(1, 2), new NpgsqlPoint(3, 4)], true), new([new NpgsqlPoint(0, 0)], false), v => v)
        {
            Change = v => v[0] = default,
        },
        new TypeCase<NpgsqlPolygon, NpgsqlPolygon?>("polygon", null, new(new NpgsqlPoint(1, 2), new NpgsqlPoint(3, 4), new NpgsqlPoint(5, 7)), new(new NpgsqlPoint(0, 0)), v => v)
        {
            Change = v => v[0] = default, Comparable = false,
        },
        Of("cube", new NpgsqlCube([1, 2], [3, 4]), null, new NpgsqlCube(0)),
    ];

    private static Settings Sample() => new()
    {
        Name = "one", Numbers = [1, 2], Words = new() { ["k"] = "v", ["n"] = null }, Inner = new Settings { Name = "inner" },
    };

    private static TypeCase<T, T?> Changing<T>(string name, T value, T byDefault, Action<T> change, string? storeType = null, bool shared = true)
        where T : class
        => new(name, storeType, value, byDefault, v => v) { Change = change, Shared = shared };

    private static void Scope(IPAddress address)
    {
        if (address.GetAddressBytes().Length == 16)
        {
            address.ScopeId = 7;
        }
    }

    private static void Change(NpgsqlTsQuery query)
    {
        if (query is NpgsqlTsQueryLexeme lexeme)
        {
            lexeme.Text = "changed";
        }
        else if (query is NpgsqlTsQueryBinOp operation)
        {
            Change(operation.Left);
            Change(operation.Right);
        }
    }
}
