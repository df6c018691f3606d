using BlogApp.Data;
using Microsoft.EntityFrameworkCore;

namespace BlogApp.Api;

/// <summary>What is asked about posts, as plain EF queries with a name for logs and the dashboard: whoever asks says whether, and for how long, the answer is cached.</summary>
internal static class PostQueries
{
    /// <summary>How long the most discussed posts may be served where nothing proves them any longer.</summary>
    public static readonly TimeSpan TrendingTtl = TimeSpan.FromMinutes(1);

    /// <summary>A page of posts, newest first, and one row more, which tells whether there is another page.</summary>
    public static IQueryable<PostSummary> Page(IQueryable<Post> posts, int page) => posts
        .TagWith("Feed")
        .OrderByDescending(p => p.PublishedOn).ThenByDescending(p => p.Id)
        .Skip((page - 1) * Paging.Size).Take(Paging.Size + 1)
        .Select(p => new PostSummary(
            p.Id, p.Slug, p.Channel, p.Title, p.PublishedOn, p.AuthorId, p.Author!.Name, p.Body.Substring(0, 280)));

    /// <summary>The most discussed posts of the last thirty days; the newest first where the discussion is equal.</summary>
    public static IQueryable<TrendingPost> Trending(BlogContext db, TimeProvider time)
    {
        // Whole days: a bound that moved with the clock would make every request a query of its own.
        var since = new DateTimeOffset(time.GetUtcNow().Date.AddDays(-30), TimeSpan.Zero);
        return db.Posts
            .TagWith("Trending")
            .Select(p => new { Post = p, Comments = p.Comments.Count(c => c.At >= since) })
            .OrderByDescending(p => p.Comments).ThenByDescending(p => p.Post.PublishedOn).ThenByDescending(p => p.Post.Id)
            .Take(10)
            .Select(p => new TrendingPost(
                p.Post.Id, p.Post.Title, p.Post.PublishedOn, p.Post.AuthorId, p.Post.Author!.Name, p.Comments));
    }

    /// <summary>A post with its author and tags.</summary>
    public static IQueryable<Post> WithId(BlogContext db, int id) => db.Posts.AsNoTracking()
        .TagWith("Post")
        .Include(p => p.Author)
        .Include(p => p.Tags.OrderBy(t => t.Name))
        .Where(p => p.Id == id);

    /// <summary>What was said about a post.</summary>
    public static IQueryable<CommentDetails> CommentsOn(BlogContext db, int id) => db.Comments
        .TagWith("Comments")
        .Where(c => c.PostId == id)
        .OrderBy(c => c.Id)
        .Select(c => new CommentDetails(c.Id, c.Name, c.Text, c.At));
}
