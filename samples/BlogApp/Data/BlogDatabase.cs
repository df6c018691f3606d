using FraiseQL.EfCore.State;
using Microsoft.EntityFrameworkCore;

namespace BlogApp.Data;

/// <summary>How the blog reaches its database and its second cache level, from configuration.</summary>
internal static class BlogDatabase
{
    /// <exception cref="SettingsException">The connection string is missing.</exception>
    public static string ConnectionString(IConfiguration configuration)
        => configuration.GetConnectionString("Blog") is { Length: > 0 } value
            ? value
            : throw new SettingsException(
                "ConnectionStrings:Blog is missing: BlogApp needs a PostgreSQL database. Set the environment variable ConnectionStrings__Blog, "
                + "or pass --ConnectionStrings:Blog=\"Host=localhost;Database=blog;Username=…\", or run eng/run.sh, which starts everything.");

    /// <returns>The builder, for what only a server needs.</returns>
    public static FraiseQLStateBuilder Add(IServiceCollection services, IConfiguration configuration)
    {
        var connectionString = ConnectionString(configuration);
        services.AddDbContextPool<BlogContext>(options => options.UseNpgsql(connectionString).UseFraiseQLState());

        var state = services.AddFraiseQLState<BlogContext>(configuration.GetSection("FraiseQL:State"))
            .OnEvent<Post>("post_created", AnnounceAsync);
        if (configuration.GetConnectionString("Redis") is { Length: > 0 } redis)
        {
            state.AddRedis(redis);
        }

        return state;
    }

    /// <summary>Runs once per post, on one node of the cluster, whichever program inserted it; here would be the mail to subscribers.</summary>
    private static Task AnnounceAsync(ChangeEvent<Post> change, ChangeContext context, CancellationToken cancellationToken)
    {
        context.Services.GetRequiredService<ILogger<BlogContext>>().LogDebug("Announcing {Post}", change.EntityId);
        return Task.CompletedTask;
    }

    /// <summary>Brings the database up to this program's migrations; EF takes a lock, so nodes that start together do it once.</summary>
    public static async Task MigrateAsync(IServiceProvider services, CancellationToken cancellationToken)
    {
        await using var scope = services.CreateAsyncScope();
        await scope.ServiceProvider.GetRequiredService<BlogContext>().Database.MigrateAsync(cancellationToken);
    }
}
