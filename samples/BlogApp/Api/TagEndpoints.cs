using BlogApp.Data;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace BlogApp.Api;

internal static class TagEndpoints
{
    public static void Map(RouteGroupBuilder api)
    {
        api.MapGet("/tags", TagsAsync);
        api.MapGet("/tags/{name}/posts", PostsAsync);
    }

    private static async Task<Ok<List<TagSummary>>> TagsAsync(BlogContext db, CacheReport report, CancellationToken cancellationToken)
    {
        var tags = await db.Tags
            .OrderBy(t => t.Name)
            .Select(t => new TagSummary(t.Name, t.Posts.Count))
            .Cacheable()
            .ToListAsync(cancellationToken);
        report.Note(db);
        return TypedResults.Ok(tags);
    }

    private static async Task<Results<Ok<TagPosts>, NotFound, ValidationProblem>> PostsAsync(
        string name, string? page, BlogContext db, CacheReport report, CancellationToken cancellationToken)
    {
        if (!Paging.TryRead(page, out var number, out var errors))
        {
            return TypedResults.ValidationProblem(errors);
        }

        var id = await db.Tags.Where(t => t.Name == name).Select(t => (int?)t.Id).Cacheable().SingleOrDefaultAsync(cancellationToken);
        report.Note(db);
        return id is null
            ? TypedResults.NotFound()
            : TypedResults.Ok(new TagPosts(
                name, await Paging.ReadAsync(db.Posts.Where(p => p.Tags.Any(t => t.Id == id)), number, db, report, cancellationToken)));
    }
}
