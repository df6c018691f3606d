using System.Diagnostics;
using FraiseQL.EfCore.State.Benchmarks.Harness;
using FraiseQL.EfCore.State.Benchmarks.World;
using Microsoft.EntityFrameworkCore;

namespace FraiseQL.EfCore.State.Benchmarks.Cases;

/// <summary>SaveChangesAsync of one changed row through this library, beside plain EF on the same table and on one without triggers.</summary>
internal sealed class Save : IBenchmark
{
    private const string Plain = "plain EF, no triggers";
    private const string Triggers = "plain EF, triggers";
    private const string Saved = "this library";
    private const string Described = "this library, context of the write";

    public string Id => "SAVE";

    public string Title => "SaveChangesAsync of one changed row";

    public async Task<IReadOnlyList<Figure>> RunAsync(BenchWorld world, Effort effort)
    {
        var node = await world.NodeAsync();
        await using var plain = new BlogContext(BenchWorld.Options(await world.WithoutTriggersAsync(), state: false));
        await using var triggers = world.Plain();
        await using var saved = node.Context();
        await using var described = node.Context();
        return await new Comparison(
                Variant.Async(Plain, await WriterAsync(plain, 1)),
                Variant.Async(Triggers, await WriterAsync(triggers, 2)),
                Variant.Async(Saved, await WriterAsync(saved, 3)),
                Variant.Async(Described, InActivity(await WriterAsync(described, 4))))
            .With(
                Goal.Ratio(Saved, Metric.Wall, Plain, 1.25), Goal.Ratio(Saved, Metric.Wall, Triggers, 1.05),
                Goal.Ratio(Described, Metric.Wall, Triggers, 1.05))
            .RunAsync(effort);
    }

    private static Func<int, Task> InActivity(Func<int, Task> write) => async i =>
    {
        using var activity = new Activity("save").Start();
        await write(i);
    };

    private static async Task<Func<int, Task>> WriterAsync(BlogContext context, int id)
    {
        await context.Database.OpenConnectionAsync();
        var post = await context.Posts.SingleAsync(p => p.Id == id);
        return async _ =>
        {
            post.Views++;
            await context.SaveChangesAsync();
        };
    }
}
