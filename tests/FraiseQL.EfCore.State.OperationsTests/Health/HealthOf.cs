using FraiseQL.EfCore.State.PostgresTests.Caching;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace FraiseQL.EfCore.State.OperationsTests.Health;

/// <summary>What a node's health checks say.</summary>
internal static class HealthOf
{
    private static readonly TimeSpan s_seconds = TimeSpan.FromSeconds(60);

    public static Task<Node> StartAsync(
        string connectionString, Action<FraiseQLStateBuilder>? state = null, Action<FraiseQLStateHealthOptions>? health = null,
        Action<FraiseQLStateOptions>? configure = null, string? redis = null)
        => Node.StartAsync(connectionString, redis, configure, state: builder =>
        {
            state?.Invoke(builder);
            builder.Services.AddHealthChecks().AddFraiseQLState<BlogContext>(health);
        });

    public static Task<HealthReport> AllAsync(Node node) => node.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync();

    public static async Task<HealthReportEntry> AskAsync(Node node, string name)
        => Assert.Single((await node.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(check => check.Name == name)).Entries).Value;

    /// <summary>Waits until a check says it, and answers what it says then.</summary>
    public static async Task<HealthReportEntry> BecomesAsync(Node node, string name, HealthStatus status, Func<HealthReportEntry, bool>? with = null)
    {
        HealthReportEntry last = default;
        return await Eventually.For(
            async () => last = await AskAsync(node, name), entry => entry.Status == status && with?.Invoke(entry) != false, s_seconds,
            () => $"{last.Status} {last.Description} {string.Join(", ", last.Data?.Select(d => $"{d.Key}={d.Value}") ?? [])}");
    }
}
