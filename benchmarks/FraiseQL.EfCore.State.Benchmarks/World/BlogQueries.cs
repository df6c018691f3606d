using Microsoft.EntityFrameworkCore;

namespace FraiseQL.EfCore.State.Benchmarks.World;

/// <summary>The queries that are measured, each with and without the mark.</summary>
internal static class BlogQueries
{
    public static readonly TimeSpan Ttl = TimeSpan.FromHours(1);

    /// <summary>Keys that a benchmark takes in turn, so that it does not measure one lucky cache line.</summary>
    public const int Keys = 64;

    public static IQueryable<Post> One(BlogContext db, int n)
    {
        var id = Key(n);
        return db.Posts.AsNoTracking().Where(p => p.Id == id);
    }

    public static IQueryable<Post> Twenty(BlogContext db, int n)
    {
        var id = Key(n);
        return db.Posts.AsNoTracking().Where(p => p.AuthorId == id).OrderBy(p => p.Id);
    }

    public static IQueryable<Author> TwentyIncluded(BlogContext db, int n)
    {
        var id = Key(n);
        return db.Authors.Include(a => a.Posts).Where(a => a.Id == id);
    }

    public static int Key(int n) => 1 + (int)((uint)n % Keys);
}
