using System.Buffers;
using System.Collections;
using System.Collections.ObjectModel;
using System.Text.Json;
using FraiseQL.EfCore.State.Cache;
using FraiseQL.EfCore.State.EventLog;
using FraiseQL.EfCore.State.NodaTime;
using FraiseQL.EfCore.State.Rows;
using NodaTime;
using NpgsqlTypes;

namespace FraiseQL.EfCore.State.Tests.Rows;

[Feature("S0-cache-is-optimization")]
public sealed class ColumnKindTests
{
    public ColumnKindTests() => NodaTimeFamilies.Register();

    [Fact]
    public void Every_type_comes_back_exactly_from_its_bytes()
    {
        var entry = Entry(SampleValues.All);
        Assert.True(entry.Rows.IsShareable);
        var back = Read(Bytes(entry));
        Assert.NotSame(EntrySerializer.Rejected, back);
        for (var i = 0; i < SampleValues.All.Count; i++)
        {
            Assert.Same(entry.Rows.Columns[i].Kind, back.Rows.Columns[i].Kind);
            Assert.Equal(Show(SampleValues.All[i]), Show(back.Rows.Columns[i].GetObject(0)));
            Assert.Equal(DBNull.Value, back.Rows.Columns[i].GetObject(1));
            Assert.Equal(entry.Rows.Columns[i].GetObject(2).GetType(), back.Rows.Columns[i].GetObject(2).GetType());
        }

        // The same bytes again: nothing was lost that the text of a value does not show.
        Assert.Equal(Convert.ToHexString(Bytes(entry)), Convert.ToHexString(Bytes(WithHeaderOf(entry, back))));
    }

    [Fact]
    public void A_payload_with_the_kinds_added_to_version_1_is_read_for_ever()
        => Approved.Match(Convert.ToHexString(Bytes(Entry(SampleValues.All))), "entry-v1-kinds");

    [Fact]
    public void Every_truncation_and_any_changed_byte_of_any_kind_is_a_miss_or_an_entry_and_never_an_exception()
    {
        var random = new Random(20261122);
        foreach (var value in SampleValues.All)
        {
            var bytes = Bytes(Entry([value]));
            for (var length = 0; length < bytes.Length; length++)
            {
                Assert.Same(EntrySerializer.Rejected, Read(bytes.AsSpan(0, length).ToArray()));
            }

            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < 1_000; i++)
            {
                var hostile = (byte[])bytes.Clone();
                for (var changes = random.Next(1, 4); changes > 0; changes--)
                {
                    hostile[random.Next(3, hostile.Length)] = (byte)random.Next(256);
                }

                Assert.NotNull(Read(hostile));
            }

            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 60_000_000);
        }
    }

    [Fact]
    public void A_kind_by_name_is_found_only_if_a_query_of_this_process_reads_it()
    {
        var buffer = new ArrayBufferWriter<byte>();
        var writer = new ByteWriter(buffer);
        writer.WriteCount(TypeFamily.Named);
        writer.WriteString("System.Diagnostics.Process, System.Diagnostics.Process");
        writer.Flush();
        var reader = new ByteReader(buffer.WrittenSpan);
        Assert.Null(ColumnKind.ReadKind(ref reader));
    }

    [Fact]
    public void Numbers_of_kinds_are_unique_and_are_found_again()
    {
        var seen = new HashSet<int>();
        foreach (var number in Enumerable.Range(1, TypeFamily.Named - 1).Where(n => n is not (>= 40 and <= 53) and not (>= 70 and <= 83)))
        {
            foreach (var form in Enum.GetValues<TypeForm>())
            {
                var id = TypeFamily.IdOf(number, form);
                if (ColumnKinds.ById(id) is { } kind)
                {
                    Assert.Equal(id, kind.Id);
                    Assert.True(seen.Add(id), $"{id} is used twice");
                    Assert.Same(kind, ColumnKinds.Of(kind.ClrType));
                }
            }
        }

        Assert.InRange(seen.Count, 200, 1000);
    }

    [Fact]
    public void What_can_be_changed_is_another_object_for_each_caller()
    {
        object[] values =
        [
            .. SampleValues.All, new Queue<int>([1]), new ObservableCollection<string> { "a" }, new Poco { Inner = new Poco(), Numbers = { 1 } }, new List<Poco> { new() },
            new Dictionary<string, Poco> { ["a"] = new() },
        ];
        var rows = Entry(values).Rows;
        for (var i = 0; i < values.Length; i++)
        {
            var (one, two) = (rows.Columns[i].GetObject(0), rows.Columns[i].GetObject(0));
            Assert.Equal(Show(values[i]), Show(one));
            if (!values[i].GetType().IsValueType && !Structure.IsImmutable(values[i].GetType()) && values[i] is not System.Collections.Immutable.ImmutableDictionary<string, string?>)
            {
                Assert.NotSame(one, two);
            }
        }
    }

    [Fact]
    public void A_copied_object_shares_nothing_that_can_be_changed_and_keeps_what_it_shared_inside()
    {
        var inner = new Poco { Name = "inner" };
        var poco = new Poco { Name = "outer", Inner = inner, Again = inner, Numbers = { 1, 2 }, Words = { ["a"] = "b" } };
        var column = Entry([poco]).Rows.Columns[0];
        var copy = (Poco)column.GetObject(0);
        copy.Inner!.Name = "changed";
        copy.Numbers.Add(3);
        copy.Words["a"] = "changed";
        copy.Words["c"] = "d";
        Assert.Same(copy.Inner, copy.Again);
        Assert.Equal("d", copy.Words["c"]);

        // The caller of the query has the original, and may change it too.
        poco.Numbers.Clear();
        var next = (Poco)column.GetObject(0);
        Assert.Equal(("outer", "inner", 2, "b", 1), (next.Name, next.Inner!.Name, next.Numbers.Count, next.Words["a"], next.Words.Count));
    }

    [Fact]
    public void A_type_is_shared_only_if_nobody_can_change_it_and_copied_only_if_a_copy_is_the_same()
    {
        Type[] immutable = [typeof(int), typeof(string), typeof(DayOfWeek), typeof((int, string)), typeof(Fixed), typeof(Period), typeof(Instant), typeof(NpgsqlRange<Instant>), typeof(Version)];
        Assert.All(immutable, t => Assert.True(Structure.IsImmutable(t), t.Name));
        Type[] mutable = [typeof(int[]), typeof((int, int[])), typeof(Poco), typeof(OpenFixed), typeof(object), typeof(IEnumerable), typeof(Action), typeof(nint), typeof(ZonedDateTime)];
        Assert.All(mutable, t => Assert.False(Structure.IsImmutable(t), t.Name));
        Type[] copyable = [typeof(Poco), typeof(List<Poco>), typeof(Dictionary<string, Poco>), typeof(Poco[,]), typeof(OpenFixed)];
        Assert.All(copyable, t => Assert.True(Structure.IsCopyable(t), t.Name));
        Type[] refused =
        [
            typeof(object), typeof(List<object>), typeof(Dictionary<Poco, int>), typeof(HashSet<Poco>), typeof(Action), typeof(WithAction), typeof(Stream), typeof(ZonedDateTime), typeof(DateTimeZone),
            typeof(System.Text.Json.Nodes.JsonNode), typeof(IComparable), typeof(Singleton),
        ];
        Assert.All(refused, t => Assert.False(Structure.IsCopyable(t) || Structure.IsImmutable(t), t.Name));
        Assert.All(refused, t => Assert.False(ColumnKind.TryGet(t, out _) && t != typeof(ZonedDateTime), t.Name));
    }

    [Fact]
    public void Without_a_codec_a_type_that_nobody_can_change_is_kept_in_its_process_only()
    {
        foreach (var type in (Type[])[typeof(Instant), typeof(Period), typeof(Interval), typeof(LocalDate)])
        {
            var family = DynamicFamilies.TryCreate(type);
            Assert.False(family!.Create(TypeForm.Single)!.IsShareable);
            Assert.False(family.Create(TypeForm.Array)!.IsShareable);
        }

        Assert.Null(DynamicFamilies.TryCreate(typeof(ZonedDateTime)));
    }

    [Fact]
    public void Equal_neighbours_in_a_column_of_texts_are_one_object_in_memory_and_from_bytes()
    {
        var entry = Entry(Enumerable.Range(0, 100).Select(i => new object?[] { new string('x', 10 + (i / 50)), new string((char)('a' + (i % 26)), 5) }).ToArray());
        foreach (var rows in (RowSet[])[entry.Rows, Read(Bytes(entry)).Rows])
        {
            Assert.Same(rows.Columns[0].GetObject(0), rows.Columns[0].GetObject(49));
            Assert.NotSame(rows.Columns[0].GetObject(49), rows.Columns[0].GetObject(50));
            Assert.Equal(new string('b', 5), rows.Columns[1].GetObject(27));
        }

        Assert.Equal(entry.Rows.Columns[0].HeapSize, Read(Bytes(entry)).Rows.Columns[0].HeapSize);
    }

    private static CachedEntry Entry(IReadOnlyList<object> values) => Entry([[.. values], new object?[values.Count], [.. values]]);

    private static CachedEntry Entry(object?[][] rows)
    {
        var kinds = new ColumnKind[rows[0].Length];
        for (var i = 0; i < kinds.Length; i++)
        {
            Assert.True(ColumnKind.TryGet(SampleValues.TypeOf(rows[0][i]!), out var kind), rows[0][i]!.GetType().ToString());
            kinds[i] = kind!;
        }

        // What a reader gives belongs to who asked: a document is disposed once it is kept.
        using var reader = new ObjectReader([.. rows.Select(r => r.Select(Fresh).ToArray())]);
        var builder = new RowSetBuilder(kinds, reader, null);
        while (reader.Read())
        {
            builder.Append(reader);
        }

        return new CachedEntry(
            builder.Build(), new PgSnapshot(10, 20, [10, 15]), new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero), TimeSpan.FromMinutes(5), 3);
    }

    private static object? Fresh(object? value) => value switch
    {
        JsonDocument document => JsonDocument.Parse(document.RootElement.GetRawText()),
        JsonDocument[] documents => documents.Select(d => JsonDocument.Parse(d.RootElement.GetRawText())).ToArray(),
        _ => value,
    };

    private static CachedEntry WithHeaderOf(CachedEntry header, CachedEntry rows) => new(rows.Rows, header.Snapshot, header.CreatedAt, header.Ttl, 3);

    private static string Show(object? value) => value switch
    {
        JsonDocument document => document.RootElement.GetRawText(),
        JsonElement element => element.GetRawText(),
        string or NpgsqlTsQuery => value.ToString()!,
        NpgsqlCube cube => cube.ToString(),
        System.Net.IPAddress address => address.ToString(),
        IEnumerable list when value.GetType().Namespace != "NodaTime" => value.GetType().Name + "[" + string.Join(", ", list.Cast<object?>().Select(Show)) + "]",
        null => "null",
        _ => value + " " + value.GetType(),
    };

    private static byte[] Bytes(CachedEntry entry)
    {
        var buffer = new ArrayBufferWriter<byte>();
        new EntrySerializer().Serialize(entry, buffer);
        return buffer.WrittenSpan.ToArray();
    }

    private static CachedEntry Read(byte[] bytes) => new EntrySerializer().Deserialize(new ReadOnlySequence<byte>(bytes));

    private sealed class Poco
    {
        public string Name { get; set; } = "";

        public List<int> Numbers { get; init; } = [];

        public Dictionary<string, string> Words { get; init; } = new(StringComparer.OrdinalIgnoreCase);

        public Poco? Inner { get; set; }

        public Poco? Again { get; set; }

        public override string ToString() => $"{Name} {Numbers.Count} {Words.Count} {Inner}";
    }

    private sealed record Fixed(string Name, int? Number, (int, string) Pair, Fixed? Next);

#pragma warning disable CA1852 // Open on purpose.
    private record OpenFixed(string Name);
#pragma warning restore CA1852

    private sealed class WithAction
    {
        public Action? Action { get; set; }
    }

    private sealed class Singleton
    {
        public static readonly Singleton Instance = new();

        private int _state;

        private Singleton() => _state = 1;

        public int State => _state++;
    }
}
