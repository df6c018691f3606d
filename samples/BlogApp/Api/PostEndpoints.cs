using BlogApp.Data;
using BlogApp.Posts;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace BlogApp.Api;

internal static class PostEndpoints
{
    public static void Map(RouteGroupBuilder api)
    {
        var posts = api.MapGroup("/posts");
        posts.MapGet("/", FeedAsync);
        posts.MapGet("/trending", TrendingAsync);
        posts.MapGet("/{id:int}", PostAsync);
        posts.MapPost("/", CreateAsync);
        posts.MapPut("/{id:int}", ReplaceAsync);
        posts.MapDelete("/{id:int}", DeleteAsync);
        posts.MapPost("/{id:int}/comments", CommentAsync);
    }

    private static async Task<Results<Ok<Page<PostSummary>>, ValidationProblem>> FeedAsync(
        string? page, BlogContext db, CacheReport report, CancellationToken cancellationToken)
        => Paging.TryRead(page, out var number, out var errors)
            ? TypedResults.Ok(await Paging.ReadAsync(db.Posts, number, db, report, cancellationToken))
            : TypedResults.ValidationProblem(errors);

    private static async Task<Ok<List<TrendingPost>>> TrendingAsync(
        BlogContext db, CacheReport report, TimeProvider time, CancellationToken cancellationToken)
    {
        var trending = await PostQueries.Trending(db, time).Cacheable(PostQueries.TrendingTtl).ToListAsync(cancellationToken);
        report.Note(db);
        return TypedResults.Ok(trending);
    }

    private static async Task<Results<Ok<PostDetails>, NotFound>> PostAsync(
        int id, BlogContext db, CacheReport report, CancellationToken cancellationToken)
    {
        var post = await PostQueries.WithId(db, id).Cacheable().SingleOrDefaultAsync(cancellationToken);
        report.Note(db);
        if (post is null)
        {
            return TypedResults.NotFound();
        }

        var comments = await PostQueries.CommentsOn(db, id).Cacheable().ToListAsync(cancellationToken);
        report.Note(db);

        return TypedResults.Ok(new PostDetails(
            post.Id, post.Slug, post.Channel, post.Title, post.PublishedOn, post.AuthorId,
            [post.Author!.Name, .. post.CoAuthors], [.. post.Tags.Select(t => t.Name)], post.Body, comments));
    }

    private static async Task<Results<Created<Written>, ValidationProblem, Conflict<HttpValidationProblemDetails>>> CreateAsync(
        PostInput input, BlogContext db, CancellationToken cancellationToken)
    {
        var errors = input.Check(out var post);
        if (errors.Count > 0)
        {
            return TypedResults.ValidationProblem(errors);
        }

        try
        {
            var stored = await PostWriter.InsertAsync(db, post, cancellationToken);
            return TypedResults.Created($"/api/posts/{stored.Id}", new Written(stored.Id));
        }
        catch (DbUpdateException e) when (IsDuplicate(e))
        {
            return Duplicate(post);
        }
    }

    private static async Task<Results<Ok<Written>, NotFound, ValidationProblem, Conflict<HttpValidationProblemDetails>>> ReplaceAsync(
        int id, PostInput input, BlogContext db, CancellationToken cancellationToken)
    {
        var errors = input.Check(out var post);
        if (errors.Count > 0)
        {
            return TypedResults.ValidationProblem(errors);
        }

        try
        {
            return await PostWriter.ReplaceAsync(db, id, post, cancellationToken) is null
                ? TypedResults.NotFound()
                : TypedResults.Ok(new Written(id));
        }
        catch (DbUpdateException e) when (IsDuplicate(e))
        {
            return Duplicate(post);
        }
    }

    private static async Task<Results<NoContent, NotFound>> DeleteAsync(int id, BlogContext db, CancellationToken cancellationToken)
        => await db.Posts.Where(p => p.Id == id).ExecuteDeleteAsync(cancellationToken) == 0
            ? TypedResults.NotFound()
            : TypedResults.NoContent();

    private static async Task<Results<Created<Written>, NotFound, ValidationProblem>> CommentAsync(
        int id, CommentInput input, BlogContext db, TimeProvider time, CancellationToken cancellationToken)
    {
        var errors = new FieldErrors();
        errors.Text("name", input.Name, Limits.Name, oneLine: true);
        errors.Text("text", input.Text, Limits.Comment);
        if (!errors.None)
        {
            return TypedResults.ValidationProblem(errors.ToDictionary());
        }

        var comment = new Comment { PostId = id, Name = input.Name!.Trim(), Text = input.Text!.Trim(), At = time.GetUtcNow() };
        db.Comments.Add(comment);
        try
        {
            await db.SaveChangesAsync(cancellationToken);
        }
        catch (DbUpdateException e) when (e.InnerException is PostgresException { SqlState: PostgresErrorCodes.ForeignKeyViolation })
        {
            return TypedResults.NotFound();
        }

        return TypedResults.Created($"/api/posts/{id}", new Written(comment.Id));
    }

    private static bool IsDuplicate(DbUpdateException e)
        => e.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation, TableName: "posts" };

    private static Conflict<HttpValidationProblemDetails> Duplicate(CheckedPost post)
        => TypedResults.Conflict(new HttpValidationProblemDetails(new Dictionary<string, string[]>
        {
            ["slug"] = [$"'slug' is taken: {post.Key.Channel} already has a post of that name on {post.Key.PublishedOn:yyyy-MM-dd}."],
        })
        {
            Title = "There is such a post already.",
            Status = StatusCodes.Status409Conflict,
        });
}
