namespace FraiseQL.EfCore.State.Benchmarks.Harness;

/// <summary>How much time a run may take.</summary>
internal sealed record Effort(bool Quick)
{
    public int Rounds => Quick ? 15 : 61;

    /// <summary>How long the JIT must have had nothing to do before anything is measured.</summary>
    public TimeSpan Quiet => TimeSpan.FromMilliseconds(Quick ? 400 : 1000);

    /// <summary>Of one thing, or of all that are compared if they warm together; by the clock and in processor time.</summary>
    public TimeSpan LongestWarmUp => TimeSpan.FromSeconds(Quick ? 3 : 15);

    /// <summary>Whether the things that are compared share one warm-up, in turns, and so one wait for the JIT.</summary>
    public bool WarmsTogether => Quick;

    public TimeSpan Batch => TimeSpan.FromMilliseconds(Quick ? 20 : 40);

    /// <summary>How long a benchmark of a stream of events lasts.</summary>
    public TimeSpan Stream => TimeSpan.FromSeconds(Quick ? 3 : 20);
}
