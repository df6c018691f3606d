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
        var items = await PostQueries.Page(posts, page).Cacheable().ToListAsync(cancellationToken);
        report.Note(db);

        var hasMore = items.Count > Size;
        if (hasMore)
        {
            items.RemoveAt(Size);
        }

        return new Page<PostSummary>(items, page, hasMore);
    }
}
