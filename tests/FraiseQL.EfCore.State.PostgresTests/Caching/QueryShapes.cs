using System.Globalization;
using Microsoft.EntityFrameworkCore;

namespace FraiseQL.EfCore.State.PostgresTests.Caching;

/// <summary>Queries of many shapes over the blog, each with one small number as its parameter; with or without the mark they are the same.</summary>
internal static class QueryShapes
{
    private static readonly TimeSpan s_ttl = TimeSpan.FromMinutes(5);

    public static readonly (string Name, Func<BlogContext, int, bool, Task<string>> Run)[] All =
    [
        ("post by key", (db, n, c) => List(Mark(db.Posts.Where(p => p.Id == n).AsNoTracking(), c))),
        ("first by key", async (db, n, c) => Show(await Mark(db.Posts.AsNoTracking(), c).FirstOrDefaultAsync(p => p.Id == n))),
        ("list by author", (db, n, c) => List(Mark(db.Posts.Where(p => p.AuthorId == n).OrderBy(p => p.Id).AsNoTracking(), c))),
        ("titles by author", (db, n, c) => List(Mark(db.Posts.Where(p => p.AuthorId == n).OrderBy(p => p.Id).Select(p => p.Title), c))),
        ("count", async (db, _, c) => Show(await Mark(db.Posts, c).CountAsync())),
        ("count by author", async (db, n, c) => Show(await Mark(db.Posts.Where(p => p.AuthorId == n), c).CountAsync())),
        ("any by author", async (db, n, c) => Show(await Mark(db.Posts.Where(p => p.AuthorId == n), c).AnyAsync())),
        ("sum", async (db, n, c) => Show(await Mark(db.Posts.Where(p => p.AuthorId == n), c).SumAsync(p => p.Views))),
        ("max", async (db, _, c) => Show(await Mark(db.Posts, c).MaxAsync(p => (int?)p.Views))),
        ("page", (db, n, c) => List(Mark(db.Posts.OrderByDescending(p => p.Views).ThenBy(p => p.Id).Skip(n).Take(3).AsNoTracking(), c))),
        ("page by author", (db, n, c) => List(Mark(db.Posts.Where(p => p.AuthorId == n).OrderByDescending(p => p.Views).ThenBy(p => p.Id).Take(2).AsNoTracking(), c))),
        ("include comments", (db, n, c) => List(Mark(db.Posts.Include(p => p.Comments.OrderBy(x => x.Id)).Where(p => p.AuthorId == n).OrderBy(p => p.Id).AsNoTracking(), c))),
        ("author with posts", (db, n, c) => List(Mark(db.Authors.Include(a => a.Posts.OrderBy(p => p.Id)).Where(a => a.Id == n).AsNoTracking(), c))),
        ("author with posts, single", async (db, n, c) => Show(await Mark(db.Authors.Include(a => a.Posts).AsNoTracking(), c).SingleOrDefaultAsync(a => a.Id == n))),
        ("post with author", (db, n, c) => List(Mark(db.Posts.Include(p => p.Author).Where(p => p.Id == n).AsNoTracking(), c))),
        ("author with all", (db, n, c) => List(Mark(db.Authors.Include(a => a.Posts).ThenInclude(p => p.Tags).Include(a => a.Posts).ThenInclude(p => p.Comments).Where(a => a.Id == n).AsNoTracking(), c))),
        ("posts by tag", (db, n, c) => List(Mark(db.Posts.Where(p => p.Tags.Any(t => t.Id == n)).OrderBy(p => p.Id).AsNoTracking(), c))),
        ("posts by tag name", (db, n, c) => List(Mark(db.Posts.Where(p => p.Tags.Any(t => t.Name == "tag " + n)).OrderBy(p => p.Id).Select(p => p.Title), c))),
        ("tags of a post", (db, n, c) => List(Mark(db.Posts.Where(p => p.Id == n).SelectMany(p => p.Tags).OrderBy(t => t.Id).Select(t => t.Name), c))),
        ("join", (db, n, c) => List(Mark(
            from p in db.Posts
            join a in db.Authors on p.AuthorId equals a.Id
            where a.Id == n
            orderby p.Id
            select new { p.Title, a.Name }, c))),
        ("left join", (db, n, c) => List(Mark(
            from a in db.Authors
            join p in db.Posts on a.Id equals p.AuthorId into posts
            from p in posts.DefaultIfEmpty()
            where a.Id == n
            orderby p.Id
            select new { a.Name, Title = p == null ? null : p.Title }, c))),
        ("by the author's name", (db, n, c) => List(Mark(db.Posts.Where(p => p.Author!.Name == "Author " + n).OrderBy(p => p.Id).Select(p => p.Title), c))),
        ("group", (db, _, c) => List(Mark(db.Posts.GroupBy(p => p.AuthorId).Select(g => new { g.Key, Count = g.Count(), Sum = g.Sum(p => p.Views) }).OrderBy(g => g.Key), c))),
        ("union", (db, n, c) => List(Mark(
            db.Posts.Where(p => p.AuthorId == n).Select(p => p.Title).Union(db.Comments.Where(x => x.PostId == n).Select(x => x.Text)).OrderBy(t => t), c))),
        ("counts in a projection", (db, n, c) => List(Mark(
            db.Authors.Where(a => a.Id == n).Select(a => new { a.Name, Posts = a.Posts.Count, Best = a.Posts.OrderByDescending(p => p.Views).Select(p => p.Title).FirstOrDefault() }), c))),
        ("correlated exists", (db, n, c) => List(Mark(db.Authors.Where(a => db.Posts.Any(p => p.AuthorId == a.Id && p.Views > n * 10)).OrderBy(a => a.Id).Select(a => a.Name), c))),
        ("derived with limit", (db, n, c) => List(Mark(db.Posts.OrderBy(p => p.Views).ThenBy(p => p.Id).Take(5).Where(p => p.AuthorId == n).Select(p => p.Id), c))),
        ("or", (db, n, c) => List(Mark(db.Posts.Where(p => p.AuthorId == n || p.Views == n).OrderBy(p => p.Id).Select(p => p.Id), c))),
        ("not equal", (db, n, c) => List(Mark(db.Posts.Where(p => p.AuthorId != n).OrderBy(p => p.Id).Select(p => p.Id), c))),
        ("list of keys", (db, n, c) => List(Mark(db.Posts.Where(p => new[] { n, n + 1 }.Contains(p.Id)).OrderBy(p => p.Id).Select(p => p.Title), c))),
        ("two predicates", (db, n, c) => List(Mark(db.Posts.Where(p => p.AuthorId == n && p.Id == n + 1).Select(p => p.Title), c))),
        ("comments of an author's posts", (db, n, c) => List(Mark(db.Comments.Where(x => x.Post!.AuthorId == n).OrderBy(x => x.Id).Select(x => x.Text), c))),
        ("distinct", (db, n, c) => List(Mark(db.Posts.Where(p => p.Views > n).Select(p => p.AuthorId).Distinct().OrderBy(i => i), c))),
    ];

    private static IQueryable<T> Mark<T>(IQueryable<T> query, bool cached) => cached ? query.Cacheable(s_ttl) : query;

    private static async Task<string> List<T>(IQueryable<T> query) => Show(await query.ToListAsync());

    private static string Show(object? value) => value switch
    {
        null => "∅",
        string text => text,
        Post p => $"Post({p.Id},{p.Title},{p.Views},{p.Rating},{p.AuthorId},{p.PublishedAt:O},{p.Author?.Name},[{Join(p.Tags.OrderBy(t => t.Id))}],[{Join(p.Comments.OrderBy(c => c.Id))}])",
        Author a => $"Author({a.Id},{a.Name},[{Join(a.Posts.OrderBy(p => p.Id))}])",
        Tag t => t.Name,
        Comment c => c.Text,
        System.Collections.IEnumerable list => "[" + Join(list.Cast<object?>()) + "]",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };

    private static string Join(IEnumerable<object?> values) => string.Join("; ", values.Select(Show));
}
