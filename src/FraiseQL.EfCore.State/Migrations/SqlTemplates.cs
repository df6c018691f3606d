using System.Collections.Concurrent;
using System.Text.RegularExpressions;

namespace FraiseQL.EfCore.State.Migrations;

/// <summary>The SQL of <c>migrations-templates</c>, embedded in this assembly.</summary>
internal static partial class SqlTemplates
{
    /// <summary>The files read so far. Tests put files of a version that does not exist yet in here.</summary>
    internal static readonly ConcurrentDictionary<string, string?> Texts = new(StringComparer.Ordinal);

    public static bool Exists(string version, string name) => Read(version, name) is not null;

    public static string Get(string version, string name)
        => Read(version, name) ?? throw new InvalidOperationException(StateStrings.UnknownTemplate(version));

    /// <summary>Puts the values in the places of their <c>{{names}}</c>, in one pass: a value is never a template itself.</summary>
    public static string Render(string version, string name, IReadOnlyDictionary<string, string> values)
        => Placeholder().Replace(Get(version, name), match => values[match.Groups[1].Value]);

    private static string? Read(string version, string name)
        => Texts.GetOrAdd($"migrations-templates/{version}/{name}.sql", static resource =>
        {
            using var stream = typeof(SqlTemplates).Assembly.GetManifestResourceStream(resource);
            if (stream is null)
            {
                return null;
            }

            using var reader = new StreamReader(stream);
            return reader.ReadToEnd().ReplaceLineEndings("\n").TrimEnd();
        });

    [GeneratedRegex(@"\{\{(\w+)\}\}")]
    private static partial Regex Placeholder();
}
