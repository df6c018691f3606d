using Microsoft.EntityFrameworkCore;

namespace FraiseQL.EfCore.State.PostgresTests.Listener;

public sealed class ItemContext(DbContextOptions<ItemContext> options) : DbContext(options)
{
    public DbSet<Item> Items => Set<Item>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
        => modelBuilder.Entity<Item>(item =>
        {
            item.ToTable("item");
            item.Property(i => i.Id).HasColumnName("id").ValueGeneratedNever();
            item.Property(i => i.Version).HasColumnName("version");
            item.Property(i => i.Note).HasColumnName("note");
        });
}

public sealed class Item
{
    public int Id { get; set; }

    public int Version { get; set; }

    public string? Note { get; set; }
}
