using System.Text.RegularExpressions;
using FraiseQL.EfCore.State.PostgresTests.Caching;
using FraiseQL.EfCore.State.PostgresTests.Shapes;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace FraiseQL.EfCore.State.PostgresTests.Precision;

/// <summary>Each column of each table is changed by another program, alone; no shape of query may then give what plain EF does not.</summary>
public sealed partial class ColumnSoundnessTests
{
    [Fact]
    [Feature("B-04-column-mask")]
    [Feature("U-03-precision-sound")]
    public async Task No_shape_is_older_than_any_column()
    {
        var connectionString = await PostgresServer.CreateSharedDatabaseAsync();
        await ShapesSeed.CreateAsync(connectionString);
        await using var node = await ShapesNode.StartAsync(connectionString);
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();

        // What hangs on a tag alone is ended by nothing else.
        var shapes = AllShapes.Cached.Where(s => !s.Name.EndsWith(", tagged", StringComparison.Ordinal)).ToArray();
        foreach (var shape in shapes)
        {
            await RunAsync(node, shape, cached: true);
        }

        var (changed, kept, ended) = (0, 0, 0);
        var faults = new List<string>();
        foreach (var (table, column, other) in await ColumnsAsync(connection))
        {
            var rows = await ExecuteAsync(connection, Rotate(table, column));
            if (rows == 0 && other is not null)
            {
                rows = await ExecuteAsync(connection, $"UPDATE {table} SET {column} = {other}");
            }

            if (rows == 0)
            {
                continue;
            }

            changed++;
            await LedgerWaits.CaughtUpAsync(node, connectionString);
            foreach (var shape in shapes)
            {
                var (result, outcome) = await RunAsync(node, shape, cached: true);
                if (outcome != CacheOutcome.L1Hit)
                {
                    ended++;
                    continue;
                }

                kept++;
                var (plain, _) = await RunAsync(node, shape, cached: false);

                // Rows without an order come as the server likes, which may change its mind meanwhile.
                if (plain != result && Unordered(plain) != Unordered(result))
                {
                    faults.Add($"{shape.Name} after {table}.{column}:\n{result}\ninstead of\n{plain}");
                }
            }
        }

        Assert.True(faults.Count == 0, string.Join('\n', faults));
        Assert.True(changed >= 40, $"only {changed} columns were changed");

        // Most shapes have nothing to do with most columns.
        Assert.True(kept > 4 * ended, $"{kept} kept, {ended} ended");
    }

    /// <summary>The objects of a graph, each with its own values, in an order of ours; then what is left of it.</summary>
    private static string Unordered(string graph)
    {
        var text = References().Replace(graph, "");
        var parts = new List<string>();
        for (var match = Innermost().Match(text); match.Success; match = Innermost().Match(text))
        {
            parts.Add(string.Join(' ', match.Value.Split('\n').Select(l => l.Trim().Trim('[', ']'))));
            text = text.Remove(match.Index, match.Length);
        }

        return string.Join('\n', parts.Order(StringComparer.Ordinal).Concat(text.Split('\n').Select(l => l.Trim().TrimEnd('[', ']')).Where(l => l.Length > 0).Order(StringComparer.Ordinal)));
    }

    [GeneratedRegex("#[0-9]+:?")]
    private static partial Regex References();

    [GeneratedRegex("\\{[^{}]*\\}")]
    private static partial Regex Innermost();

    private static async Task<(string Result, CacheOutcome Outcome)> RunAsync(ShapesNode node, Shape shape, bool cached)
    {
        await using var db = node.CreateContext(shape.Context);
        try
        {
            var result = await shape.Async(db, new Mark(cached, shape.Name) { Declares = shape.Declares });
            return (Graph.Of(result), db.Database.GetCacheOutcome());
        }
#pragma warning disable CA1031 // A row that a shape needs may have moved: then plain EF throws the same.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            return (exception.GetType().Name, CacheOutcome.None);
        }
    }

    private static async Task<List<(string Table, string Column, string? Other)>> ColumnsAsync(NpgsqlConnection connection)
    {
        await using var command = new NpgsqlCommand(
            """
            SELECT c.oid::regclass::text, quote_ident(a.attname), t.typname
            FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped JOIN pg_type t ON t.oid = a.atttypid
            WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND a.attgenerated = ''
                AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisunique AND a.attnum = ANY (i.indkey::int2[]))
            ORDER BY 1, a.attnum
            """, connection);
        await using var reader = await command.ExecuteReaderAsync();
        var columns = new List<(string, string, string?)>();
        while (await reader.ReadAsync())
        {
            var column = reader.GetString(1);
            columns.Add((reader.GetString(0), column, reader.GetString(2) switch
            {
                "text" or "varchar" => $"{column} || 'x'",
                "bool" => $"NOT {column}",
                "timestamptz" or "timestamp" or "date" => $"{column} + interval '1 day'",
                "numeric" or "float8" or "float4" => $"{column} + 1",
                _ => null,
            }));
        }

        return columns;
    }

    // Each row gets the value of the next, which keeps foreign keys, documents and names of types valid. Where all are equal: another value.
    private static string Rotate(string table, string column)
        => $"""
            WITH r AS (SELECT ctid AS at, row_number() OVER (ORDER BY ctid) AS n, count(*) OVER () AS k, {column} AS v FROM {table})
            UPDATE {table} t SET {column} = x.v FROM r a JOIN r x ON x.n = a.n % a.k + 1 WHERE t.ctid = a.at AND x.v IS DISTINCT FROM a.v
            """;

    private static async Task<int> ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        try
        {
            return await command.ExecuteNonQueryAsync();
        }
        catch (PostgresException exception) when (exception.SqlState.StartsWith("23", StringComparison.Ordinal))
        {
            return 0;
        }
    }
}
