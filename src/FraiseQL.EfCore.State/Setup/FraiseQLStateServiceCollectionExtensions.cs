using FraiseQL.EfCore.State;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;

// ReSharper disable once CheckNamespace
namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds the parts of FraiseQL state that live in the application: options, the second level, the listener, the handlers.</summary>
public static class FraiseQLStateServiceCollectionExtensions
{
    /// <summary>
    /// Adds the listener that keeps this node's cache true to every committed change, and lets handlers be registered. The context itself
    /// is registered as usual, with <c>UseFraiseQLState()</c> in its options. Calling it again for the same context adds to the first call.
    /// </summary>
    /// <typeparam name="TContext">The context whose database is listened to.</typeparam>
    /// <param name="services">The application's services.</param>
    /// <param name="configuration">The section with the options, by convention <c>FraiseQL:State</c>; without it, the defaults.</param>
    /// <param name="configure">Options set in code, after the section.</param>
    /// <returns>A builder for satellites and handlers.</returns>
    /// <exception cref="InvalidOperationException">Thrown when the host starts: a key of the section is unknown or a value is out of range.</exception>
    public static FraiseQLStateBuilder AddFraiseQLState<TContext>(
        this IServiceCollection services,
        IConfiguration? configuration = null,
        Action<FraiseQLStateOptions>? configure = null)
        where TContext : DbContext
    {
        ArgumentNullException.ThrowIfNull(services);
        return new FraiseQLStateBuilder(services, typeof(TContext));
    }
}
