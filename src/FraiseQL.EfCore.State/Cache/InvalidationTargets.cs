using System.Text.Json;

namespace FraiseQL.EfCore.State.Cache;

/// <summary>
/// What a call to invalidate ends, as it stands in the log: a list of lists of texts, the first of which says what kind it is. Names, not cells:
/// which cell a name lands in is each version's own affair.
/// </summary>
internal static class InvalidationTargets
{
    /// <summary>What stands in the log where a change has its table.</summary>
    public const string Relation = "fraiseql.cache";

    public static readonly string[] Everything = ["all"];

    public static string[] Tag(string tag) => ["tag", tag];

    public static string[] Table(string relation) => ["table", relation];

    public static string[] Value(string relation, string column, string value) => ["value", relation, column, value];

    public static string[] User(string user) => ["user", user];

    public static string[] Query(string name) => ["query", name];

    public static string[] Query(string name, string user) => ["query", name, user];

    public static string ToJson(IReadOnlyCollection<string[]> targets)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartArray();
            foreach (var target in targets)
            {
                writer.WriteStartArray();
                foreach (var part in target)
                {
                    writer.WriteStringValue(part);
                }

                writer.WriteEndArray();
            }

            writer.WriteEndArray();
        }

        return System.Text.Encoding.UTF8.GetString(stream.ToArray());
    }

    /// <summary>The cells that the targets end; <see langword="null"/> when that is everything.</summary>
    public static HashSet<int>? CellsOf(IEnumerable<string[]> targets)
    {
        var cells = new HashSet<int>();
        foreach (var target in targets)
        {
            if (!TryAdd(cells, target))
            {
                return null;
            }
        }

        return cells;
    }

    /// <summary>The same for what was read from the log. A text that this version does not understand may mean anything, so it is everything.</summary>
    public static HashSet<int>? CellsOf(string? json)
    {
        if (json is null)
        {
            return null;
        }

        try
        {
            using var document = JsonDocument.Parse(json);
            return CellsOf(document.RootElement.EnumerateArray().Select(target => target.EnumerateArray().Select(part => part.GetString()!).ToArray()));
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private static bool TryAdd(HashSet<int> cells, string[] target)
    {
        switch (target)
        {
            case ["tag", { } tag]:
                cells.Add(CellHash.Tag(tag));
                return true;
            case ["table", { } relation]:
                cells.Add(CellHash.Rows(relation));
                cells.Add(CellHash.Whole(relation));
                return true;
            case ["value", { } relation, { } column, { } value]:
                cells.Add(CellHash.Rows(relation));
                cells.Add(CellHash.Value(relation, column, value));
                return true;
            case ["user", { } user]:
                cells.Add(CellHash.User(user));
                return true;
            case ["query", { } name]:
                cells.Add(CellHash.Query(name));
                return true;
            case ["query", { } name, { } user]:
                cells.Add(CellHash.QueryOfUser(name, user));
                return true;
            default:
                return false;
        }
    }
}
