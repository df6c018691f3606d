namespace FraiseQL.EfCore.State.Setup;

/// <summary>One key of the configuration section.</summary>
/// <param name="Path">The key, from the section on.</param>
/// <param name="Type">What its text is read as: a <see cref="bool"/>, a number, a <see cref="TimeSpan"/>, an enum or a text.</param>
/// <param name="Get">Its value.</param>
/// <param name="Copy">Takes the value of the first options over into the second.</param>
/// <param name="IsLive">Whether a change applies while the host runs.</param>
/// <param name="Names">The names that it may have, when it is one of several.</param>
internal sealed record ConfigurationKey(
    string Path, Type Type, Func<FraiseQLStateOptions, object?> Get, Action<FraiseQLStateOptions, FraiseQLStateOptions> Copy, bool IsLive, string[]? Names)
{
    public static ConfigurationKey Of<T>(
        string path, Func<FraiseQLStateOptions, T> get, Action<FraiseQLStateOptions, T> set, bool live = false, string[]? names = null)
    {
        var type = Nullable.GetUnderlyingType(typeof(T)) ?? typeof(T);
        return new(path, type, options => get(options), (from, to) => set(to, get(from)), live, names ?? (type.IsEnum ? Enum.GetNames(type) : null));
    }
}
