using FraiseQL.EfCore.State.Setup;

// ReSharper disable once CheckNamespace
namespace Microsoft.Extensions.DependencyInjection;

/// <summary>The one list of what FraiseQL state adds to EF Core's internal services.</summary>
public static class FraiseQLStateEntityFrameworkServiceCollectionExtensions
{
    /// <summary>
    /// Adds FraiseQL state, and Npgsql's services under it, to the services that EF Core uses internally. Needed only by an application
    /// that builds EF's internal service provider itself and hands it over with <c>UseInternalServiceProvider</c>;
    /// <c>UseFraiseQLState()</c> does it otherwise.
    /// </summary>
    /// <param name="services">EF Core's internal services.</param>
    /// <returns>The same collection.</returns>
    public static IServiceCollection AddEntityFrameworkFraiseQLState(this IServiceCollection services)
    {
        ArgumentNullException.ThrowIfNull(services);

        // Idempotent, and what makes the order of UseNpgsql and UseFraiseQLState irrelevant: there is always something to decorate.
        services.AddEntityFrameworkNpgsql();
        QueryServices.Add(services);
        MigrationServices.Add(services);
        return services;
    }
}
