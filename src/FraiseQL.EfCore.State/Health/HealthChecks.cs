using FraiseQL.EfCore.State.Listener;
using FraiseQL.EfCore.State.Setup;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace FraiseQL.EfCore.State.Health;

/// <summary>The checks of one context, as they are registered with the application's.</summary>
internal sealed class HealthChecks(Type contextType)
{
    private const string Prefix = "fraiseql:";

    /// <exception cref="InvalidOperationException">The context has no FraiseQL state.</exception>
    public void Register(HealthCheckServiceOptions all, IServiceProvider services)
    {
        var runtime = services.GetKeyedService<StateRuntime>(contextType)
            ?? throw new InvalidOperationException(StateStrings.HealthWithoutState(contextType.Name));
        var options = services.GetRequiredService<IOptionsMonitor<FraiseQLStateHealthOptions>>().Get(contextType.FullName!);
        var listener = services.GetRequiredKeyedService<ListenerStatus>(contextType);
        var looks = new DatabaseLooks(
            services.GetRequiredKeyedService<ContextDatabase>(contextType), runtime, listener, GroupsOf(services, runtime), options.Timeout,
            (connection, cancellationToken) => ListenerServices.CheckCaptureAsync(services, contextType, connection, cancellationToken));
        var shared = runtime.Store.Shared?.Backend;
        HealthPart[] parts =
        [
            new(shared is null ? "cache" : $"cache:{shared}", (_, o) => new CacheHealthCheck(runtime, o)),
            new("cdc", (_, o) => new CdcHealthCheck(runtime, listener, looks, o)),
            new("backlog", (_, o) => new BacklogHealthCheck(looks, o)),
            new("capture", (_, _) => new CaptureHealthCheck(looks, listener)),
            new("live", (_, _) => new LiveHealthCheck(runtime, listener), IsLive: true),
            .. services.GetKeyedServices<HealthPart>(contextType),
        ];
        var suffix = SuffixIn(all, parts);
        foreach (var part in parts)
        {
            var check = part.Create(services, options);
            all.Registrations.Add(new HealthCheckRegistration(
                Prefix + part.Name + suffix, _ => check, part.IsLive ? HealthStatus.Unhealthy : options.FailureStatus,
                part.IsLive ? options.LiveTags : options.Tags,
                // A little more than its questions have: the check's own answer says more than a time-out would.
                options.Timeout + TimeSpan.FromSeconds(1)));
        }
    }

    private string SuffixIn(HealthCheckServiceOptions all, HealthPart[] parts)
    {
        var suffix = new[] { "", ":" + contextType.Name, ":" + contextType.FullName };
        return suffix.First(s => s == suffix[^1] || !parts.Any(part => all.Registrations.Any(other => IsTaken(other.Name, part, s))));
    }

    // The kinds of shared levels count as one: two contexts' checks are told apart by the context and not by the server.
    private static bool IsTaken(string name, HealthPart part, string suffix)
        => name == Prefix + part.Name + suffix || (suffix.Length == 0 && name == Prefix + "cdc");

    private List<string> GroupsOf(IServiceProvider services, StateRuntime runtime)
        => services.GetKeyedService<Dispatch.HandlerRegistry>(contextType)?.CompetingGroups
            .Select(group => Dispatch.GroupRunner.NameOf(group, isBroadcast: false, runtime.Options.Cdc, contextType.Name)).ToList() ?? [];
}
