namespace FraiseQL.EfCore.State;

internal static partial class StateStrings
{
    public static string UnknownCapture(string annotation) =>
        $"The annotation FraiseQL:Capture of a migration cannot be read: \"{annotation}\". It was edited, or written by a newer version of "
        + "FraiseQL.EfCore.State: upgrade the package, or restore the line that `dotnet ef migrations add` wrote.";

    public static string UnknownTemplate(string version) =>
        $"This version of FraiseQL.EfCore.State does not know the event log {version} of a migration: upgrade the package.";

    private const string MigrationCommands =
        "Run `dotnet ef database update`; if that changes nothing, `dotnet ef migrations add AddChangeEvents` first. "
        + "Both need UseFraiseQLState() in the options of the context that they use.";

    public const string NoEventLog =
        "The database has no event log (fraiseql.change_event), so changes by other programs cannot be seen. "
        + MigrationCommands;

    public static string CaptureMissing(IReadOnlyCollection<string> relations) =>
        $"Changes of {List(relations)} are not captured: triggers are missing. {MigrationCommands}";

    public static string CaptureOfAnotherModel(IReadOnlyCollection<string> relations) =>
        $"The triggers of {List(relations)} were made from another version of the model. {MigrationCommands}";

    public static string CaptureDisabled(IReadOnlyCollection<string> relations) =>
        $"The triggers of {List(relations)} are disabled: run ALTER TABLE … ENABLE TRIGGER USER on each of these tables.";

    public static string RowSecurity(IReadOnlyCollection<string> relations) =>
        $"{List(relations)} have row-level security: what one session sees must not be served to another, so their queries are not cached. "
        + "Their changes are captured as usual. To cache them, filter by a query filter with a parameter instead of a policy.";

    private static string List(IReadOnlyCollection<string> names)
        => string.Join(", ", names.Take(10)) + (names.Count > 10 ? $" and {names.Count - 10} more" : "");
}
