using FraiseQL.EfCore.State;
using FraiseQL.EfCore.State.Keys;

// ReSharper disable once CheckNamespace
namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Says whose results are whose: what, besides the query and its parameters, an answer depends on.</summary>
/// <remarks>
/// The functions run on every execution of a cacheable query, hits too: they should only read what is at hand. One that throws makes its
/// query read the database. Values of global query filters are in the key already.
/// </remarks>
public static class FraiseQLStateScopeExtensions
{
    /// <summary>Keeps results apart by a value of your own, such as the tenant or the role.</summary>
    /// <param name="builder">The builder.</param>
    /// <param name="name">What it is, for EXPLAIN: <c>tenant</c>.</param>
    /// <param name="value">The value for one execution; <see langword="null"/> is a value too.</param>
    /// <returns>The same builder.</returns>
    public static FraiseQLStateBuilder VaryBy(this FraiseQLStateBuilder builder, string name, Func<CacheScopeContext, string?> value)
        => Add(builder, name, CacheScopeKind.Always, value);

    /// <summary>Says who the user is, for queries that are <c>PerUser()</c> or have a profile that is.</summary>
    /// <param name="builder">The builder.</param>
    /// <param name="user">The user's identifier; <see langword="null"/> for somebody unknown, who shares with all unknown.</param>
    /// <returns>The same builder.</returns>
    public static FraiseQLStateBuilder VaryByUser(this FraiseQLStateBuilder builder, Func<CacheScopeContext, string?> user)
        => Add(builder, "user", CacheScopeKind.User, user);

    /// <summary>
    /// Keeps results apart by a setting of the database session that policies or functions read, such as <c>app.tenant_id</c>, and lets tables
    /// under row-level security be cached. The value must be the one that the session has: it is compared with the server's whenever
    /// rows are read, and rows read under another value are not cached.
    /// </summary>
    /// <param name="builder">The builder.</param>
    /// <param name="setting">The name of the setting; <c>role</c> for the role of <c>SET ROLE</c>.</param>
    /// <param name="value">The value that the session has or will be given; <see langword="null"/> when it is not set.</param>
    /// <returns>The same builder.</returns>
    public static FraiseQLStateBuilder VaryBySessionVariable(
        this FraiseQLStateBuilder builder, string setting, Func<CacheScopeContext, string?> value)
        => Add(builder, setting, CacheScopeKind.SessionVariable, value);

    private static FraiseQLStateBuilder Add(FraiseQLStateBuilder builder, string name, CacheScopeKind kind, Func<CacheScopeContext, string?> value)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentNullException.ThrowIfNull(value);
        builder.Services.AddKeyedSingleton<CacheScope>((object)builder.ContextType, new CacheScope(name, kind, value));
        return builder;
    }
}
