using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;

namespace BlogApp.Data;

/// <summary>
/// What <c>dotnet ef</c> uses: adding a migration needs no database, so none is asked for. <c>dotnet ef database update</c> takes the
/// connection string from <c>--connection</c> or from the environment.
/// </summary>
internal sealed class DesignTimeBlogContextFactory : IDesignTimeDbContextFactory<BlogContext>
{
    public BlogContext CreateDbContext(string[] args)
    {
        var connectionString = new ConfigurationBuilder().AddEnvironmentVariables().AddCommandLine(args).Build().GetConnectionString("Blog");
        return new BlogContext(new DbContextOptionsBuilder<BlogContext>()
            .UseNpgsql(connectionString ?? "Host=localhost")
            .UseFraiseQLState()
            .Options);
    }
}
