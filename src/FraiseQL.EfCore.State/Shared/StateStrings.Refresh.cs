namespace FraiseQL.EfCore.State;

internal static partial class StateStrings
{
    public const string RefreshDebounce = "The debounce time of RefreshOn must be more than zero and at most one day.";

    public static string RefreshOnNeedsView(string entity) =>
        $"RefreshOn is for entities that are mapped to a materialised view, and {entity} is mapped to none. Call ToView(name) too.";

    public static string RefreshOnNeedsCapture(string entity, string source) =>
        $"{entity} is to be refreshed on changes of {source}, whose changes are not captured. Map it to a table with a key, and remove IgnoreChangeEvents().";
}
