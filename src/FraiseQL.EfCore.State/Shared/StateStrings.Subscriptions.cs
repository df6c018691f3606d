namespace FraiseQL.EfCore.State;

internal static partial class StateStrings
{
    public static string FeedWithoutListener(string context) =>
        $"WatchAsync() needs the listener of {context}, which Cdc:Enabled turns off. Remove FraiseQL:State:Cdc:Enabled or set it to true.";
}
