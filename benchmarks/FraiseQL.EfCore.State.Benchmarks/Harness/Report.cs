using System.Globalization;
using System.Text;
using System.Text.Json;

namespace FraiseQL.EfCore.State.Benchmarks.Harness;

/// <summary>Prints the figures of a benchmark as a table and writes them as JSON.</summary>
internal static class Report
{
    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public static void Print(string id, string title, IReadOnlyList<Figure> figures)
    {
        string[] head = ["variant", "metric", "value", "against", "ratio", "goal", ""];
        var rows = figures.Select(f => new[]
        {
            f.Variant,
            f.Metric,
            Number(f.Value) + " " + f.Unit,
            f.Against ?? "",
            f.Ratio is { } ratio ? ratio.ToString("0.000", CultureInfo.InvariantCulture) : "",
            f.Goal ?? "",
            f.Met switch { true => "met", false => "NOT MET", null => "" },
        }).Prepend(head).ToArray();
        var widths = head.Select((_, i) => rows.Max(r => r[i].Length)).ToArray();
        var text = new StringBuilder().AppendLine().Append(id).Append("  ").AppendLine(title);
        foreach (var row in rows)
        {
            for (var i = 0; i < row.Length; i++)
            {
                text.Append(i is 2 or 4 ? row[i].PadLeft(widths[i]) : row[i].PadRight(widths[i])).Append("  ");
            }

            text.Length -= text.Length - text.ToString().TrimEnd().Length;
            text.AppendLine();
        }

        Console.Write(text);
    }

    public static void Write(string folder, string id, IReadOnlyList<Figure> figures)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, id + ".json"), JsonSerializer.Serialize(figures, s_json) + "\n");
    }

    private static string Number(double value)
        => value.ToString(value >= 1000 ? "N0" : value >= 10 ? "0.0" : "0.00", CultureInfo.InvariantCulture);
}
