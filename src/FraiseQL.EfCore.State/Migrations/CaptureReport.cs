namespace FraiseQL.EfCore.State.Migrations;

/// <summary>What a database captures, compared with the model.</summary>
/// <param name="LogPresent">Whether the event log is there.</param>
/// <param name="Verified">
/// Relations whose triggers are all present, enabled, as the library made them, and write all that this model needs, and whose rows are the same for all
/// sessions: what may be cached.
/// </param>
/// <param name="Problems">For the user: what is missing and which command adds it. Empty when all is well.</param>
/// <param name="IsSound">Whether every write is captured that should be: tables with row-level security are not cached, and that is no fault.</param>
/// <param name="IsOfModel">Whether all triggers were made from this model; those of another version may be sound all the same.</param>
internal sealed record CaptureReport(bool LogPresent, IReadOnlySet<string> Verified, IReadOnlyList<string> Problems, bool IsSound, bool IsOfModel = true)
{
    /// <summary>
    /// For a verified relation, its function and triggers, each with the transaction that wrote it last: one that is missing the next time was altered,
    /// dropped or disabled in between, for however short a time. Empty where there are no triggers.
    /// </summary>
    public IReadOnlyDictionary<string, IReadOnlySet<string>> Marks { get; init; } = new Dictionary<string, IReadOnlySet<string>>();
}
