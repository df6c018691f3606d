namespace FraiseQL.EfCore.State;

internal static partial class StateStrings
{
    public static string OptionOutOfRange(string key, string value, string least, string most, string? why) =>
        $"{key} is {value}, but must be between {least} and {most}{(why is null ? string.Empty : $" ({why})")}. "
        + "Set it in the section given to AddFraiseQLState, by convention FraiseQL:State, or in its configure callback.";

    public static string UnknownKey(string key, string nearest) =>
        $"The configuration key '{key}' is unknown. Did you mean '{nearest}'? Correct the key, or remove it.";
}
