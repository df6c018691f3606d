using System.Collections;
using System.Collections.Immutable;
using System.Net;
using System.Net.NetworkInformation;
using System.Numerics;
using System.Text.Json;
using NpgsqlTypes;

namespace FraiseQL.EfCore.State.Rows;

/// <summary>
/// The types with an exact codec. Their numbers are part of the L2 payload: never reuse or change one. Taken by arrays and lists of the first
/// types: 40 to 53 and 70 to 83; by satellites: 90 to 119; by types known by their name: 127.
/// </summary>
internal static class TypeFamilies
{
    public static IEnumerable<TypeFamily> All() =>
    [
        new ValueTypeFamily<bool, BooleanCodec>(1),
        new ValueTypeFamily<byte, ByteCodec>(2),
        new ValueTypeFamily<sbyte, SByteCodec>(3),
        new ValueTypeFamily<short, Int16Codec>(4),
        new ValueTypeFamily<ushort, UInt16Codec>(5),
        new ValueTypeFamily<int, Int32Codec>(6),
        new ValueTypeFamily<uint, UInt32Codec>(7),
        new ValueTypeFamily<long, Int64Codec>(8),
        new ValueTypeFamily<ulong, UInt64Codec>(9),
        new ValueTypeFamily<float, SingleCodec>(10),
        new ValueTypeFamily<double, DoubleCodec>(11),
        new ValueTypeFamily<decimal, DecimalCodec>(12),
        new ValueTypeFamily<char, CharCodec>(13),
        new ClassFamily<string, StringCodec>(14),
        new ValueTypeFamily<Guid, GuidCodec>(15),
        new ValueTypeFamily<DateTime, DateTimeCodec>(16),
        new ValueTypeFamily<DateTimeOffset, DateTimeOffsetCodec>(17),
        new ValueTypeFamily<DateOnly, DateOnlyCodec>(18),
        new ValueTypeFamily<TimeOnly, TimeOnlyCodec>(19),
        new ValueTypeFamily<TimeSpan, TimeSpanCodec>(20),
        new ValueTypeFamily<BigInteger, BigIntegerCodec>(21),
        new ClassFamily<IPAddress, IPAddressCodec>(22),
        new ValueTypeFamily<IPNetwork, IPNetworkCodec>(23),
        new ValueTypeFamily<NpgsqlInet, InetCodec>(24),
#pragma warning disable CS0618 // Npgsql prefers IPNetwork, and goes on mapping this one.
        new ValueTypeFamily<NpgsqlCidr, CidrCodec>(25),
#pragma warning restore CS0618
        new ClassFamily<PhysicalAddress, PhysicalAddressCodec>(26),
        new ClassFamily<BitArray, BitArrayCodec>(27),
        new ClassFamily<Dictionary<string, string?>, DictionaryCodec>(28),
        new ClassFamily<ImmutableDictionary<string, string?>, ImmutableDictionaryCodec>(29),
        new ClassFamily<byte[], BytesCodec>(30),
        new ClassFamily<JsonDocument, JsonDocumentCodec>(31),
        new ValueTypeFamily<JsonElement, JsonElementCodec>(32),
        new ValueTypeFamily<NpgsqlPoint, PointCodec>(33),
        new ValueTypeFamily<NpgsqlBox, BoxCodec>(34),
        new ValueTypeFamily<NpgsqlCircle, CircleCodec>(35),
        new ValueTypeFamily<NpgsqlLine, LineCodec>(36),
        new ValueTypeFamily<NpgsqlLSeg, SegmentCodec>(37),
        new ValueTypeFamily<NpgsqlPath, PathCodec>(38),
        new ValueTypeFamily<NpgsqlPolygon, PolygonCodec>(39),
        new ValueTypeFamily<NpgsqlCube, CubeCodec>(54),
        new ClassFamily<NpgsqlTsQuery, TsQueryCodec>(55),
        new ValueTypeFamily<NpgsqlLogSequenceNumber, LogSequenceNumberCodec>(56),
        new ValueTypeFamily<NpgsqlTid, TidCodec>(57),
        new ValueTypeFamily<NpgsqlInterval, IntervalCodec>(58),
        new ValueTypeFamily<NpgsqlRange<int>, RangeCodec<int, Int32Codec>>(60),
        new ValueTypeFamily<NpgsqlRange<long>, RangeCodec<long, Int64Codec>>(61),
        new ValueTypeFamily<NpgsqlRange<decimal>, RangeCodec<decimal, DecimalCodec>>(62),
        new ValueTypeFamily<NpgsqlRange<DateTime>, RangeCodec<DateTime, DateTimeCodec>>(63),
        new ValueTypeFamily<NpgsqlRange<DateTimeOffset>, RangeCodec<DateTimeOffset, DateTimeOffsetCodec>>(64),
        new ValueTypeFamily<NpgsqlRange<DateOnly>, RangeCodec<DateOnly, DateOnlyCodec>>(65),
        new ValueTypeFamily<NpgsqlRange<double>, RangeCodec<double, DoubleCodec>>(66),
        new ValueTypeFamily<NpgsqlRange<float>, RangeCodec<float, SingleCodec>>(67),
        new ValueTypeFamily<NpgsqlRange<TimeOnly>, RangeCodec<TimeOnly, TimeOnlyCodec>>(68),
        new ValueTypeFamily<NpgsqlRange<TimeSpan>, RangeCodec<TimeSpan, TimeSpanCodec>>(69),
        new ValueTypeFamily<NpgsqlRange<BigInteger>, RangeCodec<BigInteger, BigIntegerCodec>>(84),
    ];
}
