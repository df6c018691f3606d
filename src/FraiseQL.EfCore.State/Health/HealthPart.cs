using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace FraiseQL.EfCore.State.Health;

/// <summary>One check of a context. Another area adds its own as a service whose key is the context's type.</summary>
/// <param name="Name">What comes behind <c>fraiseql:</c>.</param>
/// <param name="Create">Creates the check, once; it may keep what it has seen.</param>
/// <param name="IsLive">Whether it tells that the process is to be restarted; otherwise, whether the node is ready.</param>
internal sealed record HealthPart(string Name, Func<IServiceProvider, FraiseQLStateHealthOptions, IHealthCheck> Create, bool IsLive = false);
