using FraiseQL.EfCore.State.Benchmarks.World;

namespace FraiseQL.EfCore.State.Benchmarks.Harness;

/// <summary>One benchmark.</summary>
internal interface IBenchmark
{
    string Id { get; }

    string Title { get; }

    /// <summary>Whether it runs only when it is asked for.</summary>
    bool OnlyByName => false;

    Task<IReadOnlyList<Figure>> RunAsync(BenchWorld world, Effort effort);
}
