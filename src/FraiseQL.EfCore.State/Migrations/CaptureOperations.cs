using FraiseQL.EfCore.State.Model;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations.Operations;

namespace FraiseQL.EfCore.State.Migrations;

/// <summary>Puts the SQL of capture between the operations of a migration, as operations that every generator knows.</summary>
internal static class CaptureOperations
{
    public static IReadOnlyList<MigrationOperation> AddCapture(IReadOnlyList<MigrationOperation> operations)
    {
        var before = new Dictionary<int, List<string>>();
        var after = new Dictionary<int, List<string>>();
        for (var i = 0; i < operations.Count; i++)
        {
            switch (operations[i])
            {
                // The log outlives the migration that made it: there is nothing to do on the way down.
                case AlterDatabaseOperation database when Text(database, StateAnnotations.EventLog) is { } version
                    && version != Text(database.OldDatabase, StateAnnotations.EventLog):
                    Add(after, i, CaptureSql.EventLog(version));
                    break;
                case CreateTableOperation table when Text(table, StateAnnotations.Capture) is { } text:
                    Add(after, i, CaptureSql.Create(CaptureAnnotation.Parse(text), table.Schema));
                    break;
                case AlterTableOperation table:
                    Alter(operations, i, table.Schema, Text(table.OldTable, StateAnnotations.Capture), Text(table, StateAnnotations.Capture), before, after);
                    break;
                case DropTableOperation table:
                    // A dropped table takes its triggers with it, not their function.
                    Add(after, i, CaptureSql.Drop(table.Schema ?? "public", table.Name));
                    break;
            }
        }

        return before.Count + after.Count == 0 ? operations : [.. operations.SelectMany((o, i) => Around(o, i, before, after))];
    }

    private static void Alter(
        IReadOnlyList<MigrationOperation> operations,
        int index,
        string? schema,
        string? oldText,
        string? newText,
        Dictionary<int, List<string>> before,
        Dictionary<int, List<string>> after)
    {
        if (oldText == newText)
        {
            return;
        }

        var oldCapture = oldText is null ? null : CaptureAnnotation.Parse(oldText);
        var newCapture = newText is null ? null : CaptureAnnotation.Parse(newText);
        var create = index;
        if (oldCapture is not null)
        {
            // Some operations write to the table. None may meet a function that names a column which is gone or not there yet: the old
            // function goes before the first column that it names does, and the new one comes after the last column is there.
            var drop = index;
            for (var i = operations.Count - 1; i >= 0; i--)
            {
                if (Breaks(operations[i], oldCapture, newCapture))
                {
                    drop = Math.Min(drop, i);
                    create = Math.Max(create, i);
                }
                else if (newCapture is not null && operations[i] is AddColumnOperation column && IsOn(column.Schema, column.Table, newCapture))
                {
                    create = Math.Max(create, i);
                }
            }

            // Until the new one is there the old one still captures, unless it is in the way.
            var isRenamed = oldCapture.Relation != newCapture?.Relation;
            Add(before, drop < index || isRenamed ? drop : create, CaptureSql.Drop(oldCapture.Schema, oldCapture.Table));
        }

        if (newCapture is not null)
        {
            Add(after, create, CaptureSql.Create(newCapture, schema));
        }
    }

    private static bool Breaks(MigrationOperation operation, CaptureAnnotation oldCapture, CaptureAnnotation? newCapture) => operation switch
    {
        DropColumnOperation drop => IsOn(drop.Schema, drop.Table, oldCapture, newCapture) && oldCapture.ClassOf(drop.Name) is not null,
        RenameColumnOperation rename => IsOn(rename.Schema, rename.Table, oldCapture, newCapture) && oldCapture.ClassOf(rename.Name) is not null,
        AlterColumnOperation alter => IsOn(alter.Schema, alter.Table, oldCapture, newCapture)
            && oldCapture.ClassOf(alter.Name) != newCapture?.ClassOf(alter.Name),
        _ => false,
    };

    private static bool IsOn(string? schema, string table, params ReadOnlySpan<CaptureAnnotation?> captures)
    {
        foreach (var capture in captures)
        {
            if (capture is not null && capture.Table == table && capture.Schema == (schema ?? "public"))
            {
                return true;
            }
        }

        return false;
    }

    private static string? Text(IAnnotatable annotatable, string name) => annotatable.FindAnnotation(name)?.Value as string;

    private static void Add(Dictionary<int, List<string>> places, int index, string sql)
    {
        if (!places.TryGetValue(index, out var list))
        {
            places.Add(index, list = []);
        }

        list.Add(sql);
    }

    private static IEnumerable<MigrationOperation> Around(
        MigrationOperation operation, int index, Dictionary<int, List<string>> before, Dictionary<int, List<string>> after)
    {
        var first = before.GetValueOrDefault(index) ?? [];
        var last = after.GetValueOrDefault(index) ?? [];
        return [.. first.Select(Sql), operation, .. last.Select(Sql)];
    }

    private static SqlOperation Sql(string sql) => new() { Sql = sql };
}
