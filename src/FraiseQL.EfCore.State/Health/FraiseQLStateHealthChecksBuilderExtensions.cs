using FraiseQL.EfCore.State;
using FraiseQL.EfCore.State.Health;
using FraiseQL.EfCore.State.Setup;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

// ReSharper disable once CheckNamespace
namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds the health checks of a context: its cache, its listener, the backlog of its handlers, and the triggers that capture its changes.</summary>
public static class FraiseQLStateHealthChecksBuilderExtensions
{
    /// <summary>
    /// Adds <c>fraiseql:cache</c> (with <c>:redis</c>, <c>:memcached</c> or <c>:shared</c> behind it where there is a shared level), <c>fraiseql:cdc</c>,
    /// <c>fraiseql:backlog</c> and <c>fraiseql:capture</c>, tagged <c>ready</c>, and <c>fraiseql:live</c>, tagged <c>live</c>; where there are warm-ups (<c>AddWarmup</c>), <c>fraiseql:warmup</c> too. Those of a second context have
    /// its name behind theirs. Calling it again for the same context adds to the first call.
    /// </summary>
    /// <typeparam name="TContext">The context that <c>AddFraiseQLState&lt;TContext&gt;()</c> was called for, before or after this.</typeparam>
    /// <param name="builder">What <c>AddHealthChecks()</c> returned.</param>
    /// <param name="configure">
    /// Sets thresholds, tags and the status of failures, after <c>Diagnostics:Health</c> of the section given to <c>AddFraiseQLState</c>.
    /// </param>
    /// <returns>The same builder.</returns>
    /// <exception cref="InvalidOperationException">Thrown when the checks are first used: the context has no FraiseQL state.</exception>
    /// <exception cref="OptionsValidationException">Thrown when the host starts: a value is out of range.</exception>
    /// <remarks>
    /// Checks that ask the database share one short connection, at most once a second. Their data holds figures and names of handler groups, tables and
    /// servers' kinds; never a key, a parameter, a payload, an address or a password.
    /// </remarks>
    public static IHealthChecksBuilder AddFraiseQLState<TContext>(this IHealthChecksBuilder builder, Action<FraiseQLStateHealthOptions>? configure = null)
        where TContext : DbContext
    {
        ArgumentNullException.ThrowIfNull(builder);
        var services = builder.Services;
        var key = typeof(TContext);
        var options = services.AddOptions<FraiseQLStateHealthOptions>(key.FullName!);
        if (!services.Any(s => s.IsKeyedService && s.ServiceType == typeof(HealthChecks) && Equals(s.ServiceKey, key)))
        {
            // Before what is set in code, as everywhere. The section may be given after this call.
            options.Configure<IServiceProvider>((o, provider) => Bind(provider.GetKeyedService<StatePlan>(key), o));
            options.ValidateOnStart();
            services.AddSingleton<IValidateOptions<FraiseQLStateHealthOptions>>(provider => new FraiseQLStateHealthOptionsValidator(
                key.FullName!, path => provider.GetKeyedService<StatePlan>(key)?.PathOf(path) ?? path));
            services.AddKeyedSingleton<HealthChecks>(key, new HealthChecks(key));

            // When they are first used: only then is it known which shared level there is.
            services.AddOptions<HealthCheckServiceOptions>()
                .Configure<IServiceProvider>((all, provider) => provider.GetRequiredKeyedService<HealthChecks>(key).Register(all, provider));
        }

        if (configure is not null)
        {
            options.Configure(configure);
        }

        return builder;
    }

    private static void Bind(StatePlan? plan, FraiseQLStateHealthOptions options)
    {
        foreach (var section in plan?.Sections ?? [])
        {
            SectionCheck.ThrowIfWrong(section);
            section.GetSection("Diagnostics:Health").Bind(options);
        }
    }
}
