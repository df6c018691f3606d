using BlogApp.Data;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace BlogApp.Api;

internal static class AuthorEndpoints
{
    public static void Map(RouteGroupBuilder api)
    {
        api.MapGet("/authors", AuthorsAsync);
        api.MapGet("/authors/{id:int}/posts", PostsAsync);
    }

    private static async Task<Ok<List<AuthorSummary>>> AuthorsAsync(BlogContext db, CacheReport report, CancellationToken cancellationToken)
    {
        var authors = await db.Authors
            .TagWith("Authors")
            .OrderBy(a => a.Name)
            .Select(a => new AuthorSummary(a.Id, a.Name, a.Posts.Count))
            .Cacheable()
            .ToListAsync(cancellationToken);
        report.Note(db);
        return TypedResults.Ok(authors);
    }

    private static async Task<Results<Ok<AuthorPosts>, NotFound, ValidationProblem>> PostsAsync(
        int id, string? page, BlogContext db, CacheReport report, CancellationToken cancellationToken)
    {
        if (!Paging.TryRead(page, out var number, out var errors))
        {
            return TypedResults.ValidationProblem(errors);
        }

        var name = await db.Authors.Where(a => a.Id == id).Select(a => a.Name).Cacheable().SingleOrDefaultAsync(cancellationToken);
        report.Note(db);
        return name is null
            ? TypedResults.NotFound()
            : TypedResults.Ok(new AuthorPosts(
                id, name, await Paging.ReadAsync(db.Posts.Where(p => p.AuthorId == id), number, db, report, cancellationToken)));
    }
}
