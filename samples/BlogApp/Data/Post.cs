namespace BlogApp.Data;

/// <summary>A post. (Channel, PublishedOn, Slug) names it in the outside world; Id names it in here.</summary>
public sealed class Post
{
    public int Id { get; set; }

    public required string Channel { get; set; }

    public required string Slug { get; set; }

    public required string Title { get; set; }

    public DateOnly PublishedOn { get; set; }

    /// <summary>Markdown.</summary>
    public required string Body { get; set; }

    /// <summary>
    /// The first author. A plain foreign key, so that "the posts of one author" is an equality that the cache can depend on:
    /// an edit of anybody else's post leaves that list cached.
    /// </summary>
    public int AuthorId { get; set; }

    public Author? Author { get; set; }

    /// <summary>The further names of the byline, in order.</summary>
    public string[] CoAuthors { get; set; } = [];

    public List<Tag> Tags { get; } = [];

    public List<Comment> Comments { get; } = [];
}
