namespace FraiseQL.EfCore.State;

/// <summary>One execution of a cacheable query, as <see cref="CacheProbe"/> saw it. Immutable.</summary>
/// <param name="Query">The name of the query (<c>Named("…")</c>), or a short id of its plan.</param>
/// <param name="Outcome">Where the rows came from.</param>
/// <param name="Reason">Why it went past the cache, as a code of docs/caching.md; <see langword="null"/> for every other outcome.</param>
public sealed record CacheLookup(string Query, CacheOutcome Outcome, string? Reason);
