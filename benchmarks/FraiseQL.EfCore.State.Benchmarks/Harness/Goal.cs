using System.Globalization;

namespace FraiseQL.EfCore.State.Benchmarks.Harness;

/// <summary>What a figure should not exceed: a multiple of another variant's figure, that figure and so much more, or a value.</summary>
internal sealed record Goal(string Variant, Metric Metric, string? Against, double Limit, bool IsExcess)
{
    /// <summary>1 KB of a goal, in bytes.</summary>
    public const int Kilobyte = 1024;

    public static Goal Ratio(string variant, Metric metric, string against, double atMost) => new(variant, metric, against, atMost, IsExcess: false);

    public static Goal Excess(string variant, Metric metric, string against, double atMost) => new(variant, metric, against, atMost, IsExcess: true);

    public static Goal Value(string variant, Metric metric, double atMost) => new(variant, metric, null, atMost, IsExcess: false);

    public bool IsMet(double value, double other)
        => Against is null ? value <= Limit : IsExcess ? value - other <= Limit : value / other <= Limit;

    public string Text(string unit)
        => string.Create(CultureInfo.InvariantCulture, $"<= {(IsExcess ? "+" : "")}{Limit:0.###} {(Against is null || IsExcess ? unit : "x")}");
}
