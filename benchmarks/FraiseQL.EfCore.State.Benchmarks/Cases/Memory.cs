using System.Buffers;
using System.Globalization;
using FraiseQL.EfCore.State.Benchmarks.Harness;
using FraiseQL.EfCore.State.Benchmarks.World;
using FraiseQL.EfCore.State.Cache;
using FraiseQL.EfCore.State.EventLog;
using FraiseQL.EfCore.State.Keys;
using FraiseQL.EfCore.State.Rows;
using Microsoft.Extensions.Logging.Abstractions;

namespace FraiseQL.EfCore.State.Benchmarks.Cases;

/// <summary>What an entry costs beyond its columns, as the garbage collector sees it, and what the bound of L1 believes it costs.</summary>
internal sealed class Memory : IBenchmark
{
    private const int Entries = 1000;

    public string Id => "MEM";

    public string Title => "bytes on the heap per cached entry, 1 and 20 rows of 9 columns";

    public async Task<IReadOnlyList<Figure>> RunAsync(BenchWorld world, Effort effort)
    {
        List<Figure> figures = [];
        foreach (var rows in (int[])[1, 20])
        {
            var payloads = new byte[Entries][];
            var serializer = new EntrySerializer();
            for (var i = 0; i < Entries; i++)
            {
                var (read, _) = await PostRows.ReadAsync(world.ConnectionString, rows, i * rows);
                var buffer = new ArrayBufferWriter<byte>();
                serializer.Serialize(new CachedEntry(read, new PgSnapshot(1000, 1000, []), TimeProvider.System.GetUtcNow(), TimeSpan.FromHours(1), 0), buffer);
                payloads[i] = buffer.WrittenSpan.ToArray();
            }

            figures.AddRange(Measure($"{rows} rows", payloads));
        }

        return figures;
    }

    private static IEnumerable<Figure> Measure(string name, byte[][] payloads)
    {
        var sets = new RowSet[Entries];
        var entries = new CachedEntry[Entries];

        // Once without counting: what is made once for all must not look like a part of an entry.
        Fill(payloads, sets, entries, new CacheOptions());
        Array.Clear(sets);
        Array.Clear(entries);
        var empty = GC.GetTotalMemory(forceFullCollection: true);
        for (var i = 0; i < Entries; i++)
        {
            sets[i] = Read(payloads[i]).Rows;
        }

        var withRows = GC.GetTotalMemory(forceFullCollection: true);
        var data = sets.Sum(s => s.Columns.Sum(c => c.HeapSize - RowColumn.ObjectSize)) / (double)Entries;
        var claimedRows = sets.Average(s => (double)s.HeapSize);
        Array.Clear(sets);
        var store = Fill(payloads, sets, entries, new CacheOptions());
        Array.Clear(sets);
        Array.Clear(entries);
        var withEntries = GC.GetTotalMemory(forceFullCollection: true);
        var claimed = store.Memory.Bytes / (double)store.Memory.Count;
        var (row, entry) = ((withRows - empty) / (double)Entries, (withEntries - empty) / (double)Entries);
        GC.KeepAlive(store);
        store.Dispose();
        var limit = 350 + (data / 10);
        yield return new Figure(name, "values: slots, bitmaps, texts", data, "B");
        yield return new Figure(name, "row set", row, "B", "values", row / data);
        yield return new Figure(name, "entry in L1", entry, "B", "values", entry / data);
        yield return new Figure(name, "entry beyond its row set", entry - row, "B", Goal: string.Create(CultureInfo.InvariantCulture, $"<= {limit:0} B"), Met: entry - row <= limit);
        yield return new Figure(name, "entry beyond its values", entry - data, "B");
        yield return new Figure(name, "row set as counted", claimedRows, "B", "row set", claimedRows / row);
        yield return new Figure(name, "entry as counted by L1", claimed, "B", "entry in L1", claimed / entry);
    }

    private static EntryStore Fill(byte[][] payloads, RowSet[] sets, CachedEntry[] entries, CacheOptions options)
    {
        var store = new EntryStore(options, null, TimeProvider.System, NullLoggerFactory.Instance);
        for (var i = 0; i < Entries; i++)
        {
            var bytes = new byte[120];
            BitConverter.TryWriteBytes(bytes, i);
            entries[i] = Read(payloads[i]);
            sets[i] = entries[i].Rows;
            store.StoreInL1(new CacheKey(bytes, i, [1, 2], null, [3]), entries[i]);
        }

        return store;
    }

    private static CachedEntry Read(byte[] payload) => new EntrySerializer().Deserialize(new ReadOnlySequence<byte>(payload));
}
