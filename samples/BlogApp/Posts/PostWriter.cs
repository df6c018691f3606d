using System.Globalization;
using BlogApp.Data;
using Microsoft.EntityFrameworkCore;

namespace BlogApp.Posts;

/// <summary>How a batch of posts changed the database.</summary>
internal readonly record struct WriteCounts(int Added, int Updated, int Unchanged)
{
    public static WriteCounts operator +(WriteCounts a, WriteCounts b)
        => new(a.Added + b.Added, a.Updated + b.Updated, a.Unchanged + b.Unchanged);
}

/// <summary>
/// Writes posts with their authors and tags. EF compares each with what is stored, so writing the same again sends no statement,
/// and with no statement there is no change event either.
/// </summary>
internal static class PostWriter
{
    /// <summary>Inserts the posts whose key is new and updates the others, in one transaction.</summary>
    public static async Task<WriteCounts> UpsertAsync(BlogContext db, IReadOnlyList<CheckedPost> posts, CancellationToken cancellationToken)
    {
        var people = await AuthorsAsync(db, posts, cancellationToken);
        var tags = await TagsAsync(db, posts, cancellationToken);

        var slugs = posts.Select(p => p.Key.Slug).Distinct().ToArray();
        var stored = (await db.Posts.Include(p => p.Tags).Where(p => slugs.Contains(p.Slug)).ToListAsync(cancellationToken))
            .ToDictionary(p => new PostKey(p.Channel, p.PublishedOn, p.Slug));

        var touched = new HashSet<Post>();
        foreach (var input in posts)
        {
            // A key that comes twice in one batch meets the entity of its first time here.
            if (!stored.TryGetValue(input.Key, out var post))
            {
                stored[input.Key] = post = New(input);
                db.Posts.Add(post);
            }

            Fill(post, input, people, tags);
            touched.Add(post);
        }

        db.ChangeTracker.DetectChanges();
        var added = touched.Count(p => db.Entry(p).State == EntityState.Added);
        var retagged = db.ChangeTracker.Entries<PostTag>().Where(e => e.State != EntityState.Unchanged).Select(e => e.Entity.PostId).ToHashSet();
        var updated = touched.Count(p => db.Entry(p).State == EntityState.Modified
            || (db.Entry(p).State == EntityState.Unchanged && retagged.Contains(p.Id)));

        await db.SaveChangesAsync(cancellationToken);
        return new WriteCounts(added, updated, posts.Count - added - updated);
    }

    /// <summary>Inserts one post; a post with the same key makes the database refuse it.</summary>
    public static async Task<Post> InsertAsync(BlogContext db, CheckedPost input, CancellationToken cancellationToken)
    {
        var post = New(input);
        db.Posts.Add(post);
        Fill(post, input, await AuthorsAsync(db, [input], cancellationToken), await TagsAsync(db, [input], cancellationToken));
        await db.SaveChangesAsync(cancellationToken);
        return post;
    }

    /// <summary>Gives a stored post the fields of <paramref name="input"/>, its key included.</summary>
    public static async Task<Post?> ReplaceAsync(BlogContext db, int id, CheckedPost input, CancellationToken cancellationToken)
    {
        var post = await db.Posts.Include(p => p.Tags).SingleOrDefaultAsync(p => p.Id == id, cancellationToken);
        if (post is null)
        {
            return null;
        }

        (post.Channel, post.PublishedOn, post.Slug) = (input.Key.Channel, input.Key.PublishedOn, input.Key.Slug);
        Fill(post, input, await AuthorsAsync(db, [input], cancellationToken), await TagsAsync(db, [input], cancellationToken));
        await db.SaveChangesAsync(cancellationToken);
        return post;
    }

    private static Post New(CheckedPost input) => new()
    {
        Channel = input.Key.Channel,
        PublishedOn = input.Key.PublishedOn,
        Slug = input.Key.Slug,
        Title = input.Title,
        Body = input.Body,
    };

    private static void Fill(Post post, CheckedPost input, Dictionary<string, Author> people, Dictionary<string, Tag> tags)
    {
        post.Title = input.Title;
        post.Body = input.Body;
        post.Author = people[input.Authors[0]];
        post.CoAuthors = [.. input.Authors.Skip(1)];

        // Without tags of its own, a new post gets the default ones and a stored post keeps what it has.
        if (input.Tags is null && post.Tags.Count > 0)
        {
            return;
        }

        var wanted = TagNames(input).ToHashSet(StringComparer.Ordinal);
        post.Tags.RemoveAll(t => !wanted.Contains(t.Name));
        foreach (var name in wanted.Where(n => post.Tags.TrueForAll(t => t.Name != n)))
        {
            post.Tags.Add(tags[name]);
        }
    }

    private static IEnumerable<string> TagNames(CheckedPost input)
        => input.Tags ?? [input.Key.Channel, input.Key.PublishedOn.ToString("yyyy", CultureInfo.InvariantCulture)];

    private static async Task<Dictionary<string, Author>> AuthorsAsync(
        BlogContext db, IReadOnlyList<CheckedPost> posts, CancellationToken cancellationToken)
    {
        var names = posts.Select(p => p.Authors[0]).Distinct(StringComparer.Ordinal).ToArray();
        var authors = await db.Authors.Where(a => names.Contains(a.Name)).ToDictionaryAsync(a => a.Name, StringComparer.Ordinal, cancellationToken);
        foreach (var name in names.Where(n => !authors.ContainsKey(n)))
        {
            authors[name] = new Author { Name = name };
        }

        return authors;
    }

    private static async Task<Dictionary<string, Tag>> TagsAsync(
        BlogContext db, IReadOnlyList<CheckedPost> posts, CancellationToken cancellationToken)
    {
        var names = posts.SelectMany(TagNames).Distinct(StringComparer.Ordinal).ToArray();
        var tags = await db.Tags.Where(t => names.Contains(t.Name)).ToDictionaryAsync(t => t.Name, StringComparer.Ordinal, cancellationToken);
        foreach (var name in names.Where(n => !tags.ContainsKey(n)))
        {
            tags[name] = new Tag { Name = name };
        }

        return tags;
    }
}
