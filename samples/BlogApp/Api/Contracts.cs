namespace BlogApp.Api;

/// <summary>A post in a list.</summary>
public sealed record PostSummary(
    int Id, string Slug, string Channel, string Title, DateOnly PublishedOn, int AuthorId, string Author, string Excerpt);

/// <summary>A post in the list of the most discussed ones.</summary>
public sealed record TrendingPost(int Id, string Title, DateOnly PublishedOn, int AuthorId, string Author, int Comments);

/// <summary>A page of a list; there is no total, because counting would make every page depend on every row.</summary>
public sealed record Page<T>(IReadOnlyList<T> Items, int Number, bool HasMore);

/// <summary>A post with all that its page shows.</summary>
public sealed record PostDetails(
    int Id,
    string Slug,
    string Channel,
    string Title,
    DateOnly PublishedOn,
    int AuthorId,
    IReadOnlyList<string> Authors,
    IReadOnlyList<string> Tags,
    string Body,
    IReadOnlyList<CommentDetails> Comments);

public sealed record CommentDetails(int Id, string Name, string Text, DateTimeOffset At);

public sealed record AuthorSummary(int Id, string Name, int Posts);

public sealed record AuthorPosts(int Id, string Name, Page<PostSummary> Posts);

public sealed record TagSummary(string Name, int Posts);

public sealed record TagPosts(string Name, Page<PostSummary> Posts);

/// <summary>What a comment form sends.</summary>
public sealed record CommentInput(string? Name, string? Text);

/// <summary>The answer to a write.</summary>
public sealed record Written(int Id);
