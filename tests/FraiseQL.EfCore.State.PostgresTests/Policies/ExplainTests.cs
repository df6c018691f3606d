using System.Text.RegularExpressions;
using FraiseQL.EfCore.State.PostgresTests.Caching;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace FraiseQL.EfCore.State.PostgresTests.Policies;

[Feature("B-06-explain")]
public sealed partial class ExplainTests : BlogDatabaseTests
{
    [Fact]
    [Feature("S1.2-key-readable")]
    public async Task A_query_tells_its_key_its_dependencies_its_time_and_where_it_is()
    {
        await using var node = await Node.StartAsync(
            ConnectionString, configure: o => o.Cache.Version = "2", state: s => s.VaryByUser(_ => "456").VaryBy("tenant", _ => "a:b-c"));
        await using var db = node.CreateContext();
        var authorId = 1;
        var limit = 20;
        IQueryable<Post> Query() => db.Posts.Where(p => p.AuthorId == authorId).OrderBy(p => p.Id).Take(limit).Include(p => p.Comments).Cacheable(
            o => o.Profile(CacheProfile.UserSpecific).Named("GetUserPosts").Tags("trending").DependsOn<Tag>());
        var before = Query().ToCacheExplainString();
        await Query().ToListAsync();
        var hit = Query().ToCacheExplainString();
        await node.WriteAsync(other => other.Comments.Where(c => c.Id == 1).ExecuteDeleteAsync());
        await Eventually.Until(() => EndedByDelete().IsMatch(Query().ToCacheExplainString()));
        var stale = Query().ToCacheExplainString();
        var readers = node.Commands.Readers;
        var key = Query().ToCacheKeyString();
        Assert.Equal("query:GetUserPosts:tenant-a%3Ab%2Dc:user-456:authorId-1:p-20:v2", key);
        Assert.Equal(readers, node.Commands.Readers);
        Approved.Match(Steady($"{before}\n{hit}\n{stale}"), "explain");
        Assert.DoesNotContain("last ended by", hit, StringComparison.Ordinal);
    }

    [Fact]
    [Feature("U-03-precision-sound")]
    public async Task Where_every_row_counts_a_code_says_why()
    {
        await using var node = await Node.StartAsync(ConnectionString);
        await using var db = node.CreateContext();
        var text = "x";
        int[] ids = [1, 2];
        foreach (var (query, expected) in new (IQueryable<object> Query, string Expected)[]
        {
            (db.Posts, "Posts (every row; no-predicate)"),
            (db.Posts.Where(p => p.Title == text), "Posts (every row; column-not-tracked: Title)"),
            (db.Posts.Where(p => p.Id > 3), "Posts (every row; predicate-not-exact)"),
            (db.Posts.Where(p => p.Id == 1 || p.AuthorId == 2), "Posts (every row; predicate-not-exact)"),
            (db.Posts.Where(p => p.AuthorId == 1).Include(p => p.Comments), "Comments (every row; joined)"),
            (db.Posts.Where(p => ids.Contains(p.Id)), "Posts where Id in (@ids)"),
            (db.Posts.Where(p => p.Id == 3 || p.Id == 4), "Posts where Id in (3, 4)"),
        })
        {
            var explained = query.Cacheable().ToCacheExplainString();
            Assert.True(explained.Contains($"depends on: public.{expected}", StringComparison.Ordinal), explained);
        }
    }

    [Fact]
    public async Task What_is_not_cached_says_why_with_its_code()
    {
        await using var node = await Node.StartAsync(ConnectionString);
        await using var db = node.CreateContext();
        var text = string.Join('\n', new (string Name, Func<string> Explain)[]
        {
            ("not marked", () => db.Posts.ToCacheExplainString()),
            ("volatile", () => db.Posts.Select(_ => EF.Functions.Random()).Cacheable().ToCacheExplainString()),
            ("raw SQL", () => db.Posts.FromSql($"SELECT * FROM \"Posts\"").Cacheable().ToCacheExplainString()),
            ("raw SQL with its tables", () => db.Posts.FromSql($"SELECT * FROM \"Posts\"").Cacheable(o => o.DependsOn<Post>()).ToCacheExplainString()),
            ("nobody to ask for", () => db.Posts.Cacheable(CacheProfile.Personalized).ToCacheExplainString()),
        }
            .Select(q => $"# {q.Name}\n{q.Explain()}"));
        Approved.Match(Steady(text), "refused");
        Assert.Contains("not-marked", Assert.Throws<InvalidOperationException>(() => db.Posts.ToCacheKeyString()).Message, StringComparison.Ordinal);
        await using var transaction = await db.Database.BeginTransactionAsync();
        Assert.Contains("now: reads the database (transaction)", db.Posts.Cacheable().ToCacheExplainString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_list_has_nothing_to_explain()
        => Assert.Throws<InvalidOperationException>(() => Array.Empty<Post>().AsQueryable().ToCacheExplainString());

    private static string Steady(string text)
        => Ended().Replace(Digits().Replace(Moment().Replace(text, "read at …"), "…"), "…").ReplaceLineEndings("\n")

            // Which of the two depends on how soon the log was read.
            .Replace("but a write of this node is not yet seen in the log", "but changed since, or its time is over", StringComparison.Ordinal);

    [GeneratedRegex("(?<=plan: |query:)[0-9a-f]{12,}|(?<=key id: )[0-9A-Za-z_-]{43}")]
    private static partial Regex Digits();

    [GeneratedRegex("last ended by: a delete from public.Comments at 20[0-9-]+T[0-9:.]+")]
    private static partial Regex EndedByDelete();

    [GeneratedRegex("(?<=last ended by: ).*")]
    private static partial Regex Ended();

    [GeneratedRegex("[0-9]+ bytes, read at [^\n]*")]
    private static partial Regex Moment();
}
