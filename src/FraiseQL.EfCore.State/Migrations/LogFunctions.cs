using System.Data.Common;
using System.Text.RegularExpressions;
using Npgsql;

namespace FraiseQL.EfCore.State.Migrations;

/// <summary>The event log's own functions, compared with the SQL of the version that the database says it has.</summary>
internal static partial class LogFunctions
{
    // The others shape what events say, and not which there are.
    private static readonly string[] s_essential = ["invalidate", "prune"];

    private const string Text =
        $"""
        select pg_catalog.obj_description(n.oid, 'pg_namespace'), p.proname::text, {FunctionBody.HashSql}
        from pg_catalog.pg_namespace n
        left join pg_catalog.pg_proc p on p.pronamespace = n.oid and p.prorettype <> 'pg_catalog.trigger'::pg_catalog.regtype
        where n.nspname = 'fraiseql'
        """;

    public static NpgsqlBatchCommand Command() => new(Text);

    public static async Task<IReadOnlyList<string>> ReadAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var command = new NpgsqlCommand(Text, connection);
        await using var disposeCommand = command.ConfigureAwait(false);
        var row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        await using var disposeRow = row.ConfigureAwait(false);
        return await ReadAsync(row, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Reads the answer to <see cref="Command"/>.</summary>
    /// <returns>The functions that are missing or others.</returns>
    public static async Task<IReadOnlyList<string>> ReadAsync(DbDataReader row, CancellationToken cancellationToken)
    {
        string? version = null;
        var found = new HashSet<(string Name, string Body)>();
        while (await row.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            version ??= row.IsDBNull(0) ? null : Version().Match(row.GetString(0)).Groups["version"].Value;
            if (!row.IsDBNull(1))
            {
                found.Add((row.GetString(1), row.GetString(2)));
            }
        }

        // A log that a newer version of the library has made cannot be judged, and is read by what it holds.
        if (string.IsNullOrEmpty(version) || !SqlTemplates.Exists(version, "event_log"))
        {
            return [];
        }

        // Beside the right one there may be another of the same name and other parameters.
        return [.. FunctionBody.OfLog(version).Where(f => !found.Contains((f.Key, f.Value))).Select(f => f.Key).Order(StringComparer.Ordinal)];    }

    public static CaptureReport Judge(CaptureReport report, IReadOnlyList<string> altered)
    {
        if (altered.Count == 0)
        {
            return report;
        }

        var isEssential = altered.Any(s_essential.Contains);
        return report with
        {
            Verified = isEssential ? new HashSet<string>() : report.Verified,
            Problems = [.. report.Problems, StateStrings.LogFunctionsAltered(altered, isEssential)],
            IsSound = false,
        };
    }

    [GeneratedRegex("^FraiseQL.EfCore.State event log (?<version>v[0-9]+)$", RegexOptions.ExplicitCapture)]
    private static partial Regex Version();
}
