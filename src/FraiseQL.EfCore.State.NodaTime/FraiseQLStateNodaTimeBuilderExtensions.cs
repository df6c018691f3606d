using FraiseQL.EfCore.State;
using FraiseQL.EfCore.State.NodaTime;

// ReSharper disable once CheckNamespace
namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Lets columns and parameters of NodaTime's types go through the shared cache level.</summary>
/// <remarks>
/// Without it, most of NodaTime's types are cached in each node's memory only, and queries that read a <c>ZonedDateTime</c> not at all.
/// </remarks>
public static class FraiseQLStateNodaTimeBuilderExtensions
{
    /// <summary>Adds exact forms of NodaTime's types, for every context of this process.</summary>
    /// <param name="builder">The builder that <c>AddFraiseQLState</c> returned.</param>
    /// <returns>The same builder. Calling it more than once changes nothing.</returns>
    /// <remarks>
    /// Every node that shares a cache level should call it: a node that does not finds no entries with such columns, and stores none.
    /// Dates of calendars other than ISO and times in zones other than UTC, which PostgreSQL has no types for, are not cached.
    /// </remarks>
    public static FraiseQLStateBuilder AddNodaTime(this FraiseQLStateBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        NodaTimeFamilies.Register();
        return builder;
    }
}
