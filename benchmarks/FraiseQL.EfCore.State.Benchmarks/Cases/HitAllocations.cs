using FraiseQL.EfCore.State.Benchmarks.Harness;
using FraiseQL.EfCore.State.Benchmarks.World;
using Microsoft.EntityFrameworkCore;

namespace FraiseQL.EfCore.State.Benchmarks.Cases;

/// <summary>Which types HIT-1 allocates, beside hook A and beside the compiled query: where to look for bytes. Sampled, so not exact.</summary>
internal sealed class HitAllocations : IBenchmark
{
    private static readonly Func<BlogContext, int, IAsyncEnumerable<Post>> s_compiled = EF.CompileAsyncQuery(
        (BlogContext db, int id) => db.Posts.AsNoTracking().Where(p => p.Id == id).Cacheable(TimeSpan.FromHours(1)));

    public string Id => "HIT-ALLOC";

    public string Title => "what HIT-1 allocates, by type, bytes an operation (sampled)";

    public bool OnlyByName => true;

    public async Task<IReadOnlyList<Figure>> RunAsync(BenchWorld world, Effort effort)
    {
        var node = await world.NodeAsync();
        await using var hooked = world.Plain(new HookA());
        await using var cached = node.Context();
        var operations = effort.Quick ? 100_000 : 400_000;
        var hook = await SampleAsync(operations, n => BlogQueries.One(hooked, n).ToListAsync());
        var ours = await SampleAsync(operations, n => BlogQueries.One(cached, n).Cacheable(BlogQueries.Ttl).ToListAsync());
        var compiled = await SampleAsync(operations, async n =>
        {
            await foreach (var post in s_compiled(cached, BlogQueries.Key(n)))
            {
                GC.KeepAlive(post);
            }
        });
        return
        [
            .. Figures("cached", ours, "hook A", hook),
            .. Figures("hook A only", hook.Where(h => !ours.ContainsKey(h.Key)).ToDictionary(), null, []),
            .. Figures("compiled", compiled, null, []),
        ];
    }

    private static IEnumerable<Figure> Figures(
        string variant, Dictionary<string, double> mine, string? against, Dictionary<string, double> other)
        => mine.Where(m => m.Value >= 10).OrderByDescending(m => m.Value - other.GetValueOrDefault(m.Key)).Select(m => new Figure(
            variant, m.Key, m.Value, "B", against, other.TryGetValue(m.Key, out var theirs) ? m.Value / theirs : null));

    private static async Task<Dictionary<string, double>> SampleAsync(int operations, Func<int, Task> operation)
    {
        for (var n = 0; n < 5000; n++)
        {
            await operation(n);
        }

        using var sampler = new AllocationSampler { IsOn = true };
        for (var n = 0; n < operations; n++)
        {
            await operation(n);
        }

        sampler.IsOn = false;
        return sampler.Bytes.ToDictionary(b => b.Key, b => (double)b.Value / operations);
    }
}
