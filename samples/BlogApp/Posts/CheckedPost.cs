namespace BlogApp.Posts;

/// <summary>What names a post outside of this database.</summary>
internal readonly record struct PostKey(string Channel, DateOnly PublishedOn, string Slug);

/// <summary>A <see cref="PostInput"/> that passed every check.</summary>
internal sealed record CheckedPost(PostKey Key, string Title, string Body, IReadOnlyList<string> Authors, IReadOnlyList<string>? Tags);
