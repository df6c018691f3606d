using System.Collections.Frozen;

namespace FraiseQL.EfCore.State.Rows;

/// <summary>Every type that a cached column can have. The numbers are part of the L2 payload.</summary>
internal static class ColumnKinds
{
    private static readonly ColumnKind[] s_all =
    [
        new ColumnKind<bool, BooleanCodec>(1),
        new ColumnKind<byte, ByteCodec>(2),
        new ColumnKind<sbyte, SByteCodec>(3),
        new ColumnKind<short, Int16Codec>(4),
        new ColumnKind<ushort, UInt16Codec>(5),
        new ColumnKind<int, Int32Codec>(6),
        new ColumnKind<uint, UInt32Codec>(7),
        new ColumnKind<long, Int64Codec>(8),
        new ColumnKind<ulong, UInt64Codec>(9),
        new ColumnKind<float, SingleCodec>(10),
        new ColumnKind<double, DoubleCodec>(11),
        new ColumnKind<decimal, DecimalCodec>(12),
        new ColumnKind<char, CharCodec>(13),
        new ColumnKind<string, StringCodec>(14),
        new ColumnKind<Guid, GuidCodec>(15),
        new ColumnKind<DateTime, DateTimeCodec>(16),
        new ColumnKind<DateTimeOffset, DateTimeOffsetCodec>(17),
        new ColumnKind<DateOnly, DateOnlyCodec>(18),
        new ColumnKind<TimeOnly, TimeOnlyCodec>(19),
        new ColumnKind<TimeSpan, TimeSpanCodec>(20),
        new ColumnKind<byte[], BytesCodec>(30),
        new ColumnKind<bool[], ArrayCodec<bool, BooleanCodec>>(40),
        new ColumnKind<short[], ArrayCodec<short, Int16Codec>>(41),
        new ColumnKind<int[], ArrayCodec<int, Int32Codec>>(42),
        new ColumnKind<long[], ArrayCodec<long, Int64Codec>>(43),
        new ColumnKind<float[], ArrayCodec<float, SingleCodec>>(44),
        new ColumnKind<double[], ArrayCodec<double, DoubleCodec>>(45),
        new ColumnKind<decimal[], ArrayCodec<decimal, DecimalCodec>>(46),
        new ColumnKind<string[], ArrayCodec<string, StringCodec>>(47),
        new ColumnKind<Guid[], ArrayCodec<Guid, GuidCodec>>(48),
        new ColumnKind<DateTime[], ArrayCodec<DateTime, DateTimeCodec>>(49),
        new ColumnKind<DateTimeOffset[], ArrayCodec<DateTimeOffset, DateTimeOffsetCodec>>(50),
        new ColumnKind<DateOnly[], ArrayCodec<DateOnly, DateOnlyCodec>>(51),
        new ColumnKind<TimeOnly[], ArrayCodec<TimeOnly, TimeOnlyCodec>>(52),
        new ColumnKind<TimeSpan[], ArrayCodec<TimeSpan, TimeSpanCodec>>(53),
        new ColumnKind<List<bool>, ListCodec<bool, BooleanCodec>>(70),
        new ColumnKind<List<short>, ListCodec<short, Int16Codec>>(71),
        new ColumnKind<List<int>, ListCodec<int, Int32Codec>>(72),
        new ColumnKind<List<long>, ListCodec<long, Int64Codec>>(73),
        new ColumnKind<List<float>, ListCodec<float, SingleCodec>>(74),
        new ColumnKind<List<double>, ListCodec<double, DoubleCodec>>(75),
        new ColumnKind<List<decimal>, ListCodec<decimal, DecimalCodec>>(76),
        new ColumnKind<List<string>, ListCodec<string, StringCodec>>(77),
        new ColumnKind<List<Guid>, ListCodec<Guid, GuidCodec>>(78),
        new ColumnKind<List<DateTime>, ListCodec<DateTime, DateTimeCodec>>(79),
        new ColumnKind<List<DateTimeOffset>, ListCodec<DateTimeOffset, DateTimeOffsetCodec>>(80),
        new ColumnKind<List<DateOnly>, ListCodec<DateOnly, DateOnlyCodec>>(81),
        new ColumnKind<List<TimeOnly>, ListCodec<TimeOnly, TimeOnlyCodec>>(82),
        new ColumnKind<List<TimeSpan>, ListCodec<TimeSpan, TimeSpanCodec>>(83),
    ];

    public static readonly FrozenDictionary<Type, ColumnKind> ByType = s_all.ToFrozenDictionary(k => k.ClrType);

    public static readonly FrozenDictionary<byte, ColumnKind> ById = s_all.ToFrozenDictionary(k => k.Id);
}
