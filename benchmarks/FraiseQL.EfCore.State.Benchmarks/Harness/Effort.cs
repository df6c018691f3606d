namespace FraiseQL.EfCore.State.Benchmarks.Harness;

/// <summary>How much time a run may take.</summary>
internal sealed record Effort(bool Quick)
{
    public int Rounds => Quick ? 15 : 61;

    /// <summary>How long the JIT must have had nothing to do before anything is measured.</summary>
    public TimeSpan Quiet => TimeSpan.FromMilliseconds(Quick ? 400 : 1000);

    public TimeSpan LongestWarmUp => TimeSpan.FromSeconds(Quick ? 2.5 : 15);

    public TimeSpan Batch => TimeSpan.FromMilliseconds(Quick ? 20 : 40);

    /// <summary>How long a benchmark of a stream of events lasts.</summary>
    public TimeSpan Stream => TimeSpan.FromSeconds(Quick ? 5 : 20);
}
