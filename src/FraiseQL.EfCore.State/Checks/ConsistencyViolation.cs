using System.Globalization;

namespace FraiseQL.EfCore.State;

/// <summary>A hit that was not what the database answered, with the trace of why this node believed it. Holds no key, parameter or value.</summary>
/// <remarks>Immutable.</remarks>
public sealed record ConsistencyViolation
{
    /// <summary>The beginning of the plan's identity, as EXPLAIN shows it.</summary>
    public required string Plan { get; init; }

    /// <summary>The query's name, if it has one (<c>Named</c>).</summary>
    public string? Query { get; init; }

    /// <summary>Whether the rows came from memory or from the shared server.</summary>
    public required CacheOutcome Outcome { get; init; }

    /// <summary>How the rows differ: how many there are, or which row and column is the first; no values.</summary>
    public required string Difference { get; init; }

    /// <summary>What the query was known to depend on, with names of parameters and without their values.</summary>
    public required IReadOnlyList<string> Dependencies { get; init; }

    /// <summary>When the rows were read, by the clock of the node that read them.</summary>
    public required DateTimeOffset ReadAt { get; init; }

    /// <summary>The database snapshot that the rows were known to contain (<c>xmin:xmax:xip</c>).</summary>
    public required string EntrySnapshot { get; init; }

    /// <summary>The snapshot at which the database answered otherwise.</summary>
    public required string CheckedSnapshot { get; init; }

    /// <summary>The position of the event log through which this node held the rows for fresh; it contains <see cref="CheckedSnapshot"/>.</summary>
    public required string ValidatedPosition { get; init; }

    /// <summary>What last touched the entry's dependencies, as far as this node knows: table, kind and transactions.</summary>
    public required IReadOnlyList<string> LastChanges { get; init; }

    /// <inheritdoc/>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"""
        query {Query ?? "(unnamed)"}, plan {Plan}, {Outcome}: {Difference}
        read at {ReadAt:O}, snapshot {EntrySnapshot}; checked at {CheckedSnapshot}; fresh through {ValidatedPosition}
        depends on {string.Join("; ", Dependencies)}
        last changes: {(LastChanges.Count == 0 ? "none" : string.Join("; ", LastChanges))}
        """);
}
