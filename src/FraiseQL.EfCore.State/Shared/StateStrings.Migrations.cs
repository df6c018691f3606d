namespace FraiseQL.EfCore.State;

internal static partial class StateStrings
{
    public static string UnknownCapture(string annotation) =>
        $"The annotation FraiseQL:Capture of a migration cannot be read: \"{annotation}\". It was edited, or written by a newer version of "
        + "FraiseQL.EfCore.State: upgrade the package, or restore the line that `dotnet ef migrations add` wrote.";

    public static string UnknownTemplate(string version) =>
        $"This version of FraiseQL.EfCore.State does not know the event log {version} of a migration: upgrade the package.";
}
