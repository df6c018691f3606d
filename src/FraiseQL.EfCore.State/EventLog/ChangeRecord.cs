namespace FraiseQL.EfCore.State.EventLog;

/// <summary>One row of the event log as it was read, before anything interprets it.</summary>
/// <param name="Seq">Position within the log; for one entity, ascending in the order of the writes.</param>
/// <param name="TransactionId">Full transaction id (xid8) of the writer.</param>
/// <param name="At">When the change was captured, by the database's clock.</param>
/// <param name="Entity">Short name of the root entity type, such as <c>Post</c>.</param>
/// <param name="Relation">Schema and name of the changed table, such as <c>public.posts</c>.</param>
/// <param name="Kind">What happened.</param>
/// <param name="Key">JSON object of the key columns; <see langword="null"/> for a truncate.</param>
/// <param name="Before">JSON object of the old dependency columns; <see langword="null"/> for an insert.</param>
/// <param name="After">JSON object of the new dependency columns; <see langword="null"/> for a delete.</param>
/// <param name="Data">JSON object of the row after the change; <see langword="null"/> for a delete.</param>
/// <param name="Context">JSON object of the write's context (origin node, actor, trace parent); may be <see langword="null"/>.</param>
/// <param name="Columns">Names of the columns that an update changed, without excluded ones; <see langword="null"/> for every other kind.</param>
/// <param name="Old">JSON object of the row before an update or delete, where <c>PreImage()</c> asks for it; else <see langword="null"/>.</param>
internal sealed record ChangeRecord(
    long Seq,
    ulong TransactionId,
    DateTimeOffset At,
    string Entity,
    string Relation,
    ChangeKind Kind,
    string? Key,
    string? Before,
    string? After,
    string? Data,
    string? Context,
    string[]? Columns = null,
    string? Old = null);
