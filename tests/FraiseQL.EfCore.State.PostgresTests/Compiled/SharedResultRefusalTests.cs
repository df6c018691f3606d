using System.Linq.Expressions;
using System.Text;
using FraiseQL.EfCore.State.PostgresTests.Caching;
using Microsoft.EntityFrameworkCore;

namespace FraiseQL.EfCore.State.PostgresTests.Compiled;

/// <summary>What cannot be shared is refused when it is compiled, and the message says why.</summary>
[Feature("B-18-typed")]
public sealed class SharedResultRefusalTests
{
    private const string NoServer = "Host=127.0.0.1;Port=1;Database=none;Username=none;Timeout=1";

    private static readonly string s_fixed = "constant";
    private static string s_static = "variable";

    private readonly StringBuilder _messages = new();
    private readonly string _field = "field";

    [Fact]
    public void Every_refusal_says_what_is_wrong_and_what_to_do()
    {
        var local = "local";
        Refused("an entity", () => CacheableQuery.Compile((BlogContext db) => db.Posts.Cacheable()));
        Refused("tracked", () => CacheableQuery.Compile((BlogContext db) => db.Posts.AsTracking().Select(p => p.Title)));
        Refused("a settable property", () => CacheableQuery.Compile((BlogContext db) => db.Posts.Select(p => new Settable { Title = p.Title })));
        Refused("a settable property inside", () => CacheableQuery.Compile((BlogContext db) => db.Posts.Select(p => new { Inner = new Settable { Title = p.Title } })));
        Refused("a writable field", () => CacheableQuery.Compile((BlogContext db) => db.Posts.Select(p => new Fields { Title = p.Title })));
        Refused("a list", () => CacheableQuery.Compile((BlogContext db) => db.Posts.Select(p => new WithList(p.Id, p.Tags.Select(t => t.Name).ToList()))));
        Refused("an array", () => CacheableQuery.Compile((BlogContext db) => db.Posts.Select(p => new { Tags = p.Tags.Select(t => t.Name).ToArray() })));
        Refused("an interface", () => CacheableQuery.Compile((BlogContext db) => db.Posts.Select(p => new WithInterface(p.Title))));
        Refused("object", () => CacheableQuery.Compile((BlogContext db) => db.Posts.Select(p => (object)p.Title)));
        Refused("an unsealed class not made here", () => CacheableQuery.Compile((BlogContext db) => db.Posts.Select(p => p.Id == 1 ? new Open(p.Id) : new Derived(p.Id))));
        Refused("an unsealed class inside", () => CacheableQuery.Compile((BlogContext db) => db.Posts.Select(p => new Holder(new Derived(p.Id)))));
        Refused("a local variable", () => CacheableQuery.Compile((BlogContext db) => db.Posts.Where(p => p.Title == local).Select(p => p.Id)));
        Refused("a field of this", () => CacheableQuery.Compile((BlogContext db) => db.Posts.Where(p => p.Title == _field).Select(p => p.Id)));
        Refused("a static field", () => CacheableQuery.Compile((BlogContext db) => db.Posts.Where(p => p.Title == s_static).Select(p => p.Id)));
        Refused("a static property", () => CacheableQuery.Compile((BlogContext db) => db.Posts.Where(p => p.PublishedAt < DateTime.UtcNow).Select(p => p.Id)));
        Refused("a property of the context", () => CacheableQuery.Compile((BlogContext db) => db.Documents.Where(d => d.Tenant == db.Tenant).Select(p => p.Id)));
        Refused("the context itself", () => CacheableQuery.Compile((BlogContext db) => db.Posts.Select(p => new { Db = db })));
        Refused("a method of the program", () => CacheableQuery.Compile((BlogContext db) => db.Posts.Select(p => new { Text = Text(p.Title) })));
        Refused("a random value", () => CacheableQuery.Compile((BlogContext db) => db.Posts.Select(p => new { Id = Guid.NewGuid() })));
        Refused("a parameter without an exact form", () => CacheableQuery.Compile((BlogContext db, Version v) => db.Posts.Select(p => p.Id)));
        Refused("an ordered query", () => CacheableQuery.Compile((BlogContext db) => db.Posts.Select(p => p.Id).OrderBy(id => id)));
        Refused("no query", () => CacheableQuery.Compile((BlogContext db, int id) => id + 1));
        Approved.Match(_messages.ToString(), "SharedResultRefusals");
        s_static = "changed";
    }

    [Fact]
    public void An_immutable_entity_is_refused_when_its_model_is_known()
    {
        var query = CacheableQuery.Compile((ImmutableContext db) => db.Rows.Select(r => r).Cacheable());
        using var db = new ImmutableContext(new DbContextOptionsBuilder<ImmutableContext>().UseNpgsql(NoServer).UseFraiseQLState().Options);
        var error = Assert.Throws<InvalidOperationException>(() => query.Execute(db));
        Assert.Contains("Row is an entity", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_filter_that_reads_more_than_the_context_is_refused_when_its_model_is_known()
    {
        var query = CacheableQuery.Compile((FilteredContext db) => db.Documents.Select(d => d.Text).Cacheable());
        using var db = new FilteredContext(new DbContextOptionsBuilder<FilteredContext>().UseNpgsql(NoServer).UseFraiseQLState().Options);
        var error = Assert.Throws<InvalidOperationException>(() => query.Execute(db));
        Assert.Contains("query filter of Document reads a HashSet<String>", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_state_the_missing_call_is_named()
    {
        var query = CacheableQuery.Compile((BlogContext db) => db.Posts.Select(p => p.Title));
        using var db = new BlogContext(new DbContextOptionsBuilder<BlogContext>().UseNpgsql(NoServer).Options);
        var error = Assert.Throws<InvalidOperationException>(() => query.Execute(db));
        Assert.Contains("UseFraiseQLState()", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_nobody_can_change_is_accepted()
    {
        Expression<Func<Post, OpenRecord>> unused = p => new OpenRecord(p.Id, new Inner(p.Title));
        Assert.NotNull(unused);
        Assert.NotNull(CacheableQuery.Compile((BlogContext db, DateTime? since, int[] ids, DayOfWeek day, string? text) => db.Posts
            .Where(p => p.PublishedAt > since && ids.Contains(p.Id) && p.Title != s_fixed && p.PublishedAt.DayOfWeek == day)
            .Select(p => new OpenRecord(p.Id, new Inner(text ?? string.Empty)))));
        Assert.NotNull(CacheableQuery.Compile((BlogContext db) => db.Posts.Select(p => new { p.Id, p.Rating, Inner = new { p.Title, p.PublishedAt } })));
        Assert.NotNull(CacheableQuery.Compile((BlogContext db) => db.Posts.Select(p => new ValueTuple<int, string>(p.Id, p.Title))));
        Assert.NotNull(CacheableQuery.Compile((BlogContext db) => db.Posts.Select(p => new Tuple<int, string>(p.Id, p.Title))));
        Assert.NotNull(CacheableQuery.Compile((BlogContext db) => db.Posts.GroupBy(p => p.AuthorId).Select(g => new { g.Key, Count = g.Count() }).Take(3)));
        Assert.NotNull(CacheableQuery.Compile((BlogContext db) => db.Posts.Select(p => new InitOnly { Id = p.Id, Title = p.Title }).AsQueryable().Cacheable()));
        Assert.NotNull(CacheableQuery.Compile((BlogContext db, int a) => db.Posts.Max(p => (decimal?)p.Views)));
    }

    private static string Text(string text) => text;

    private void Refused(string what, Action compile)
    {
        var error = Assert.Throws<ArgumentException>(compile);
        _messages.Append("## ").AppendLine(what).AppendLine(error.Message).AppendLine();
    }

    public sealed class Settable
    {
        public string Title { get; set; } = "";
    }

    public sealed class Fields
    {
        internal string Title = "";
    }

    public sealed class InitOnly
    {
        public int Id { get; init; }

        public required string Title { get; init; }
    }

    public sealed record WithList(int Id, List<string> Tags);

    public sealed record WithInterface(IComparable Title);

    public record Open(int Id);

    public record Derived(int Id) : Open(Id)
    {
        public string Text { get; set; } = "";
    }

    public sealed record Holder(Open Inner);

    public record OpenRecord(int Id, Inner Inner);

    public record Inner(string Title);

    public sealed record Row(int Id, string Text);

    public sealed class ImmutableContext(DbContextOptions<ImmutableContext> options) : DbContext(options)
    {
        public DbSet<Row> Rows => Set<Row>();
    }

    public sealed class FilteredContext(DbContextOptions<FilteredContext> options) : DbContext(options)
    {
        public DbSet<Document> Documents => Set<Document>();

        public HashSet<string> Tenants { get; } = ["red"];

        protected override void OnModelCreating(ModelBuilder modelBuilder)
            => modelBuilder.Entity<Document>().HasQueryFilter(d => Tenants.Contains(d.Tenant));
    }
}
