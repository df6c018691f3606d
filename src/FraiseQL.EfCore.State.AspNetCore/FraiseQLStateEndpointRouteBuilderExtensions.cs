using System.Diagnostics.CodeAnalysis;
using FraiseQL.EfCore.State;
using FraiseQL.EfCore.State.AspNetCore;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

// ReSharper disable once CheckNamespace
namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Maps the dashboard of FraiseQL state.</summary>
public static class FraiseQLStateEndpointRouteBuilderExtensions
{
    /// <summary>
    /// Maps a page that shows what the caches, the listener and the handlers of this node do, with its JSON API under <c>api/</c>. Outside of the
    /// environment <c>Development</c> it answers 403 until the result is given a policy, <c>.RequireAuthorization("ops")</c>, or is opened
    /// deliberately, <c>.AllowAnonymous()</c>.
    /// </summary>
    /// <param name="endpoints">The application.</param>
    /// <param name="pattern">Where the page is.</param>
    /// <param name="configure">Sets options.</param>
    /// <returns>The endpoints, for conventions such as authorization. What changes something is a POST with a header of its own and is logged with the user's name.</returns>
    /// <exception cref="InvalidOperationException"><c>AddFraiseQLState&lt;TContext&gt;()</c> was not called.</exception>
    public static IEndpointConventionBuilder MapFraiseQLState(
        this IEndpointRouteBuilder endpoints, [StringSyntax("Route")] string pattern = "/fraiseql", Action<FraiseQLStateDashboardOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        ArgumentNullException.ThrowIfNull(pattern);
        var options = new FraiseQLStateDashboardOptions();
        configure?.Invoke(options);
        var dashboard = new Dashboard(endpoints.ServiceProvider, options);
        var group = endpoints.MapGroup(pattern);
        group.ExcludeFromDescription().WithDisplayName("FraiseQL state");
        foreach (var (path, handler) in dashboard.Pages)
        {
            group.MapGet(path, handler);
        }

        foreach (var (path, handler) in dashboard.Actions)
        {
            group.MapPost(path, handler);
        }

        return group;
    }
}
