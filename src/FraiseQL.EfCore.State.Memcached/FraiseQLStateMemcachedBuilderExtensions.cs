using FraiseQL.EfCore.State;
using FraiseQL.EfCore.State.Memcached;
using FraiseQL.EfCore.State.Setup;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

// ReSharper disable once CheckNamespace
namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds Memcached as the second cache level, shared by all nodes.</summary>
/// <remarks>
/// Connections are opened when they are needed, kept and shared. A Memcached that is absent, slow or wiped never delays the start and never
/// fails a query: the database answers. Memcached 1.6 or later is needed (its meta protocol is used).
/// </remarks>
public static class FraiseQLStateMemcachedBuilderExtensions
{
    private static readonly TimeSpan s_leastRetry = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan s_mostRetry = TimeSpan.FromMinutes(5);

    /// <summary>Uses the Memcached servers at the addresses of <c>Cache:L2:Url</c> as the second cache level.</summary>
    /// <param name="builder">The builder that <c>AddFraiseQLState</c> returned.</param>
    /// <returns>The same builder. The last call for a context wins.</returns>
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">Thrown when the host starts: the key is not set, or an address is none.</exception>
    public static FraiseQLStateBuilder AddMemcached(this FraiseQLStateBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return SharedLevelServices.Use(builder, new(
            L2Backend.Memcached, "AddMemcached()",
            (services, l2) => Create(services, MemcachedAddress.ParseList(l2.Url!, nameof(L2Options.Url)), new MemcachedOptions()))
        {
            CheckUrl = MemcachedAddress.Check,
        });
    }

    /// <summary>Uses the Memcached servers at these addresses as the second cache level.</summary>
    /// <param name="builder">The builder that <c>AddFraiseQLState</c> returned.</param>
    /// <param name="servers">
    /// <c>host</c>, <c>host:port</c> or <c>memcached://host:port</c>, several of them with commas between; the port is 11211 when none is given.
    /// Each key belongs to one server, found by hashing.
    /// </param>
    /// <returns>The same builder. The last call for a context wins.</returns>
    /// <exception cref="ArgumentException">An address cannot be used; the message says which and why.</exception>
    public static FraiseQLStateBuilder AddMemcached(this FraiseQLStateBuilder builder, string servers)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return Add(builder, MemcachedAddress.ParseList(servers, nameof(servers)), new MemcachedOptions());
    }

    /// <summary>Uses Memcached servers, configured in code, as the second cache level.</summary>
    /// <param name="builder">The builder that <c>AddFraiseQLState</c> returned.</param>
    /// <param name="configure">Adds at least one server.</param>
    /// <returns>The same builder. The last call for a context wins.</returns>
    /// <exception cref="ArgumentException">No server was added, or an address cannot be used; the message says which and why.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A value is out of its range; the message names it.</exception>
    public static FraiseQLStateBuilder AddMemcached(this FraiseQLStateBuilder builder, Action<MemcachedOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(configure);
        var options = new MemcachedOptions();
        configure(options);
        if (options.Servers.Count == 0)
        {
            throw new ArgumentException(MemcachedStrings.NoServer, nameof(configure));
        }

        if (options.MaxConnectionsPerServer is < 1 or > 1024)
        {
            throw new ArgumentOutOfRangeException(
                nameof(configure), MemcachedStrings.OutOfRange(nameof(options.MaxConnectionsPerServer), "1", "1024"));
        }

        if (options.RetryAfter < s_leastRetry || options.RetryAfter > s_mostRetry)
        {
            throw new ArgumentOutOfRangeException(
                nameof(configure), MemcachedStrings.OutOfRange(nameof(options.RetryAfter), $"{s_leastRetry}", $"{s_mostRetry}"));
        }

        return Add(builder, MemcachedAddress.ParseAll(options.Servers, nameof(configure)), options);
    }

    private static FraiseQLStateBuilder Add(FraiseQLStateBuilder builder, MemcachedAddress[] addresses, MemcachedOptions options)
        => SharedLevelServices.Use(builder, new(L2Backend.Memcached, "AddMemcached(…)", (services, _) => Create(services, addresses, options)));

    private static MemcachedCache Create(IServiceProvider services, MemcachedAddress[] addresses, MemcachedOptions options) => new(
        addresses,
        options,
        services.GetService<TimeProvider>() ?? TimeProvider.System,
        (services.GetService<ILoggerFactory>() ?? NullLoggerFactory.Instance).CreateLogger<MemcachedCache>());
}
