namespace FraiseQL.EfCore.State.Benchmarks.Harness;

/// <summary>One of the things that are measured side by side.</summary>
/// <param name="Name">Its name in the table.</param>
/// <param name="Run">Runs so many operations, one after the other.</param>
internal sealed record Variant(string Name, Func<int, Task> Run)
{
    public List<double> Wall { get; } = [];

    public List<double> Cpu { get; } = [];

    public List<double> Bytes { get; } = [];

    public int BatchSize { get; set; } = 1;

    public static Variant Async(string name, Func<int, Task> operation)
    {
        var next = 0;
        return new Variant(name, async count =>
        {
            for (var i = 0; i < count; i++)
            {
                await operation(next++);
            }
        });
    }

    public static Variant Sync(string name, Action<int> operation)
    {
        var next = 0;
        return new Variant(name, count =>
        {
            for (var i = 0; i < count; i++)
            {
                operation(next++);
            }

            return Task.CompletedTask;
        });
    }

    public double Median(Metric metric) => Of(metric) is var values ? values[values.Count / 2] : 0;

    public double Min(Metric metric) => Of(metric)[0];

    private List<double> Of(Metric metric)
    {
        var values = metric switch
        {
            Metric.Wall => Wall,
            Metric.Cpu => Cpu,
            _ => Bytes,
        };
        return [.. values.Order()];
    }
}
