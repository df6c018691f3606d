using System.Collections.Concurrent;
using System.Data.Common;
using System.Security.Cryptography;
using System.Text;
using FraiseQL.EfCore.State.Rows;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Query.SqlExpressions;
using Microsoft.EntityFrameworkCore.Storage;

namespace FraiseQL.EfCore.State.Query;

/// <summary>Makes plans from final SQL expressions. EF asks again on every execution of some queries (a list as a parameter), so plans are interned.</summary>
/// <remarks>Thread-safe; one per EF service provider.</remarks>
internal sealed class QueryPlanner
{
    private const int MostPlans = 4096;

    private readonly ConcurrentDictionary<(string Sql, CachePolicy Policy), QueryPlan> _plans = new();

    public QueryPlan Plan(SelectExpression select, CachePolicy policy, IRelationalCommand command, string sql)
    {
        var columns = Columns(select, out var refusal);
        var model = ModelOf(select);
        if (_plans.TryGetValue((sql, policy), out var known) && known.Model == model && known.Columns.AsSpan().SequenceEqual(columns))
        {
            return known;
        }

        var extractor = new DependencyExtractor();
        extractor.Visit(select);
        refusal = refusal ?? extractor.Refusal;
        var parameters = new (string, RelationalTypeMapping?)[command.Parameters.Count];
        for (var i = 0; i < parameters.Length; i++)
        {
            var name = command.Parameters[i].InvariantName;
            if (!extractor.Parameters.TryGetValue(name, out var mapping))
            {
                refusal ??= Refusal.UnknownParameter;
            }

            parameters[i] = (name, mapping);
        }

        var plan = new QueryPlan(Id(sql, columns, parameters), model, policy, columns, parameters, extractor.Dependencies, extractor.Views, extractor.Uncaptured, NamesOf(select), refusal) { Sql = sql };
        if (_plans.Count >= MostPlans)
        {
            _plans.Clear();
        }

        _plans[(sql, policy)] = plan;
        return plan;
    }

    // SQL that nothing was composed over goes to the server as it is; its columns come in its own order, and there may be more of them. What EF has
    // composed has EF's order, and an aggregate has no name at all.
    private static string[]? NamesOf(SelectExpression select)
        => select.IsNonComposedFromSql() ? [.. select.Projection.Select(p => p.Alias)] : null;

    private static ColumnKind[] Columns(SelectExpression select, out Refusal? refusal)
    {
        refusal = null;
        var columns = new List<ColumnKind>(select.Projection.Count);
        foreach (var projection in select.Projection)
        {
            // Each column is kept as the type that EF's shaper asks for, which is not always what GetValue() would give.
            var getter = projection.Expression.TypeMapping?.GetDataReaderMethod();
            if (getter is not null && getter.DeclaringType == typeof(DbDataReader) && ColumnKind.TryGet(getter.ReturnType, out var kind))
            {
                columns.Add(kind);
            }
            else
            {
                refusal ??= Refusal.ColumnType(getter?.ReturnType.ToString() ?? "an unmapped type");
            }
        }

        return [.. columns];
    }

    private static IModel? ModelOf(SelectExpression select)
    {
        foreach (var table in select.Tables)
        {
            switch (table is JoinExpressionBase join ? join.Table : table)
            {
                case TableExpression named:
                    return named.Table.Model.Model;
                case FromSqlExpression { Table: { } mapped }:
                    return mapped.Model.Model;
                case SelectExpression derived when ModelOf(derived) is { } model:
                    return model;
                case SetOperationBase { Source1: var source } when ModelOf(source) is { } model:
                    return model;
            }
        }

        return null;
    }

    private static byte[] Id(string sql, ColumnKind[] columns, (string Name, RelationalTypeMapping? Mapping)[] parameters)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes(sql));
        hash.AppendData([0]);
        foreach (var column in columns)
        {
            hash.AppendData(Encoding.UTF8.GetBytes($"\0{column.Id}:{column.Name}"));
        }

        foreach (var (name, mapping) in parameters)
        {
            hash.AppendData(Encoding.UTF8.GetBytes($"\0{name}\0{mapping?.StoreType}"));
        }

        return hash.GetHashAndReset();
    }
}
