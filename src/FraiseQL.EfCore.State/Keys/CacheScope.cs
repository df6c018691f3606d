namespace FraiseQL.EfCore.State.Keys;

/// <summary>Something outside of the query that its answer depends on: a tenant, the user, a setting of the session.</summary>
/// <param name="Name">Its name; for a setting, that of the setting.</param>
/// <param name="Kind">How it is used.</param>
/// <param name="Value">Its value for one execution.</param>
internal sealed record CacheScope(string Name, CacheScopeKind Kind, Func<CacheScopeContext, string?> Value)
{
    /// <summary>
    /// Whether it is a setting that the application has made up: the server itself reads none of these. Its own ones (<c>search_path</c>,
    /// <c>TimeZone</c>) may change what any query means.
    /// </summary>
    public bool IsOwnSetting { get; } = Kind == CacheScopeKind.SessionVariable && Name.Contains('.', StringComparison.Ordinal);
}

internal enum CacheScopeKind
{
    /// <summary>In every key.</summary>
    Always,

    /// <summary>In the key of queries that ask for it.</summary>
    User,

    /// <summary>In every key, and compared with what the server says whenever rows are read.</summary>
    SessionVariable,
}
