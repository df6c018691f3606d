using FraiseQL.EfCore.State.PostgresTests.Caching;
using FraiseQL.EfCore.State.Setup;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace FraiseQL.EfCore.State.OperationsTests.Configuration;

public sealed class TwoContextsTests
{
    [Fact]
    [Feature("S8.1-configure")]
    public async Task Two_contexts_in_one_host_have_a_section_and_services_of_their_own()
    {
        var database = await PostgresServer.CreateSharedDatabaseAsync();
        await Seed.CreateAsync(database);
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection(
        [
            new("ConnectionStrings:Blog", database), new("Blog:Cache:DefaultTtl", "00:01:00"), new("Blog:Cache:L1:MaxSizeMb", "10"),
            new("Other:Cache:DefaultTtl", "00:02:00"), new("Other:Cdc:Enabled", "false"),
        ]);
        builder.Services.AddDbContext<BlogContext>(o => o.UseNpgsql(builder.Configuration.GetConnectionString("Blog")).UseFraiseQLState());
        builder.Services.AddDbContext<OtherContext>(o => o.UseNpgsql(builder.Configuration.GetConnectionString("Blog")).UseFraiseQLState());
        builder.Services.AddFraiseQLState<BlogContext>(builder.Configuration.GetSection("Blog")).AddWarmup("posts", (BlogContext db) => db.Posts.Cacheable());
        builder.Services.AddFraiseQLState<OtherContext>(builder.Configuration.GetSection("Other"));
        using var host = builder.Build();
        await host.StartAsync();

        var (blog, other) = (RuntimeOf(typeof(BlogContext)), RuntimeOf(typeof(OtherContext)));
        Assert.NotSame(blog, other);
        Assert.Equal((TimeSpan.FromMinutes(1), 10, true), (blog.Options.Cache.DefaultTtl, blog.Options.Cache.L1.MaxSizeMb, blog.HasListener));
        Assert.Equal((TimeSpan.FromMinutes(2), 500, false), (other.Options.Cache.DefaultTtl, other.Options.Cache.L1.MaxSizeMb, other.HasListener));
        Assert.Single(host.Services.GetRequiredKeyedService<IWarmupStatus>(typeof(BlogContext)).Queries);
        Assert.Empty(host.Services.GetRequiredKeyedService<IWarmupStatus>(typeof(OtherContext)).Queries);
        await host.StopAsync();

        StateRuntime RuntimeOf(Type context) => host.Services.GetRequiredKeyedService<StateRuntime>(context);
    }

    public sealed class OtherContext(DbContextOptions<OtherContext> options) : DbContext(options)
    {
        public DbSet<Comment> Comments => Set<Comment>();
    }
}
