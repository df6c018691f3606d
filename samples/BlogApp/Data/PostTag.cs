namespace BlogApp.Data;

/// <summary>That a post carries a tag.</summary>
public sealed class PostTag
{
    public int PostId { get; set; }

    public int TagId { get; set; }
}
