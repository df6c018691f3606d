using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace FraiseQL.EfCore.TestKit;

/// <summary>The application's health checks; every report is searched for <see cref="PlantedValues"/>.</summary>
public sealed class SearchedHealthChecks(HealthCheckService checks) : HealthCheckService
{
    /// <summary>Puts itself in front of the health checks, if the application has any.</summary>
    public static void Search(IServiceCollection services)
    {
        if (services.LastOrDefault(service => service.ServiceType == typeof(HealthCheckService)) is { ImplementationType: { } original })
        {
            services.AddSingleton<HealthCheckService>(
                provider => new SearchedHealthChecks((HealthCheckService)ActivatorUtilities.CreateInstance(provider, original)));
        }
    }

    public override async Task<HealthReport> CheckHealthAsync(Func<HealthCheckRegistration, bool>? predicate, CancellationToken cancellationToken = default)
    {
        var report = await checks.CheckHealthAsync(predicate, cancellationToken);
        LeakSearch.OfTheRun.Search(report);
        return report;
    }
}
