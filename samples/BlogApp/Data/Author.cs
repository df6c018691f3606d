namespace BlogApp.Data;

/// <summary>Somebody who writes posts, known by name.</summary>
public sealed class Author
{
    public int Id { get; set; }

    public required string Name { get; set; }

    public List<Post> Posts { get; } = [];
}
