namespace BlogApp.Data;

/// <summary>What a reader says about a post.</summary>
public sealed class Comment
{
    public int Id { get; set; }

    public int PostId { get; set; }

    public Post? Post { get; set; }

    public required string Name { get; set; }

    public required string Text { get; set; }

    public DateTimeOffset At { get; set; }
}
