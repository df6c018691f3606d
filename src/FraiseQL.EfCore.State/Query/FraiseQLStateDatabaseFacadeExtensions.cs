using FraiseQL.EfCore.State;
using FraiseQL.EfCore.State.Writes;
using Microsoft.EntityFrameworkCore.Infrastructure;

// ReSharper disable once CheckNamespace
namespace Microsoft.EntityFrameworkCore;

/// <summary>What a context can tell of its cacheable queries.</summary>
public static class FraiseQLStateDatabaseFacadeExtensions
{
    /// <summary>Where the rows of the last cacheable query of this context came from.</summary>
    /// <remarks>As the context itself, not thread-safe.</remarks>
    /// <param name="database">The context's database facade.</param>
    /// <returns>The outcome; <see cref="CacheOutcome.None"/> before the first cacheable query, or without <c>UseFraiseQLState()</c>.</returns>
    public static CacheOutcome GetCacheOutcome(this DatabaseFacade database)
    {
        ArgumentNullException.ThrowIfNull(database);
        return ((IInfrastructure<IServiceProvider>)database).Instance.GetService(typeof(StateSession)) is StateSession session
            ? session.LastOutcome
            : CacheOutcome.None;
    }
}
