using FraiseQL.EfCore.State.PostgresTests.Caching;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace FraiseQL.EfCore.State.PostgresTests.Precision;

/// <summary>Columns of which events do not tell whether they have changed.</summary>
[Feature("B-04-column-mask")]
public sealed class UntoldColumnTests : BlogDatabaseTests
{
    private static readonly TimeSpan s_ttl = TimeSpan.FromMinutes(5);

    [Fact]
    [Feature("U-17-column-filter")]
    public async Task An_excluded_column_and_xmin_end_what_reads_them_and_nothing_else()
    {
        var connectionString = await PostgresServer.CreateSharedDatabaseAsync();
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddDbContextFactory<PatientContext>(o => o.UseNpgsql(connectionString).UseFraiseQLState());
        builder.Services.AddFraiseQLState<PatientContext>();
        using var host = builder.Build();
        var factory = host.Services.GetRequiredService<IDbContextFactory<PatientContext>>();
        await using (var db = factory.CreateDbContext())
        {
            await db.Database.EnsureCreatedAsync();
            db.Add(new Patient { Id = 1, Name = "Ada", Diagnosis = "none" });
            await db.SaveChangesAsync();
        }

        await host.StartAsync();
        await Eventually.Until(async () => await AskAsync(db => db.Patients.Cacheable(s_ttl).CountAsync()) is { Outcome: CacheOutcome.L1Hit }, TimeSpan.FromSeconds(20));
        foreach (var expected in (string[])["healthy", "a cold"])
        {
            await AskAsync(Names);
            await AskAsync(Diagnoses);
            await AskAsync(Whole);
            Assert.Equal(CacheOutcome.L1Hit, (await AskAsync(Names)).Outcome);
            await Seed.ExecuteAsync(connectionString, $"UPDATE \"Patients\" SET \"Diagnosis\" = '{expected}' WHERE \"Id\" = 1");
            await Eventually.Until(async () => (await AskAsync(Diagnoses)).Value == expected);
            await Eventually.Until(async () => (await AskAsync(Whole)).Value.EndsWith(expected, StringComparison.Ordinal));
            Assert.Equal(CacheOutcome.L1Hit, (await AskAsync(Names)).Outcome);
        }

        // Nothing is changed but the row's version, which the entity has as its concurrency token.
        var before = (await AskAsync(Whole)).Value;
        await Seed.ExecuteAsync(connectionString, "UPDATE \"Patients\" SET \"Name\" = \"Name\"");
        await Eventually.Until(async () => (await AskAsync(Whole)).Value != before);
        Assert.Equal(CacheOutcome.L1Hit, (await AskAsync(Names)).Outcome);
        await host.StopAsync();

        async Task<(string Value, CacheOutcome Outcome)> AskAsync<T>(Func<PatientContext, Task<T>> query)
        {
            await using var db = factory.CreateDbContext();
            return ($"{await query(db)}", db.Database.GetCacheOutcome());
        }

        static Task<string> Names(PatientContext db) => db.Patients.Where(p => p.Id == 1).Select(p => p.Name).Cacheable(s_ttl).SingleAsync();
        static Task<string> Diagnoses(PatientContext db) => db.Patients.Where(p => p.Id == 1).Select(p => p.Diagnosis).Cacheable(s_ttl).SingleAsync();
        static async Task<string> Whole(PatientContext db)
        {
            var patient = await db.Patients.Where(p => p.Id == 1).Cacheable(s_ttl).SingleAsync();
            return $"{patient.Version} {patient.Diagnosis}";
        }
    }

    [Fact]
    [Feature("U-28-rls-key")]
    public async Task Where_a_policy_may_read_any_column_every_update_counts()
    {
        await Seed.ExecuteAsync(ConnectionString, """
            ALTER TABLE "Documents" ENABLE ROW LEVEL SECURITY;
            CREATE POLICY own ON "Documents" USING ("Tenant" = current_setting('app.tenant', true));
            """);
        await using var node = await Node.StartAsync(ConnectionString, state: s => s.VaryBySessionVariable("app.tenant", _ => null));
        await node.ReadAsync(Texts);
        Assert.Equal(CacheOutcome.L1Hit, (await node.ReadAsync(Texts)).Outcome);
        await Seed.ExecuteAsync(ConnectionString, "UPDATE \"Documents\" SET \"Tenant\" = 'green' WHERE \"Id\" = 1");
        await node.CaughtUpAsync(ConnectionString);
        Assert.Equal(CacheOutcome.Miss, (await node.ReadAsync(Texts)).Outcome);

        static Task<List<string>> Texts(BlogContext db) => db.Documents.IgnoreQueryFilters().OrderBy(d => d.Id).Select(d => d.Text).Cacheable(s_ttl).ToListAsync();
    }

    public sealed class Patient
    {
        public int Id { get; set; }

        public string Name { get; set; } = "";

        public string Diagnosis { get; set; } = "";

        public uint Version { get; set; }
    }

    public sealed class PatientContext(DbContextOptions<PatientContext> options) : DbContext(options)
    {
        public DbSet<Patient> Patients => Set<Patient>();

        protected override void OnModelCreating(ModelBuilder modelBuilder)
        {
            modelBuilder.Entity<Patient>().HasChangeEvents(e => e.Exclude(p => p.Diagnosis));
            modelBuilder.Entity<Patient>().Property(p => p.Version).IsRowVersion();
        }
    }
}
