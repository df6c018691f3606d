namespace FraiseQL.EfCore.State;

/// <summary>What happened to a row.</summary>
public enum ChangeKind
{
    /// <summary>A row was inserted.</summary>
    Created,

    /// <summary>A row was updated; its key is the same.</summary>
    Updated,

    /// <summary>A row was deleted, or its key was changed (the old key is deleted, the new one created).</summary>
    Deleted,

    /// <summary>All rows of the table were removed at once.</summary>
    Truncated,
}
