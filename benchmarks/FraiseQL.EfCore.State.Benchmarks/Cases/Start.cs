using System.Diagnostics;
using System.Globalization;
using FraiseQL.EfCore.State.Benchmarks.Harness;
using FraiseQL.EfCore.State.Benchmarks.World;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;

namespace FraiseQL.EfCore.State.Benchmarks.Cases;

/// <summary>What <c>UseFraiseQLState()</c> adds to the first query of a process, each time a new one, and to the creation of a context.</summary>
internal sealed class Start : IBenchmark
{
    public const string ChildArgument = "--first-query";

    public string Id => "START";

    public string Title => "the first query of a process, and the creation of a context";

    public async Task<IReadOnlyList<Figure>> RunAsync(BenchWorld world, Effort effort)
    {
        var figures = new List<Figure>(await FirstQueriesAsync(world, effort.Quick ? 5 : 31));
        var plain = new PooledDbContextFactory<BlogContext>(BenchWorld.Options(world.ConnectionString, state: false));
        var state = new PooledDbContextFactory<BlogContext>(BenchWorld.Options(world.ConnectionString, state: true));
        var plainOptions = BenchWorld.Options(world.ConnectionString, state: false);
        var stateOptions = BenchWorld.Options(world.ConnectionString, state: true);
        figures.AddRange(await new Comparison(
                Variant.Sync("pooled, plain EF", _ => Use(plain.CreateDbContext())),
                Variant.Sync("pooled, with state", _ => Use(state.CreateDbContext())),
                Variant.Sync("new, plain EF", _ => Use(new BlogContext(plainOptions))),
                Variant.Sync("new, with state", _ => Use(new BlogContext(stateOptions))))
            .With(
                Goal.Excess("pooled, with state", Metric.Cpu, "pooled, plain EF", 0.2),
                Goal.Excess("pooled, with state", Metric.Bytes, "pooled, plain EF", 0))
            .RunAsync(effort));
        return figures;
    }

    /// <summary>The child: one query, from the making of the options on. Prints microseconds.</summary>
    public static int RunChild(string form, string connectionString)
    {
        var clock = Stopwatch.GetTimestamp();
        using var db = new BlogContext(BenchWorld.Options(connectionString, state: form != "plain"));
        var id = 1;
        var query = db.Posts.AsNoTracking().Where(p => p.Id == id);
        _ = (form == "cacheable" ? query.Cacheable() : query).ToList();
        Console.WriteLine(Stopwatch.GetElapsedTime(clock).TotalMicroseconds.ToString(CultureInfo.InvariantCulture));
        return 0;
    }

    // What a request does at least: asks for the model, which sets the context's services up.
    private static void Use(BlogContext context)
    {
        GC.KeepAlive(context.Model);
        GC.KeepAlive(context.GetService<Microsoft.EntityFrameworkCore.Storage.IDatabase>());
        context.Dispose();
    }

    private static async Task<List<Figure>> FirstQueriesAsync(BenchWorld world, int rounds)
    {
        string[] forms = ["plain", "state", "cacheable"];
        var times = forms.ToDictionary(f => f, _ => new List<double>());
        for (var round = 0; round < rounds; round++)
        {
            for (var i = 0; i < forms.Length; i++)
            {
                var form = forms[(round + i) % forms.Length];
                times[form].Add(await ChildAsync(form, world.ConnectionString));
            }
        }

        var plain = Median(times["plain"]);
        var state = Median(times["state"]);
        var cacheable = Median(times["cacheable"]);
        return
        [
            new Figure("first query, plain EF", "wall median", plain, "us"),
            new Figure("first query, with state", "wall median", state, "us", "first query, plain EF", state / plain, "<= 1.05 x", state / plain <= 1.05),
            new Figure(
                "first query, with state", "wall min", times["state"].Min(), "us", "first query, plain EF", times["state"].Min() / times["plain"].Min()),
            new Figure("first query, cacheable", "wall median", cacheable, "us", "first query, plain EF", cacheable / plain),
        ];
    }

    private static async Task<double> ChildAsync(string form, string connectionString)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
        {
            start.ArgumentList.Add(typeof(Start).Assembly.Location);
        }

        start.ArgumentList.Add(ChildArgument);
        start.ArgumentList.Add(form);
        start.ArgumentList.Add(connectionString);
        using var child = Process.Start(start)!;
        var text = await child.StandardOutput.ReadToEndAsync();
        await child.WaitForExitAsync();
        return child.ExitCode == 0
            ? double.Parse(text.Trim(), CultureInfo.InvariantCulture)
            : throw new InvalidOperationException($"The child for the form '{form}' failed.");
    }

    private static double Median(List<double> values) => values.Order().ToArray() is var sorted ? sorted[sorted.Length / 2] : 0;
}
