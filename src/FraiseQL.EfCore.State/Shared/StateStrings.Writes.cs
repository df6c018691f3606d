namespace FraiseQL.EfCore.State;

internal static partial class StateStrings
{
    public const string WithoutTriggers =
        "Cdc:Triggers is false: the log has what this library writes, and nothing of other programs, psql, or what the database itself changes in rows. Cached "
        + "results may be older than such changes, until their time to live ends. Set Cdc:Triggers to true and run `dotnet ef migrations add` to capture all.";

    public static string TriggersLeft(IReadOnlyCollection<string> relations)
        => $"Cdc:Triggers is false, and {string.Join(", ", relations.Take(10))} still have triggers. They write the log, this library does not, and the tables are "
            + "not cached. Run `dotnet ef migrations add RemoveTriggers` and `dotnet ef database update`, or set Cdc:Triggers to true.";

    public static string WriteContextNameTaken(string name)
        => $"WriteContext.Set(\"{name}\"): that is the name of a property of WriteContext. Set the property, or choose another name.";
}
