using System.Globalization;
using BlogApp.Data;

namespace BlogApp.Posts;

/// <summary>A post as it comes from outside: from a form, from the API or from a line of an import file.</summary>
public sealed record PostInput
{
    public string? Slug { get; init; }

    public string? Channel { get; init; }

    public string? Title { get; init; }

    /// <summary>ISO date. A text, so that a wrong one is reported by name like every other field.</summary>
    public string? PublishedOn { get; init; }

    public IReadOnlyList<string?>? Authors { get; init; }

    /// <summary>Optional; without it, a new post is tagged with its channel and its year.</summary>
    public IReadOnlyList<string?>? Tags { get; init; }

    public string? Body { get; init; }

    /// <summary>Checks every field.</summary>
    /// <param name="post">The post, if all is well.</param>
    /// <returns>What is wrong, by field; empty if all is well.</returns>
    internal Dictionary<string, string[]> Check(out CheckedPost post)
    {
        var errors = new FieldErrors();
        errors.Text("slug", Slug, Limits.Slug, oneLine: true);
        if (Slug is not null && Slug.AsSpan().ContainsAny(" /?#"))
        {
            errors.Add("slug", "must not contain spaces, '/', '?' or '#'.");
        }

        errors.Text("channel", Channel, Limits.Channel, oneLine: true);
        errors.Text("title", Title, Limits.Title, oneLine: true);
        errors.Text("body", Body, Limits.Body);
        errors.Names("authors", Authors, 1, Limits.Authors, Limits.Name);
        if (Tags is not null)
        {
            errors.Names("tags", Tags, 0, Limits.Tags, Limits.Tag);
        }

        if (!DateOnly.TryParseExact(PublishedOn, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date))
        {
            errors.Add("publishedOn", PublishedOn is null ? "is required." : "must be a date such as 2026-01-31.");
        }

        post = errors.None
            ? new CheckedPost(
                new PostKey(Channel!, date, Slug!),
                Title!.Trim(),
                Body!,
                [.. Authors!.Select(a => a!.Trim()).Distinct(StringComparer.Ordinal)],
                Tags is null ? null : [.. Tags.Select(t => t!.Trim()).Distinct(StringComparer.Ordinal)])
            : null!;
        return errors.ToDictionary();
    }
}
