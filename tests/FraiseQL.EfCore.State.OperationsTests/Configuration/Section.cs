using Microsoft.Extensions.Configuration;

namespace FraiseQL.EfCore.State.OperationsTests.Configuration;

/// <summary>The section as an application has it, from a few lines.</summary>
internal static class Section
{
    public const string Path = "FraiseQL:State";

    public static IConfigurationSection Of(params string[] lines) => Root(lines).GetSection(Path);

    /// <param name="lines">Each a key, from the section on, an equals sign, and its text.</param>
    public static IConfigurationRoot Root(params string[] lines)
        => new ConfigurationBuilder().AddInMemoryCollection(lines.Select(Pair)).Build();

    public static KeyValuePair<string, string?> Pair(string line)
    {
        var parts = line.Split('=', 2);
        return new($"{Path}:{parts[0]}", parts[1]);
    }
}
