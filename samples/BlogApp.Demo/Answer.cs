using System.Globalization;
using System.Text.Json;

namespace BlogApp.Demo;

/// <summary>What a node answered.</summary>
/// <param name="Cache">Where the node found it: l1, l2, miss or bypass.</param>
/// <param name="ServerMs">The time that the node says it took, in milliseconds.</param>
/// <param name="Body">The JSON body, if there is one.</param>
internal sealed record Answer(string Cache, double ServerMs, JsonElement? Body)
{
    public string Title => Body!.Value.GetProperty("title").GetString()!;

    /// <summary>The titles of a list of posts.</summary>
    public IEnumerable<string> Titles
        => Body!.Value.GetProperty("posts").GetProperty("items").EnumerateArray().Select(p => p.GetProperty("title").GetString()!);

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Cache} {ServerMs:0.0} ms");
}
