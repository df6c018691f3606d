using Microsoft.EntityFrameworkCore;

namespace FraiseQL.EfCore.State.AspNetCoreTests;

/// <summary>A second context of the application, with a database of its own.</summary>
public sealed class ArchiveContext(DbContextOptions<ArchiveContext> options) : DbContext(options)
{
    public DbSet<Volume> Volumes => Set<Volume>();
}

public sealed class Volume
{
    public int Id { get; set; }

    public string Title { get; set; } = "";
}
