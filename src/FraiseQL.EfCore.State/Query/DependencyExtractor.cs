using System.Linq.Expressions;
using FraiseQL.EfCore.State.Model;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Query;
using Microsoft.EntityFrameworkCore.Query.SqlExpressions;
using Microsoft.EntityFrameworkCore.Storage;

namespace FraiseQL.EfCore.State.Query;

/// <summary>
/// Walks EF's final SQL expression, in which global filters, auto-includes, inheritance and join tables have all taken their shape, and
/// collects what the result depends on, which parameters it has, and why it cannot be cached, if so. Used once per plan.
/// </summary>
internal sealed class DependencyExtractor : ExpressionVisitor
{
    // Functions of the server whose tables are their own arguments.
    private static readonly HashSet<string> s_transparentFunctions = new(StringComparer.OrdinalIgnoreCase)
    {
        "unnest", "generate_series", "json_to_recordset", "jsonb_to_recordset", "json_array_elements", "jsonb_array_elements",
        "jsonb_array_elements_text", "json_array_elements_text", "regexp_split_to_table", "string_to_table",
    };

    private readonly HashSet<Expression> _seen = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<Expression, IReadOnlyDictionary<string, DependencyValue>?> _pushed = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<string, HashSet<string>> _columns = new(StringComparer.Ordinal);
    private readonly List<(string Alias, Dependency Dependency)> _dependencies = [];
    private SelectBindings? _bindings;
    private SelectExpression? _select;

    /// <summary>
    /// What the result depends on, once the whole tree was visited. The columns are all those that any part of the tree reads by the table's
    /// alias; should two tables have the same alias, each counts for both.
    /// </summary>
    public IReadOnlyList<Dependency> Dependencies
        => [.. _dependencies.Select(d => d.Dependency with { Reads = d.Dependency.Table.ReadMask(_columns.GetValueOrDefault(d.Alias) ?? []) })];

    /// <summary>Views, by schema and name.</summary>
    public List<string> Views { get; } = [];

    /// <summary>Tables that are not captured, by schema and name.</summary>
    public List<string> Uncaptured { get; } = [];

    /// <summary>Every parameter in the tree, with the mapping that brings it to the database.</summary>
    public Dictionary<string, RelationalTypeMapping?> Parameters { get; } = new(StringComparer.Ordinal);

    public Refusal? Refusal { get; private set; }

    protected override Expression VisitExtension(Expression node)
    {
        switch (node)
        {
            case SelectExpression select:
                VisitSelect(select);
                return node;

            case TableExpression table:
                if (_seen.Add(table))
                {
                    Add(table);
                }

                return node;

            case ColumnExpression column:
                if (!_columns.TryGetValue(column.TableAlias, out var names))
                {
                    _columns[column.TableAlias] = names = new(StringComparer.Ordinal);
                }

                names.Add(column.Name);
                return node;

            case SqlParameterExpression parameter:
                Parameters.TryAdd(parameter.InvariantName, parameter.TypeMapping);
                return node;

            case FromSqlExpression raw:
                Refuse(SqlText.WhyNever(raw.Sql) ?? Query.Refusal.OpaqueSource("raw SQL (FromSql, SqlQuery)"));
                if (raw.Arguments is QueryParameterExpression arguments)
                {
                    Parameters.TryAdd(arguments.Name, null);
                }

                return node;

            case SqlFragmentExpression fragment when !IsLiteral(fragment.Sql):
                Refuse(Query.Refusal.OpaqueSource("a fragment of raw SQL"));
                return node;

            case SqlFunctionExpression function:
                VisitFunction(function);
                return base.VisitExtension(node);

            case TableValuedFunctionExpression function when !(function.IsBuiltIn && s_transparentFunctions.Contains(function.Name)):
                Refuse(Query.Refusal.OpaqueSource($"the table function {function.Name}"));
                return node;

            case AtTimeZoneExpression or ValuesExpression or SetOperationBase or JoinExpressionBase or TableValuedFunctionExpression or SqlExpression
                or ProjectionExpression or OrderingExpression or RowNumberExpression or DistinctExpression:
                return base.VisitExtension(node);

            case TableExpressionBase other:
                Refuse(Query.Refusal.OpaqueSource(other.GetType().Name));
                return node;

            default:
                return base.VisitExtension(node);
        }
    }

    private void VisitSelect(SelectExpression select)
    {
        var (outer, outerSelect) = (_bindings, _select);
        _select = select;
        var bindings = SelectBindings.Of(select, outer, _pushed.GetValueOrDefault(select));
        _bindings = bindings;
        foreach (var table in select.Tables)
        {
            var inner = table is JoinExpressionBase join ? join.Table : table;
            if (inner is TableExpression named)
            {
                if (_seen.Add(named))
                {
                    Add(named);
                }
            }
            else if (inner is SelectExpression derived && PassesPredicatesThrough(derived) && bindings.For(inner.Alias!) is { } pushed)
            {
                _pushed[derived] = pushed;
            }
        }

        // All children, the tables again among them: joins hold predicates, and derived tables their own SELECTs.
        base.VisitExtension(select);
        (_bindings, _select) = (outer, outerSelect);
    }

    // A predicate on an output column is a predicate on the inner column only if nothing in between chooses rows by other rows.
    private static bool PassesPredicatesThrough(SelectExpression select)
        => select is { Limit: null, Offset: null, GroupBy.Count: 0, Having: null, Tables: not [SetOperationBase] }
            && !select.Projection.Any(p => p.Expression is RowNumberExpression);

    private void Add(TableExpression table)
    {
        var name = (table.Schema ?? CaptureModel.DefaultSchema(table.Table.Model.Model)) + "." + table.Name;
        if (table.Table is IView)
        {
            Views.Add(name);
            return;
        }

        if (Captured(table.Table) is not { } captured)
        {
            Uncaptured.Add(name);
            Refuse(Query.Refusal.NotCaptured(table.Schema is null ? table.Name : table.Schema + "." + table.Name));
            return;
        }

        // One predicate is enough: every row that matters satisfies it. The key is the narrowest; then the first in the model's order.
        foreach (var column in captured.DependencyColumns.OrderBy(c => captured.Key is [var key] && key.Name == c.Name ? 0 : 1))
        {
            if (HasExactEquality(column) && _bindings is not null && _bindings.TryGet(table.Alias, column.Name, out var value))
            {
                _dependencies.Add((table.Alias, new Dependency(captured, column, value, 0)));
                return;
            }
        }

        var bound = _bindings?.For(table.Alias)?.Keys;
        _dependencies.Add((table.Alias, new Dependency(captured, null, null, 0) { WhyWhole = Widening.Of(_select, table.Alias, bound) }));
    }

    // character(n) compares without its trailing blanks, so two texts can be equal without being the same.
    private static bool HasExactEquality(CapturedColumn column)
        => !column.StoreType.StartsWith("character(", StringComparison.Ordinal)
            && !column.StoreType.StartsWith("char(", StringComparison.Ordinal)
            && column.StoreType is not ("character" or "char" or "bpchar");

    public static CapturedTable? Captured(ITableBase table)
        => table is ITable ? CaptureModel.For(table.Model.Model).Find(table.Schema, table.Name) : null;

    // What EF's and Npgsql's own translators write: the star of COUNT, and typed literals.
    private static bool IsLiteral(string sql)
        => sql is "*" or "1" || sql.StartsWith("INTERVAL '", StringComparison.Ordinal) || sql.StartsWith("DATE '", StringComparison.Ordinal);

    private void VisitFunction(SqlFunctionExpression function)
    {
        if (ServerFunctions.IsVolatile(function.Name))
        {
            Refuse(Query.Refusal.Volatile(function.Name));
        }
        else if (!function.IsBuiltIn)
        {
            // A function of the database may read any table.
            Refuse(Query.Refusal.OpaqueSource($"the database function {function.Name}"));
        }
    }

    private void Refuse(Refusal refusal) => Refusal = ViewSources.Harder(Refusal, refusal);
}
