using FraiseQL.EfCore.State.EventLog;

namespace FraiseQL.EfCore.State.Consistency;

/// <summary>What tokens ask of the reads of one database.</summary>
/// <param name="Position">A position that this node's view of the log has not reached yet; <see langword="null"/> when there is none.</param>
/// <param name="Now">Whether a token is of this database and of a log that it no longer has: nothing but the present is sure to hold what it saw.</param>
internal readonly record struct Requirement(PgSnapshot? Position, bool Now)
{
    /// <summary>Whether nothing is asked for that the node does not have.</summary>
    public bool IsMet => Position is null && !Now;

    public static Requirement Of(ConsistencyToken? token, string database, string? log, PgSnapshot? reached)
    {
        if (token is null)
        {
            return default;
        }

        var isOfDatabase = false;
        foreach (var part in token.Parts)
        {
            if (part.Log == log)
            {
                return reached is not null && reached.Contains(part.Position) ? default : new Requirement(part.Position, false);
            }

            isOfDatabase |= part.Database == database;
        }

        // Of another database, unless it has the name of this one.
        return new Requirement(null, isOfDatabase);
    }

    public Requirement With(Requirement other)
        => new(Position is null || (other.Position?.Contains(Position) ?? false) ? other.Position : Position, Now || other.Now || IsTwo(other));

    // Two positions of which neither holds the other: the present holds both.
    private bool IsTwo(Requirement other)
        => Position is not null && other.Position is not null && !Position.Contains(other.Position) && !other.Position.Contains(Position);
}
