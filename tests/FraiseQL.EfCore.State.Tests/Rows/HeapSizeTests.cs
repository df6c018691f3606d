using System.Buffers;
using FraiseQL.EfCore.State.Cache;
using FraiseQL.EfCore.State.NodaTime;
using FraiseQL.EfCore.State.Rows;

namespace FraiseQL.EfCore.State.Tests.Rows;

/// <summary>L1 is bounded by what row sets say they take, so they must say it as the runtime counts it.</summary>
[Feature("S1.1-l1-size")]
public sealed class HeapSizeTests
{
    private const int Copies = 200;

    public HeapSizeTests() => NodaTimeFamilies.Register();

    public static TheoryData<int> Values()
    {
        var data = new TheoryData<int>();
        for (var i = 0; i < SampleValues.All.Count; i++)
        {
            data.Add(i);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Values))]
    public void A_row_set_counts_its_bytes_as_the_runtime_does(int index)
    {
        var value = SampleValues.All[index];
        Assert.True(ColumnKind.TryGet(SampleValues.TypeOf(value), out var kind));
        var bytes = new ArrayBufferWriter<byte>();
        var writer = new ByteWriter(bytes);
        for (var i = 0; i < Copies; i++)
        {
            kind.WriteValue(ref writer, value);
        }

        writer.Flush();
        Read(kind, bytes.WrittenSpan);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var column = Read(kind, bytes.WrittenSpan);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        // Less than what was allocated, as reading needs some of it only for a moment; more than a tenth too little would let L1 grow over its bound.
        Assert.InRange(column.HeapSize, Kept(value, allocated), (allocated * 1.15) + 64);
    }

    private static double Kept(object value, long allocated) => value switch
    {
        // Their text passes through other buffers on its way.
        System.Text.Json.JsonDocument or System.Text.Json.JsonElement or System.Text.Json.JsonDocument[] => allocated * 0.2,

        // What their constructors throw away.
        System.Numerics.BigInteger or System.Collections.BitArray or System.Collections.BitArray[] or NpgsqlTypes.NpgsqlPath or NpgsqlTypes.NpgsqlPolygon or NpgsqlTypes.NpgsqlCube
            or System.Net.NetworkInformation.PhysicalAddress or global::NodaTime.Period or global::NodaTime.Period[] or System.Collections.Immutable.ImmutableDictionary<string, string?>
            or NpgsqlTypes.NpgsqlTsQuery or NpgsqlTypes.NpgsqlRange<int> or NpgsqlTypes.NpgsqlRange<decimal> or DayOfWeek or DayOfWeek[] => 0,
        _ => (allocated * 0.8) - 64,
    };

    private static RowColumn Read(ColumnKind kind, ReadOnlySpan<byte> bytes)
    {
        var reader = new ByteReader(bytes);
        return kind.Read(ref reader, Copies, null)!;
    }
}
