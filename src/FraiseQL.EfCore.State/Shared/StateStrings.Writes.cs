namespace FraiseQL.EfCore.State;

internal static partial class StateStrings
{
    public static string WriteContextNameTaken(string name)
        => $"WriteContext.Set(\"{name}\"): that is the name of a property of WriteContext. Set the property, or choose another name.";
}
