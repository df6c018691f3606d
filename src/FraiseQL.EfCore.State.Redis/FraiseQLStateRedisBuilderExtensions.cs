using FraiseQL.EfCore.State;
using FraiseQL.EfCore.State.Redis;
using FraiseQL.EfCore.State.Setup;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using StackExchange.Redis;

// ReSharper disable once CheckNamespace
namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds Redis as the second cache level, shared by all nodes.</summary>
/// <remarks>
/// The connection is of this cache's own, is opened in the background when the host starts, and is reopened by itself. A Redis that is
/// absent, slow or wiped never delays the start and never fails a query: the database answers.
/// </remarks>
public static class FraiseQLStateRedisBuilderExtensions
{
    /// <summary>Uses the Redis at the address of <c>Cache:L2:Url</c> as the second cache level.</summary>
    /// <param name="builder">The builder that <c>AddFraiseQLState</c> returned.</param>
    /// <returns>The same builder. The last call for a context wins.</returns>
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">Thrown when the host starts: the key is not set, or is no such address.</exception>
    public static FraiseQLStateBuilder AddRedis(this FraiseQLStateBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return SharedLevelServices.Use(builder, new(L2Backend.Redis, "AddRedis()", (services, l2) => Create(services, RedisAddress.Parse(l2.Url!), l2))
        {
            CheckUrl = RedisAddress.Check,
        });
    }

    /// <summary>Uses the Redis at this address as the second cache level.</summary>
    /// <param name="builder">The builder that <c>AddFraiseQLState</c> returned.</param>
    /// <param name="connectionStringOrUrl">
    /// <c>redis://[user:password@]host[:port][/database]</c>, <c>rediss://…</c> for TLS, or a StackExchange.Redis string such as
    /// <c>host:6379,password=…</c>. What the string does not set: connect and operation timeouts of 1 second.
    /// </param>
    /// <returns>The same builder. The last call for a context wins.</returns>
    /// <exception cref="ArgumentException">The text is not such an address. The message does not repeat it, as it may hold a password.</exception>
    public static FraiseQLStateBuilder AddRedis(this FraiseQLStateBuilder builder, string connectionStringOrUrl)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return Add(builder, RedisAddress.Parse(connectionStringOrUrl));
    }

    /// <summary>Uses a Redis, configured in code, as the second cache level.</summary>
    /// <param name="builder">The builder that <c>AddFraiseQLState</c> returned.</param>
    /// <param name="configure">
    /// Sets at least one end point. It gets options with connect and operation timeouts of 1 second; afterwards <c>AbortOnConnectFail</c> is
    /// always off, the backlog fails fast, exceptions carry no keys, and the client's timeouts are moved to <c>Cache:L2:Timeout</c> and
    /// <c>Cache:L2:WriteTimeout</c>.
    /// </param>
    /// <returns>The same builder. The last call for a context wins.</returns>
    /// <exception cref="ArgumentException">No end point was set.</exception>
    public static FraiseQLStateBuilder AddRedis(this FraiseQLStateBuilder builder, Action<ConfigurationOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(configure);
        var options = RedisAddress.Defaults();
        configure(options);
        if (options.EndPoints.Count == 0)
        {
            throw new ArgumentException(RedisStrings.NoEndPoint, nameof(configure));
        }

        return Add(builder, RedisAddress.Harmless(options));
    }

    private static FraiseQLStateBuilder Add(FraiseQLStateBuilder builder, ConfigurationOptions options)
        => SharedLevelServices.Use(builder, new(L2Backend.Redis, "AddRedis(…)", (services, l2) => Create(services, options, l2)));

    private static RedisServer Create(IServiceProvider services, ConfigurationOptions options, L2Options l2) => new(
        new RedisConnection(RedisAddress.WithBudgets(options, l2), services.GetService<ILoggerFactory>() ?? NullLoggerFactory.Instance),
        services.GetService<TimeProvider>() ?? TimeProvider.System);
}
