namespace BlogApp.Data;

/// <summary>How long texts may be, in characters: one place for the columns and for the checks.</summary>
internal static class Limits
{
    public const int Name = 200;
    public const int Tag = 50;
    public const int Channel = 50;
    public const int Slug = 150;
    public const int Title = 300;
    public const int Body = 1_000_000;
    public const int Comment = 4_000;
    public const int Authors = 20;
    public const int Tags = 20;
}
