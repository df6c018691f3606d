namespace FraiseQL.EfCore.State.Benchmarks.Harness;

/// <summary>One figure of a benchmark; what is written to <c>artifacts/bench</c> as it is.</summary>
internal sealed record Figure(
    string Variant, string Metric, double Value, string Unit, string? Against = null, double? Ratio = null, string? Goal = null, bool? Met = null);
