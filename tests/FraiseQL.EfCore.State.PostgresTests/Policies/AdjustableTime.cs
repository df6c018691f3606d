namespace FraiseQL.EfCore.State.PostgresTests.Policies;

/// <summary>The real clock with a shift that a test sets; timers and timestamps stay real, so that listeners go on.</summary>
public sealed class AdjustableTime : TimeProvider
{
    public TimeSpan Shift { get; set; }

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + Shift;
}
