using System.Buffers;
using System.Data;
using FraiseQL.EfCore.State.Cache;
using FraiseQL.EfCore.State.EventLog;
using FraiseQL.EfCore.State.Rows;

namespace FraiseQL.EfCore.State.Tests.Cache;

[Feature("S0-cache-is-optimization")]
public sealed class EntrySerializerTests
{
    private static readonly object[] s_values =
    [
        true, (byte)200, (sbyte)-3, (short)-300, (ushort)60000, -5, 4_000_000_000u, long.MinValue, ulong.MaxValue, 1.5f, double.NaN, 1.00m, 'ß',
        "text \u0001 ✓ 😀 ", Guid.Parse("11112222-3333-4444-5555-666677778888"), new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc),
        new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.FromHours(-7)), new DateOnly(2026, 1, 2), new TimeOnly(3, 4, 5), TimeSpan.FromTicks(-7),
        new byte[] { 1, 2, 255 }, new[] { 1, 2, 3 }, new[] { "a", null!, "" }, new List<long> { 4, 5 }, new List<string> { "x" },
    ];

    [Fact]
    public void Every_kind_of_column_comes_back_exactly_and_null_stays_null()
    {
        var entry = Sample();
        var back = RoundTrip(entry);
        Assert.Equal(entry.Snapshot, back.Snapshot);
        Assert.Equal((entry.CreatedAt, entry.Ttl), (back.CreatedAt, back.Ttl));
        Assert.Equal(CachedEntry.NeverValidated, back.ValidatedEpoch);
        Assert.Equal(entry.Rows.Names, back.Rows.Names);
        for (var i = 0; i < entry.Rows.Columns.Length; i++)
        {
            Assert.Equal(entry.Rows.Columns[i].Kind, back.Rows.Columns[i].Kind);
            for (var row = 0; row < entry.Rows.RowCount; row++)
            {
                Assert.Equal(entry.Rows.Columns[i].GetObject(row), back.Rows.Columns[i].GetObject(row));
            }
        }

        var date = (DateTime)back.Rows.Columns[15].GetObject(0);
        Assert.Equal(DateTimeKind.Utc, date.Kind);
        Assert.Equal(2, ((decimal)back.Rows.Columns[11].GetObject(0)).Scale);
    }

    [Fact]
    public void Values_that_can_be_changed_are_copies_each_time()
    {
        var column = Sample().Rows.Columns[20];
        ((byte[])column.GetObject(0))[0] = 99;
        Assert.Equal(new byte[] { 1, 2, 255 }, column.GetObject(0));
    }

    [Fact]
    public void Every_truncation_and_any_changed_byte_is_a_miss_or_an_entry_and_never_an_exception()
    {
        var bytes = Bytes(Sample());
        for (var length = 0; length < bytes.Length; length++)
        {
            Assert.Same(EntrySerializer.Rejected, Read(bytes.AsSpan(0, length).ToArray()));
        }

        var random = new Random(20261122);
        for (var i = 0; i < 20_000; i++)
        {
            var hostile = (byte[])bytes.Clone();
            for (var changes = random.Next(1, 4); changes > 0; changes--)
            {
                hostile[random.Next(3, hostile.Length)] = (byte)random.Next(256);
            }

            Assert.NotNull(Read(hostile));
        }
    }

    [Fact]
    public void Random_bytes_cost_no_memory_and_no_exception()
    {
        var random = new Random(1);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 2_000; i++)
        {
            var hostile = new byte[random.Next(200)];
            random.NextBytes(hostile);
            if (hostile.Length > 3)
            {
                (hostile[0], hostile[1], hostile[2]) = ((byte)'F', (byte)'Q', EntrySerializer.Version);
            }

            Assert.NotNull(Read(hostile));
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 50_000_000);
    }

    [Fact]
    public void A_payload_of_version_1_is_read_for_ever()
        => Approved.Match(Convert.ToHexString(Bytes(Sample())), "entry-v1");

    [Fact]
    public void A_split_querys_results_come_back_together_and_a_changed_byte_is_a_miss_or_an_entry()
    {
        var rows = Sample().Rows;
        var plan = Enumerable.Range(0, 32).Select(i => (byte)i).ToArray();
        var bundle = new QueryBundle(new PgSnapshot(11, 21, [15]), ["public.a", "public.b"], [1, CellHash.CellCount - 1], null, [7], [new BundlePart(plan, rows), new BundlePart([.. plan.Reverse()], rows)]);
        var bytes = Bytes(new CachedEntry(rows, new PgSnapshot(10, 20, []), DateTimeOffset.UnixEpoch, TimeSpan.FromMinutes(1), 1, bundle));
        Assert.Equal(EntrySerializer.BundleVersion, bytes[2]);
        var back = Read(bytes).Bundle!;
        Assert.Equal(bundle.Seen, back.Seen);
        Assert.Equal(bundle.Relations, back.Relations);
        Assert.Equal(bundle.Cells, back.Cells);
        Assert.Equal(bundle.PendingCells, back.PendingCells);
        Assert.Equal(rows.RowCount, back.Find(plan)!.RowCount);
        Assert.Null(back.Find(new byte[32]));
        for (var length = 0; length < bytes.Length; length++)
        {
            Assert.Same(EntrySerializer.Rejected, Read(bytes.AsSpan(0, length).ToArray()));
        }

        var random = new Random(20261122);
        for (var i = 0; i < 5_000; i++)
        {
            var hostile = (byte[])bytes.Clone();
            hostile[random.Next(3, hostile.Length)] = (byte)random.Next(256);
            Assert.NotNull(Read(hostile));
        }
    }

    private static CachedEntry Sample()
    {
        using var table = new DataTable();
        var kinds = new ColumnKind[s_values.Length];
        for (var i = 0; i < s_values.Length; i++)
        {
            Assert.True(ColumnKind.TryGet(s_values[i].GetType(), out var kind), s_values[i].GetType().Name);
            kinds[i] = kind!;
            var column = table.Columns.Add($"c{i}", s_values[i].GetType());
            if (column.DataType == typeof(DateTime))
            {
                column.DateTimeMode = DataSetDateTime.Utc;
            }
        }

        table.Rows.Add(s_values);
        table.Rows.Add(Enumerable.Repeat<object>(DBNull.Value, s_values.Length).ToArray());
        table.Rows.Add(s_values);
        using var reader = table.CreateDataReader();
        var builder = new RowSetBuilder(kinds, reader, null);
        while (reader.Read())
        {
            builder.Append(reader);
        }

        return new CachedEntry(
            builder.Build(), new PgSnapshot(10, 20, [10, 15]), new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero), TimeSpan.FromMinutes(5), 3);
    }

    private static byte[] Bytes(CachedEntry entry)
    {
        var buffer = new ArrayBufferWriter<byte>();
        new EntrySerializer().Serialize(entry, buffer);
        return buffer.WrittenSpan.ToArray();
    }

    private static CachedEntry Read(byte[] bytes) => new EntrySerializer().Deserialize(new ReadOnlySequence<byte>(bytes));

    private static CachedEntry RoundTrip(CachedEntry entry)
    {
        var back = Read(Bytes(entry));
        Assert.NotSame(EntrySerializer.Rejected, back);
        return back;
    }
}
