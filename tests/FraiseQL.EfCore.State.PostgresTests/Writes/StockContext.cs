using Microsoft.EntityFrameworkCore;

namespace FraiseQL.EfCore.State.PostgresTests.Writes;

/// <summary>Tables whose writes come back in each of the ways: with generated values, with a row version, and as a number of rows.</summary>
public sealed class StockContext(DbContextOptions<StockContext> options) : DbContext(options)
{
    public DbSet<Item> Items => Set<Item>();

    public DbSet<Bin> Bins => Set<Bin>();

    public DbSet<Booking> Bookings => Set<Booking>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<Item>(item =>
        {
            item.ToTable("items");
            item.Property(i => i.Version).IsRowVersion();
            item.HasIndex(i => i.Name).IsUnique();
        });
        modelBuilder.Entity<Bin>(bin =>
        {
            bin.ToTable("bins");
            bin.Property(b => b.Id).ValueGeneratedNever();
            bin.Property(b => b.Revision).IsConcurrencyToken();
        });
        modelBuilder.Entity<Booking>(booking =>
        {
            booking.ToTable("bookings");
            booking.Property(b => b.Id).ValueGeneratedNever();
            booking.InsertUsingStoredProcedure("book", p => p.HasParameter(b => b.Id).HasParameter(b => b.Text).HasParameter(b => b.Stamp, s => s.IsOutput()));
            booking.DeleteUsingStoredProcedure("unbook", p => p.HasOriginalValueParameter(b => b.Id).HasRowsAffectedParameter());
            booking.Property(b => b.Stamp).ValueGeneratedOnAdd();
        });
    }
}

public sealed class Item
{
    public long Id { get; set; }

    public string Name { get; set; } = "";

    public int Count { get; set; }

    public uint Version { get; set; }
}

public sealed class Bin
{
    public int Id { get; set; }

    public string Text { get; set; } = "";

    public int Revision { get; set; }
}

public sealed class Booking
{
    public int Id { get; set; }

    public string Text { get; set; } = "";

    public int Stamp { get; set; }
}
