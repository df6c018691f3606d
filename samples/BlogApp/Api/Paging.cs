using System.Globalization;
using Microsoft.EntityFrameworkCore;
using BlogApp.Data;

namespace BlogApp.Api;

/// <summary>Lists of posts, a page at a time.</summary>
internal static class Paging
{
    public const int Size = 20;
    private const int MaxPage = 10_000;

    /// <summary>Reads the page number; a text, so that a wrong one gets the same kind of answer as any other wrong field.</summary>
    public static bool TryRead(string? text, out int page, out Dictionary<string, string[]> errors)
    {
        errors = [];
        page = 1;
        if (text is null
            || (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out page) && page is >= 1 and <= MaxPage))
        {
            return true;
        }

        errors["page"] = [$"'page' must be a number from 1 to {MaxPage}."];
        return false;
    }

    /// <summary>Newest first, from the cache if possible.</summary>
    public static async Task<Page<PostSummary>> ReadAsync(
        IQueryable<Post> posts, int page, BlogContext db, CacheReport report, CancellationToken cancellationToken)
    {
        // One row more than the page tells whether there is another page.
        var items = await posts
            .OrderByDescending(p => p.PublishedOn).ThenByDescending(p => p.Id)
            .Skip((page - 1) * Size).Take(Size + 1)
            .Select(p => new PostSummary(
                p.Id, p.Slug, p.Channel, p.Title, p.PublishedOn, p.AuthorId, p.Author!.Name, p.Body.Substring(0, 280)))
            .Cacheable()
            .ToListAsync(cancellationToken);
        report.Note(db);

        var hasMore = items.Count > Size;
        if (hasMore)
        {
            items.RemoveAt(Size);
        }

        return new Page<PostSummary>(items, page, hasMore);
    }
}
