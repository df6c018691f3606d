using System.Data.Common;
using System.Globalization;
using System.Text;
using FraiseQL.EfCore.State.Migrations;
using FraiseQL.EfCore.State.Model;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.EntityFrameworkCore.Update;
using Npgsql;

namespace FraiseQL.EfCore.State.Writes;

/// <summary>The rows of captured tables that one SaveChanges writes: read and locked before it, and logged after it. Not thread-safe.</summary>
internal sealed class TouchedRows
{
    private const int RowsPerCommand = 200;

    private readonly Dictionary<ITable, Touched> _tables = [];
    private readonly HashSet<CapturedTable> _cascades = [];
    private readonly CaptureModel _model;

    public TouchedRows(IList<IUpdateEntry> entries, CaptureModel model)
    {
        _model = model;
        foreach (var entry in entries)
        {
            foreach (var mapping in entry.EntityType.GetTableMappings())
            {
                if (model.Find(mapping.Table.Schema, mapping.Table.Name) is { } captured)
                {
                    Add(entry, mapping, captured);
                }
            }
        }
    }

    public bool IsEmpty => _tables.Count == 0;

    /// <summary>The name of the table in SQL, as EF writes it.</summary>
    public static string NameOf(ITable table) => (table.Schema is null ? "" : Sql.Quote(table.Schema) + ".") + Sql.Quote(table.Name);

    /// <summary>Reads the rows that are there, and holds them: what is logged is in the order of the writes.</summary>
    public async Task LockAsync(Func<DbCommand> create, bool async, CancellationToken cancellationToken)
    {
        foreach (var (table, touched) in _tables.OrderBy(t => t.Value.Captured.Relation, StringComparer.Ordinal))
        {
            foreach (var rows in touched.Rows.Where(r => r.IsKeyKnown).Chunk(RowsPerCommand))
            {
                var command = create();
                await using var disposeCommand = command.ConfigureAwait(false);
                Set(command, $"select t::text from {NameOf(table)} t where {Keys(command, table, rows)} order by {Order(table)} for update");
                var reader = async ? await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false) : command.ExecuteReader();
                await using var disposeReader = reader.ConfigureAwait(false);
                while (async ? await reader.ReadAsync(cancellationToken).ConfigureAwait(false) : reader.Read())
                {
                    touched.Before.Add(reader.GetString(0));
                }
            }
        }
    }

    /// <summary>Writes the events of what the rows were and what they are.</summary>
    public async Task LogAsync(Func<DbCommand> create, bool async, CancellationToken cancellationToken)
    {
        foreach (var (table, touched) in _tables.OrderBy(t => t.Value.Captured.Relation, StringComparer.Ordinal))
        {
            var before = touched.Before;
            foreach (var rows in touched.Rows.DistinctBy(r => r.Text()).Chunk(Math.Max(RowsPerCommand, touched.Before.Count == 0 ? 1 : touched.Rows.Count)))
            {
                var command = create();
                await using var disposeCommand = command.ConfigureAwait(false);
                command.Parameters.Add(new NpgsqlParameter<string[]>("old", [.. before]));
                var text = ApplicationCaptureSql.Write(touched.Captured, NameOf(table), "@old", Keys(command, table, rows));
                Set(command, ApplicationCaptureSql.Enter + text + ApplicationCaptureSql.Leave);
                before = [];
                _ = async ? await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false) : command.ExecuteNonQuery();
            }
        }

        var last = create();
        await using var disposeLast = last.ConfigureAwait(false);
        Set(last, string.Concat(_cascades.Select(t => ApplicationCaptureSql.WriteAny(t, NameOf(_model.TableOf(t))))) + ApplicationCaptureSql.Ring);
        _ = async ? await last.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false) : last.ExecuteNonQuery();
    }

    private void Add(IUpdateEntry entry, ITableMapping mapping, CapturedTable captured)
    {
        if (!_tables.TryGetValue(mapping.Table, out var touched))
        {
            _tables.Add(mapping.Table, touched = new Touched(captured));
        }

        // What is kept in a JSON column has the key of its owner's row first, and then its place.
        var own = entry.EntityType.FindPrimaryKey()!.Properties;
        var key = mapping.Table.PrimaryKey!.Columns
            .Select((c, i) => mapping.ColumnMappings.FirstOrDefault(m => m.Column == c)?.Property ?? own[i]).ToArray();
        touched.Rows.Add(new Row(entry, key));
        if (entry.EntityState == EntityState.Deleted)
        {
            _cascades.UnionWith(captured.CascadeTargets);
        }
    }

    private static string Keys(DbCommand command, ITable table, Row[] rows)
    {
        var text = new StringBuilder();
        foreach (var row in rows)
        {
            text.Append(text.Length == 0 ? "(" : " or (");
            for (var i = 0; i < row.Key.Length; i++)
            {
                var column = table.PrimaryKey!.Columns[i];
                var name = string.Create(CultureInfo.InvariantCulture, $"k{command.Parameters.Count}");
                command.Parameters.Add(column.PropertyMappings[0].TypeMapping.CreateParameter(command, name, row.Entry.GetCurrentValue(row.Key[i]), nullable: false));
                text.Append(i == 0 ? "" : " and ").Append("t.").Append(Sql.Quote(column.Name)).Append(" = @").Append(name);
            }

            text.Append(')');
        }

        return text.ToString();
    }

    private static string Order(ITable table) => string.Join(", ", table.PrimaryKey!.Columns.Select(c => "t." + Sql.Quote(c.Name)));

#pragma warning disable CA2100 // Made of constants, quoted names, and parameters.
    private static void Set(DbCommand command, string text) => command.CommandText = text;
#pragma warning restore CA2100

    private sealed class Touched(CapturedTable captured)
    {
        public CapturedTable Captured => captured;

        public List<Row> Rows { get; } = [];

        public List<string> Before { get; } = [];
    }

    private sealed record Row(IUpdateEntry Entry, IProperty[] Key)
    {
        /// <summary>Whether the key is not one that the database will give.</summary>
        public bool IsKeyKnown => !Array.Exists(Key, p => Entry.HasTemporaryValue(p));

        public string Text() => string.Join('\0', Key.Select(p => Convert.ToString(Entry.GetCurrentValue(p), CultureInfo.InvariantCulture)));
    }
}
