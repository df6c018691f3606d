using System.Buffers;
using System.Text.Json;
using FraiseQL.EfCore.State.Benchmarks.Harness;
using FraiseQL.EfCore.State.Benchmarks.World;
using FraiseQL.EfCore.State.Cache;
using FraiseQL.EfCore.State.EventLog;

namespace FraiseQL.EfCore.State.Benchmarks.Cases;

/// <summary>An entry to the bytes of the shared level and back, without the server.</summary>
internal sealed class Codec : IBenchmark
{
    private static readonly EntrySerializer s_serializer = new();

    public string Id => "CODEC";

    public string Title => "20 and 500 rows of 9 columns to the shared level's bytes and back; JSON: System.Text.Json with generated code, the same rows as records";

    public async Task<IReadOnlyList<Figure>> RunAsync(BenchWorld world, Effort effort)
    {
        List<Figure> figures = [];
        foreach (var count in (int[])[20, 500])
        {
            var (rows, objects) = await PostRows.ReadAsync(world.ConnectionString, count);
            var entry = new CachedEntry(rows, new PgSnapshot(1000, 1000, []), DateTimeOffset.UnixEpoch, TimeSpan.FromMinutes(5), 0);
            var buffer = new ArrayBufferWriter<byte>(1024 * 1024);
            s_serializer.Serialize(entry, buffer);
            var bytes = new ReadOnlySequence<byte>(buffer.WrittenSpan.ToArray());
            var json = JsonSerializer.SerializeToUtf8Bytes(objects, PostRowJson.Default.PostRowArray);
            using var output = new MemoryStream(1024 * 1024);
            using var writer = new Utf8JsonWriter(output);
            var (write, read, jsonWrite, jsonRead) = ($"write {count}", $"read {count}", $"JSON write {count}", $"JSON read {count}");
            figures.AddRange(await new Comparison(
                    Variant.Sync(write, _ =>
                    {
                        buffer.ResetWrittenCount();
                        s_serializer.Serialize(entry, buffer);
                    }),
                    Variant.Sync(jsonWrite, _ =>
                    {
                        output.Position = 0;
                        writer.Reset(output);
                        JsonSerializer.Serialize(writer, objects, PostRowJson.Default.PostRowArray);
                    }),
                    Variant.Sync(read, _ => s_serializer.Deserialize(bytes)),
                    Variant.Sync(jsonRead, _ => JsonSerializer.Deserialize(json, PostRowJson.Default.PostRowArray)))
                .With(Goal.Ratio(write, Metric.Cpu, jsonWrite, 0.2), Goal.Ratio(read, Metric.Cpu, jsonRead, 0.2))
                .RunAsync(effort));
            var perRow = (double)bytes.Length / count;
            figures.Add(new Figure(write, "size of a row", perRow, "B", jsonWrite, bytes.Length / (double)json.Length, "<= 175 B", perRow <= 175));
            figures.Add(new Figure(jsonWrite, "size of a row", (double)json.Length / count, "B"));
        }

        return figures;
    }
}
