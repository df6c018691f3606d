using Microsoft.EntityFrameworkCore;

namespace FraiseQL.EfCore.State.PostgresTests.Types;

/// <summary>One table with two columns for each type: one that is never NULL, and one that may be.</summary>
internal sealed class TypesContext(DbContextOptions<TypesContext> options) : DbContext(options)
{
    public DbSet<Dictionary<string, object>> Samples => Set<Dictionary<string, object>>("Sample");

    public DbSet<Holder> Holders => Set<Holder>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        foreach (var extension in (string[])["hstore", "citext", "ltree", "cube"])
        {
            modelBuilder.HasPostgresExtension(extension);
        }

        modelBuilder.SharedTypeEntity<Dictionary<string, object>>("Sample", b =>
        {
            b.IndexerProperty<int>("Id").ValueGeneratedNever();
            b.HasKey("Id");
            foreach (var type in AllTypes.All)
            {
                type.Map(b);
            }
        });
        modelBuilder.Entity<Holder>(b =>
        {
            b.Property(h => h.Id).ValueGeneratedNever();
            b.OwnsOne(h => h.Owned, o => o.ToJson());
            b.OwnsMany(h => h.Many, o => o.ToJson());
            b.ComplexProperty(h => h.Complex, o => o.ToJson());
        });
    }
}

/// <summary>An entity with JSON columns that EF maps itself.</summary>
internal sealed class Holder
{
    public int Id { get; set; }

    public JsonPart? Owned { get; set; }

    public List<JsonPart> Many { get; set; } = [];

    public required JsonPart Complex { get; set; }

    public List<string> Words { get; set; } = [];
}

internal sealed class JsonPart
{
    public string Name { get; set; } = "";

    public List<int> Numbers { get; set; } = [];
}

internal enum Mood
{
    Sad = 1,
    Content,
    Happy,
}

internal enum Level : short
{
    Low,
    High = 300,
}

/// <summary>A document of dynamic JSON that can be changed.</summary>
internal sealed class Settings
{
    public string Name { get; set; } = "";

    public List<int> Numbers { get; set; } = [];

    public Dictionary<string, string?> Words { get; set; } = [];

    public Settings? Inner { get; set; }
}

/// <summary>A document of dynamic JSON that nobody can change.</summary>
internal sealed record Address(string Street, int Number);

/// <summary>A document whose values cannot be copied without knowing what they are.</summary>
internal sealed class Opaque
{
    public string Name { get; set; } = "";

    public object? Anything { get; set; }
}
