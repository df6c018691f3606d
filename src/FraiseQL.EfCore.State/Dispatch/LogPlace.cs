using FraiseQL.EfCore.State.EventLog;

namespace FraiseQL.EfCore.State.Dispatch;

/// <summary>A place in the log: all that is visible in <paramref name="From"/>, and of the window up to <paramref name="To"/> what comes before or at a seq.</summary>
/// <param name="From">The start of the window.</param>
/// <param name="To">The end of the window; <see langword="null"/> when none has been begun.</param>
/// <param name="Seq">The last change of the window; 0 for none.</param>
internal sealed record LogPlace(PgSnapshot From, PgSnapshot? To, long Seq)
{
    public static LogPlace At(PgSnapshot position) => new(position, null, 0);
}
