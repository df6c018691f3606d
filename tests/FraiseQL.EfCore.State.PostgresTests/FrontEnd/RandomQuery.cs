using System.Linq.Expressions;
using CsCheck;
using FraiseQL.EfCore.State.PostgresTests.Caching;
using FraiseQL.EfCore.State.PostgresTests.Shapes;
using Microsoft.EntityFrameworkCore;

namespace FraiseQL.EfCore.State.PostgresTests.FrontEnd;

/// <summary>A random cacheable query: its form; the values come with each execution.</summary>
internal sealed record RandomQuery(RandomFilter First, RandomFilter? Second, int[] Operators, int End, int Mark, QueryTrackingBehavior Tracking, bool Async)
{
    private const int Ends = 22;

    public static readonly Gen<RandomQuery> Any = Gen.Select(
        RandomFilter.Any, Gen.Frequency((2, RandomFilter.Any.Select(f => (RandomFilter?)f)), (3, Gen.Const(() => (RandomFilter?)null))), Gen.Int[0, 18].Array[0, 3],
        Gen.Int[0, Ends - 1], Gen.Int[0, 5], Gen.Enum<QueryTrackingBehavior>(), Gen.Bool, (a, b, o, e, m, t, s) => new RandomQuery(a, b, o, e, m, t, s));

    public override string ToString() => $"{First} {Second} then [{string.Join(' ', Operators)}] end {End} mark {Mark} {Tracking} {(Async ? "async" : "sync")}";

    public async Task<string> AskAsync(BlogContext db, Captured v)
    {
        db.ChangeTracker.QueryTrackingBehavior = Tracking;
        try
        {
            return Graph.Of(await ResultAsync(db, v));
        }
        catch (Exception exception)
        {
            return $"{exception.GetType().Name}: {exception.Message} {exception.InnerException?.GetType().Name}: {exception.InnerException?.Message}";
        }
    }

    private async Task<object?> ResultAsync(BlogContext db, Captured v)
    {
        var posts = db.Posts.Where(First.Build(db, v));
        if (Mark == 1)
        {
            posts = posts.Cacheable();
        }

        if (Second is not null)
        {
            posts = posts.Where(Second.Build(db, v));
        }

        posts = posts.OrderBy(p => p.Id);
        foreach (var @operator in Operators)
        {
            posts = Then(posts, @operator, db, v);
        }

        posts = Mark switch
        {
            1 => posts,
            2 => posts.Cacheable(),
            3 => posts.Cacheable(TimeSpan.FromMinutes(v.Int)),
            4 => posts.Cacheable(o => o.Ttl(TimeSpan.FromMinutes(5)).Tags($"tag {v.Int}")),
            5 => posts.Cacheable(o => o.Named("random")),
            _ => posts.Cacheable(TimeSpan.FromMinutes(5)),
        };
        var n = v.Int;
        var text = v.Text;
        return End switch
        {
            0 or 1 => await List(posts),
            2 => await List(posts.Select(p => p.Title)),
            3 => await List(posts.Select(p => new { p.Id, Number = n, v.Text, p.Author!.Name })),
            4 => await List(posts.Select(p => new Row(p.Id, text) { Views = p.Views + n })),
            5 => await List(posts.Select(p => p.Views > n ? p.Title : text)),
            6 => Async ? await posts.CountAsync() : posts.Count(),
            7 => Async ? await posts.AnyAsync(p => p.Views > n) : posts.Any(p => p.Views > n),
            8 => Async ? await posts.AllAsync(p => p.Views > n) : posts.All(p => p.Views > n),
            9 => Async ? await posts.FirstOrDefaultAsync() : posts.FirstOrDefault(),
            10 => Async ? await posts.FirstAsync(p => p.AuthorId == n) : posts.First(p => p.AuthorId == n),
            11 => Async ? await posts.SumAsync(p => p.Views + n) : posts.Sum(p => p.Views + n),
            12 => Async ? await posts.MaxAsync(p => (int?)p.Views) : posts.Max(p => (int?)p.Views),
            13 => Async ? await posts.Select(p => p.Id).ContainsAsync(n) : posts.Select(p => p.Id).Contains(n),
            14 => Async ? await posts.ElementAtOrDefaultAsync(n) : posts.ElementAtOrDefault(n),
            15 => Async ? await posts.SingleOrDefaultAsync(p => p.Id == n) : posts.SingleOrDefault(p => p.Id == n),
            16 => await List(posts.Select(p => p.AuthorId).Distinct().OrderBy(i => i)),
            17 => await List(posts.GroupBy(p => p.AuthorId).Select(g => new { g.Key, Count = g.Count(p => p.Views > n) }).OrderBy(g => g.Key)),
            18 => await List(posts.Select(p => n)),
            19 => await List(posts.Select(p => v.Inner!.Int + p.Id)),
            20 => await List(posts.Select(p => new { p.Id, Texts = p.Comments.Where(c => c.Id > n).OrderBy(c => c.Id).Select(c => c.Text + text).ToList() })),
            _ => Async ? await posts.Select(p => p.Views).AverageAsync(i => (double?)i) : posts.Select(p => p.Views).Average(i => (double?)i),
        };
    }

    private static IQueryable<Post> Then(IQueryable<Post> posts, int @operator, BlogContext db, Captured v)
    {
        var n = v.Int;
        return @operator switch
        {
            0 => posts.Skip(v.Int - 1),
            1 => posts.Take(v.Other),
            2 => posts.Skip(v.Int).Take(v.Other),
            3 => posts.Skip(2).Take(2),
            4 => posts.AsNoTracking(),
            5 => posts.Include(p => p.Author),
            6 => posts.Include(p => p.Comments.Where(c => c.Id > n).OrderBy(c => c.Id)),
            7 => posts.Include("Tags").AsSplitQuery(),
            8 => posts.TagWith("a tag"),
            9 => posts.TagWith($"tag {v.Int % 2}"),
            10 => posts.Where(p => p.Id != n),
            11 => Except(Except(posts, v.Int), v.Other),
            12 => posts.Join(db.Authors.Where(a => a.Id != n), p => p.AuthorId, a => a.Id, (p, a) => p).OrderBy(p => p.Id),
            13 => posts.AsTracking(v.Flag ? QueryTrackingBehavior.TrackAll : QueryTrackingBehavior.NoTracking),
            14 => posts.Union(db.Posts.Where(p => p.Id == n)).OrderBy(p => p.Id),
            15 => posts.OrderByDescending(p => p.Views + n).ThenBy(p => p.Id),
            16 => Twice(posts, Filter(v.Int), Filter(v.Other), v.Flag),
            17 => Twice(posts, v.Own(), (v.Flag ? v with { } : v with { Int = v.Other }).Own(), same: false),
            _ => posts.IgnoreAutoIncludes(),
        };
    }

    // Two objects of one closure, in one query.
    private static IQueryable<Post> Except(IQueryable<Post> posts, int id) => posts.Where(p => p.Id != id);

    private static IQueryable<Post> Twice(IQueryable<Post> posts, Expression<Func<Post, bool>> one, Expression<Func<Post, bool>> other, bool same)
        => posts.Where(one).Where(same ? one : other);

    private static Expression<Func<Post, bool>> Filter(int id) => p => p.Id > id;

    private async Task<object?> List<T>(IQueryable<T> query) => Async ? await query.ToListAsync() : query.ToList();

    internal sealed record Row(int Id, string? Text)
    {
        public int Views { get; init; }
    }
}
