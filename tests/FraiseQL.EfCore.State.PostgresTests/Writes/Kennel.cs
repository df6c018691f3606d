using Microsoft.EntityFrameworkCore;

namespace FraiseQL.EfCore.State.PostgresTests.Writes;

/// <summary>One model in two context types: the database of the one has triggers, that of the other has none.</summary>
public abstract class Kennel(DbContextOptions options) : DbContext(options)
{
    public DbSet<Keeper> Keepers => Set<Keeper>();

    public DbSet<Visit> Visits => Set<Visit>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<Keeper>(keeper =>
        {
            keeper.ToTable("keepers");
            keeper.HasDiscriminator<string>("kind").HasValue<Keeper>("keeper").HasValue<Vet>("vet");
            keeper.OwnsOne(k => k.Home, home => home.ToTable("homes"));
            keeper.OwnsOne(k => k.Phone);
            keeper.OwnsMany(k => k.Notes, notes => notes.ToJson());
            keeper.Property(k => k.Revision).IsConcurrencyToken();
        });
        modelBuilder.Entity<Animal>(animal =>
        {
            animal.UseTptMappingStrategy().ToTable("animals");
            animal.HasOne<Keeper>().WithMany().HasForeignKey(a => a.KeeperId);
        });
        modelBuilder.Entity<Dog>().ToTable("dogs");
        modelBuilder.Entity<Visit>(visit =>
        {
            visit.ToTable("visits", "clinic");
            visit.HasKey(v => new { v.AnimalId, v.Reason });
            visit.HasChangeEvents(e => e.PreImage().Redact(v => v.Diagnosis).Exclude(v => v.Bill));
        });
        modelBuilder.Entity<Leash>().IgnoreChangeEvents();
    }
}

public sealed class TriggeredKennel(DbContextOptions<TriggeredKennel> options) : Kennel(options);

public sealed class UntriggeredKennel(DbContextOptions<UntriggeredKennel> options) : Kennel(options);

public class Keeper
{
    public int Id { get; set; }

    public string Name { get; set; } = "";

    public int Revision { get; set; }

    public Home? Home { get; set; }

    public Phone? Phone { get; set; }

    public List<Note> Notes { get; set; } = [];
}

public sealed class Vet : Keeper
{
    public string School { get; set; } = "";
}

public sealed class Home
{
    public string Street { get; set; } = "";
}

public sealed class Phone
{
    public string Number { get; set; } = "";
}

public sealed class Note
{
    public string Text { get; set; } = "";
}

public class Animal
{
    public long Id { get; set; }

    public string Name { get; set; } = "";

    public int? KeeperId { get; set; }
}

public sealed class Dog : Animal
{
    public bool Barks { get; set; }
}

public sealed class Visit
{
    public long AnimalId { get; set; }

    public string Reason { get; set; } = "";

    public DateTime At { get; set; } = DateTime.UnixEpoch;

    public decimal Weight { get; set; }

    public string Diagnosis { get; set; } = "";

    public string Bill { get; set; } = "";
}

public sealed class Leash
{
    public int Id { get; set; }
}
