namespace BlogApp.Data;

/// <summary>A subject; a post has any number of them.</summary>
public sealed class Tag
{
    public int Id { get; set; }

    public required string Name { get; set; }

    public List<Post> Posts { get; } = [];
}
