using CsCheck;
using FraiseQL.EfCore.State.PostgresTests.Caching;
using FraiseQL.EfCore.State.PostgresTests.Shapes;
using Microsoft.EntityFrameworkCore;

namespace FraiseQL.EfCore.State.PostgresTests.Differential;

/// <summary>A random cacheable query.</summary>
/// <param name="Kind">Its shape.</param>
/// <param name="First">Its predicate.</param>
/// <param name="Second">A further one, for shapes that have two sources.</param>
/// <param name="Number">A number, for pages and the like.</param>
/// <param name="IsStrict">Whether it must see everything that was committed before it is asked.</param>
internal sealed record Question(int Kind, Predicate First, Predicate Second, int Number, bool IsStrict)
{
    private const int Kinds = 34;

    private static readonly TimeSpan s_ttl = TimeSpan.FromMinutes(5);

    public static readonly Gen<Question> Any = Gen.Select(
        Gen.Int[0, Kinds - 1], Predicate.Any, Predicate.Any, Gen.Int[0, 4], Gen.Int[0, 6], (k, a, b, n, s) => new Question(k, a, b, n, IsStrict: s == 0));

    /// <summary>Whether it is several commands, which plain EF too reads at several moments.</summary>
    public bool IsSplit => Kind is 4 or 25;

    /// <summary>The same form with other values.</summary>
    public Question Shifted(int by) => this with { First = First.Shifted(by), Second = Second.Shifted(by) };

    public async Task<string> AskAsync(BlogContext db)
    {
        var posts = db.Posts.Where(First.OverPosts(db));
        var others = db.Posts.Where(Second.OverPosts(db));
        var authors = db.Authors.Where(Second.OverAuthors(db));
        var comments = db.Comments.Where(Second.OverComments());
        var inner = First.OverPosts(db);
        return Kind switch
        {
            0 or 1 => await List(posts.OrderBy(p => p.Id)),
            2 => await List(posts.Include(p => p.Author).OrderBy(p => p.Id).AsNoTracking()),
            3 => await List(posts.Include(p => p.Comments.OrderBy(c => c.Id)).Include(p => p.Tags.OrderBy(t => t.Id)).OrderBy(p => p.Id)),
            4 => await List(posts.Include(p => p.Comments.OrderBy(c => c.Id)).Include(p => p.Tags.OrderBy(t => t.Id)).OrderBy(p => p.Id).AsSplitQuery()),
            5 => await List(posts.OrderByDescending(p => p.Views).ThenBy(p => p.Id).Skip(Number).Take(3).AsNoTracking()),
            6 => await List(posts.OrderBy(p => p.Id).Select(p => p.Title)),
            7 => await List(posts.OrderBy(p => p.Id).Select(p => new
            {
                p.Title,
                p.Author!.Name,
                Comments = p.Comments.Count,
                Last = p.Comments.OrderByDescending(c => c.Id).Select(c => c.Text).FirstOrDefault(),
            })),
            8 => Graph.Of(await Marked(posts).CountAsync()),
            9 => Graph.Of(await Marked(posts).AnyAsync()),
            10 => Graph.Of(await Marked(posts).SumAsync(p => p.Views)),
            11 => Graph.Of(await Marked(posts).MaxAsync(p => (int?)p.Views)),
            12 => await List(posts.Select(p => p.AuthorId).Distinct().OrderBy(i => i)),
            13 => await List(posts.GroupBy(p => p.AuthorId).Select(g => new { g.Key, Count = g.Count(), Sum = g.Sum(p => p.Views) }).OrderBy(g => g.Key)),
            14 => await List(posts.Select(p => p.Title).Union(comments.Select(c => c.Text)).OrderBy(t => t)),
            15 => await List(posts.Select(p => p.Id).Except(others.Select(p => p.Id)).OrderBy(i => i)),
            16 => await List(posts.Select(p => p.AuthorId).Intersect(others.Select(p => p.AuthorId)).OrderBy(i => i)),
            17 => await List(posts.Select(p => p.Id).Concat(comments.Select(c => c.PostId)).OrderBy(i => i)),
            18 => await List(posts.Join(authors, p => p.AuthorId, a => a.Id, (p, a) => new { p.Id, p.Title, a.Name }).OrderBy(x => x.Id)),
            19 => await List(authors.LeftJoin(posts, a => a.Id, p => p.AuthorId, (a, p) => new { a.Name, a.Id, Post = (int?)p!.Id, p.Title }).OrderBy(x => x.Id).ThenBy(x => x.Post)),
            20 => await List(posts.RightJoin(authors, p => p.AuthorId, a => a.Id, (p, a) => new { a.Id, Post = (int?)p!.Id }).OrderBy(x => x.Id).ThenBy(x => x.Post)),
            21 => await List(posts.SelectMany(p => p.Comments).OrderBy(c => c.Id).AsNoTracking()),
            22 => await List(posts.SelectMany(p => p.Tags, (p, t) => new { p.Id, t.Name }).OrderBy(x => x.Id).ThenBy(x => x.Name)),
            23 => await List(authors.Where(a => posts.Any(p => p.AuthorId == a.Id)).OrderBy(a => a.Id)),
            24 => await List(authors.Include(a => a.Posts.AsQueryable().Where(inner).OrderBy(p => p.Id)).OrderBy(a => a.Id).AsNoTracking()),
            25 => await List(authors.Include(a => a.Posts).ThenInclude(p => p.Comments).OrderBy(a => a.Id).AsNoTracking().AsSplitQuery()),
            26 => await List(comments.Include(c => c.Post).OrderBy(c => c.Id).AsNoTracking()),
            27 => await List(db.Posts.OrderBy(p => p.Views).ThenBy(p => p.Id).Take(Number + 3).Where(inner).OrderBy(p => p.Id).Select(p => p.Id)),
            28 => await List(posts.GroupBy(p => p.AuthorId).Where(g => g.Count() > Number - 2).Select(g => g.Key).OrderBy(i => i)),
            29 => await List(authors.OrderBy(a => a.Id).Select(a => new { a.Id, Count = a.Posts.AsQueryable().Where(inner).Count() })),
            30 => Graph.Of(await Marked(posts.OrderBy(p => p.Id).AsNoTracking()).FirstOrDefaultAsync()),
            31 => Graph.Of(await Marked(db.Posts).AllAsync(inner)),
            32 => await List(posts.Where(p => comments.Select(c => c.PostId).Contains(p.Id)).OrderBy(p => p.Id).Select(p => p.Id)),
            _ => await List(db.Posts.Where(p => p.Views == posts.Max(o => o.Views)).OrderBy(p => p.Id).Select(p => new { p.Id, p.Views })),
        };
    }

    private IQueryable<T> Marked<T>(IQueryable<T> query) => IsStrict ? query.Cacheable(o => o.Ttl(s_ttl).Strict()) : query.Cacheable(s_ttl);

    private async Task<string> List<T>(IQueryable<T> query) => Graph.Of(await Marked(query).ToListAsync());
}
