namespace FraiseQL.EfCore.State;

/// <summary>Which changes end a cached result.</summary>
public enum InvalidationStrategy
{
    /// <summary>Every change of what the query reads: no result is ever served that a known change has ended.</summary>
    Cascade,

    /// <summary>
    /// Only changes of the query's main entity, the one whose set it begins with, any row of it: changes of what it joins, includes or counts are not
    /// seen before the time to live ends.
    /// </summary>
    Entity,

    /// <summary>Only the time to live, and calls to invalidate: no change of any table.</summary>
    None,
}
