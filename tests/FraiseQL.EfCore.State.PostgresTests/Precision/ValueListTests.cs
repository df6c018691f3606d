using FraiseQL.EfCore.State.PostgresTests.Caching;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace FraiseQL.EfCore.State.PostgresTests.Precision;

/// <summary>Predicates that allow several values, or none: IN, = ANY, OR, IS NULL.</summary>
[Feature("B-03-predicate")]
[Feature("U-03-precision-sound")]
public sealed class ValueListTests : IAsyncLifetime
{
    private static readonly TimeSpan s_ttl = TimeSpan.FromMinutes(5);
    private static readonly int?[] s_some = [1, null];
    private static readonly string[] s_patterns = ["%ope%", "la%"];
    private static readonly Guid[] s_guids = [new("11111111-1111-1111-1111-111111111111"), new("22222222-2222-2222-2222-222222222222")];

    private static readonly (string Name, Func<TaskContext, IQueryable<string>> Query)[] s_queries =
    [
        ("is null", db => db.Items.Where(i => i.ParentId == null).Select(i => i.Name)),
        ("null parameter", db => ByParent(db, null)),
        ("is not null", db => db.Items.Where(i => i.ParentId != null).Select(i => i.Name)),
        ("one or none", db => db.Items.Where(i => i.ParentId == 1 || i.ParentId == null).Select(i => i.Name)),
        ("list with none", db => db.Items.Where(i => s_some.Contains(i.ParentId)).Select(i => i.Name)),
        ("constants", db => db.Items.Where(i => i.ParentId == 1 || i.ParentId == 2).Select(i => i.Name)),
        ("not in the list", db => db.Items.Where(i => !s_some.Contains(i.ParentId)).Select(i => i.Name)),
        ("guids", db => db.Items.Where(i => s_guids.Contains(i.Owner)).Select(i => i.Name)),
        ("texts", db => Texts(db, ["open", "late"])),
        ("like any", db => db.Items.Where(i => s_patterns.Any(p => EF.Functions.Like(i.State, p))).Select(i => i.Name)),
        ("enumeration", db => Kinds(db, [TaskKind.Big, TaskKind.Odd])),
        ("converted", db => Codes(db, [new Code(5), new Code(6)])),
        ("empty list", db => Texts(db, [])),
        ("long list", db => Ids(db, [.. Enumerable.Range(1, 200)])),
        ("without children", db => db.Items.Where(i => !db.Items.Any(c => c.ParentId == i.Id)).Select(i => i.Name)),
        ("anti-join", db => db.Items.GroupJoin(db.Items, i => i.Id, c => c.ParentId, (i, c) => new { i, c }).SelectMany(x => x.c.DefaultIfEmpty(), (x, c) => new { x.i.Name, Child = (int?)c!.Id }).Where(x => x.Child == null).Select(x => x.Name)),
        ("anti-join, pushed", db => db.Items.GroupJoin(db.Items, i => i.Id, c => c.ParentId, (i, c) => new { i, c }).SelectMany(x => x.c.DefaultIfEmpty(), (x, c) => new { x.i.Name, x.i.Id, Parent = c!.ParentId }).OrderBy(x => x.Id).Take(100).Where(x => x.Parent == null).Select(x => x.Name)),
        ("join to a list", db => db.Items.Where(i => s_some.Contains(i.ParentId)).Join(db.Items, i => i.ParentId, p => p.Id, (i, p) => i.Name + p.Name)),
        ("several columns", db => db.Items.Where(i => i.ParentId == 1 || i.State == "open").Select(i => i.Name)),
    ];

    private string _connectionString = "";
    private IHost? _host;

    public async Task InitializeAsync()
    {
        _connectionString = await PostgresServer.CreateSharedDatabaseAsync();
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddDbContextFactory<TaskContext>(o => o.UseNpgsql(_connectionString).UseFraiseQLState());
        builder.Services.AddFraiseQLState<TaskContext>();
        _host = builder.Build();
        await using (var db = Context())
        {
            await db.Database.EnsureCreatedAsync();
        }

        await Seed.ExecuteAsync(_connectionString, """
            INSERT INTO "Items" SELECT n, 'item ' || n, CASE WHEN n > 2 THEN n % 3 + 1 END, ('1111111' || n % 2 + 1 || '-1111-1111-1111-111111111111')::uuid,
                (ARRAY['open', 'late', 'done'])[n % 3 + 1], n % 3, n % 7 FROM generate_series(1, 8) n ORDER BY n
            """);
        await _host.StartAsync();
        await Eventually.Until(async () => (await AskAsync(db => db.Items.Select(i => i.Name), cached: true)).Outcome == CacheOutcome.L1Hit, TimeSpan.FromSeconds(20));
    }

    public async Task DisposeAsync()
    {
        await _host!.StopAsync();
        _host.Dispose();
    }

    [Fact]
    public async Task No_predicate_over_several_values_or_none_misses_a_row_that_comes_goes_or_moves()
    {
        var seed = Random.Shared.Next();
        var random = new Random(seed);
        foreach (var (_, query) in s_queries)
        {
            await AskAsync(query, cached: true);
        }

        for (var step = 0; step < 40; step++)
        {
            var id = random.Next(1, 12);
            var parent = random.Next(4) is > 0 and var p ? $"{p}" : "NULL";
            await Seed.ExecuteAsync(_connectionString, random.Next(5) switch
            {
                0 => $"DELETE FROM \"Items\" WHERE \"Id\" = {id} AND \"Id\" > 3",
                1 => $"UPDATE \"Items\" SET \"State\" = '{(random.Next(2) == 0 ? "open" : "done")}', \"Kind\" = {random.Next(3)}, \"Code\" = {random.Next(4, 8)} WHERE \"Id\" = {id}",
                2 => $"UPDATE \"Items\" SET \"Owner\" = '{s_guids[random.Next(2)]}' WHERE \"Id\" = {id}",
                3 => $"INSERT INTO \"Items\" VALUES ({id}, 'new {step}', {parent}, '{s_guids[0]}', 'open', 1, 5) ON CONFLICT (\"Id\") DO UPDATE SET \"ParentId\" = excluded.\"ParentId\"",
                _ => $"UPDATE \"Items\" SET \"ParentId\" = {parent} WHERE \"Id\" = {id}",
            });
            await LedgerWaits.CaughtUpAsync(Context, _connectionString);
            foreach (var (name, query) in s_queries)
            {
                var cached = await AskAsync(query, cached: true);
                var plain = await AskAsync(query, cached: false);
                Assert.True(cached.Rows == plain.Rows, $"seed {seed}, step {step}, {name}: {cached.Rows} instead of {plain.Rows} ({cached.Outcome})");
            }
        }
    }

    [Theory]
    [InlineData("is null", "UPDATE \"Items\" SET \"ParentId\" = 2 WHERE \"Id\" = 4")]
    [InlineData("one or none", "UPDATE \"Items\" SET \"ParentId\" = 3 WHERE \"Id\" = 4")]
    [InlineData("constants", "UPDATE \"Items\" SET \"ParentId\" = NULL WHERE \"Id\" = 5")]
    [InlineData("guids", "UPDATE \"Items\" SET \"Owner\" = '33333333-3333-3333-3333-333333333333' WHERE \"Id\" = 20")]
    [InlineData("texts", "UPDATE \"Items\" SET \"State\" = 'lost' WHERE \"Id\" = 20")]
    public async Task A_row_that_was_and_is_none_of_them_ends_nothing(string name, string sql)
    {
        await Seed.ExecuteAsync(_connectionString, "UPDATE \"Items\" SET \"ParentId\" = 3 WHERE \"Id\" IN (4, 5); INSERT INTO \"Items\" VALUES (20, 'x', 3, '44444444-4444-4444-4444-444444444444', 'done', 1, 1)");
        await LedgerWaits.CaughtUpAsync(Context, _connectionString);
        var query = s_queries.Single(q => q.Name == name).Query;
        await AskAsync(query, cached: true);
        await Seed.ExecuteAsync(_connectionString, sql);
        await LedgerWaits.CaughtUpAsync(Context, _connectionString);
        Assert.Equal(CacheOutcome.L1Hit, (await AskAsync(query, cached: true)).Outcome);
    }

    private TaskContext Context() => _host!.Services.GetRequiredService<IDbContextFactory<TaskContext>>().CreateDbContext();

    private async Task<(string Rows, CacheOutcome Outcome)> AskAsync(Func<TaskContext, IQueryable<string>> query, bool cached)
    {
        await using var db = Context();
        var rows = await (cached ? query(db).Cacheable(s_ttl) : query(db)).ToListAsync();
        return (string.Join('|', rows.Order(StringComparer.Ordinal)), db.Database.GetCacheOutcome());
    }

    private static IQueryable<string> ByParent(TaskContext db, int? parent) => db.Items.Where(i => i.ParentId == parent).Select(i => i.Name);

    private static IQueryable<string> Texts(TaskContext db, string[] states) => db.Items.Where(i => states.Contains(i.State)).Select(i => i.Name);

    private static IQueryable<string> Kinds(TaskContext db, TaskKind[] kinds) => db.Items.Where(i => kinds.Contains(i.Kind)).Select(i => i.Name);

    private static IQueryable<string> Codes(TaskContext db, Code[] codes) => db.Items.Where(i => codes.Contains(i.Code)).Select(i => i.Name);

    private static IQueryable<string> Ids(TaskContext db, int[] ids) => db.Items.Where(i => ids.Contains(i.Id)).Select(i => i.Name);

    public enum TaskKind
    {
        Small,
        Big,
        Odd,
    }

    public readonly record struct Code(int Number);

    public sealed class Item
    {
        public int Id { get; set; }

        public string Name { get; set; } = "";

        public int? ParentId { get; set; }

        public Guid Owner { get; set; }

        public string State { get; set; } = "";

        public TaskKind Kind { get; set; }

        public Code Code { get; set; }
    }

    public sealed class TaskContext(DbContextOptions<TaskContext> options) : DbContext(options)
    {
        public DbSet<Item> Items => Set<Item>();

        protected override void OnModelCreating(ModelBuilder modelBuilder) => modelBuilder.Entity<Item>(b =>
        {
            b.Property(i => i.Id).ValueGeneratedNever().HasColumnOrder(0);
            b.Property(i => i.Name).HasColumnOrder(1);
            b.Property(i => i.ParentId).HasColumnOrder(2);
            b.Property(i => i.Owner).HasColumnOrder(3);
            b.Property(i => i.State).HasColumnOrder(4);
            b.Property(i => i.Kind).HasColumnOrder(5);

            // What goes to the database is another number than the application's.
            b.Property(i => i.Code).HasConversion(c => c.Number + 1, n => new Code(n - 1)).HasColumnOrder(6);
            b.HasChangeEvents(e => e.DependsOn(i => i.ParentId).DependsOn(i => i.Owner).DependsOn(i => i.State).DependsOn(i => i.Kind).DependsOn(i => i.Code));
        });
    }
}
