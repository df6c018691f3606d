using System.Linq.Expressions;
using Microsoft.EntityFrameworkCore.Query;
using Microsoft.EntityFrameworkCore.Query.SqlExpressions;

namespace FraiseQL.EfCore.State.Query;

/// <summary>
/// Which columns of one SELECT are pinned to a value: by a top-level conjunct of its WHERE or of an inner join's ON, by what an enclosing
/// SELECT pins, or through equalities between columns. Only what is certain is recorded; everything else leaves the table wide.
/// </summary>
/// <remarks>
/// Sound because a row that does not satisfy the conjunct cannot reach the result: a change of such a row, before and after, is without effect.
/// A left join's ON pins columns of its right side only: it restricts which of those rows take part, and none of the left.
/// </remarks>
internal sealed class SelectBindings
{
    private readonly Dictionary<(string Alias, string Column), DependencyValue> _values;
    private readonly List<(ColumnExpression Left, ColumnExpression Right)> _equalities = [];

    private SelectBindings(SelectBindings? outer)
        => _values = outer is null ? [] : new(outer._values);

    /// <summary>The bindings inside <paramref name="select"/>, given those around it.</summary>
    /// <param name="select">The SELECT.</param>
    /// <param name="outer">Bindings of the enclosing SELECT, which a correlated subquery may use; <see langword="null"/> at the top.</param>
    /// <param name="pushed">Values pinned from outside on columns that this SELECT passes through, by output name.</param>
    public static SelectBindings Of(SelectExpression select, SelectBindings? outer, IReadOnlyDictionary<string, DependencyValue>? pushed)
    {
        var bindings = new SelectBindings(outer);
        if (pushed is not null)
        {
            foreach (var projection in select.Projection)
            {
                // A column that is NULL out there may belong to the side of an outer join in here that had no row: then other rows decide.
                if (projection.Expression is ColumnExpression column && pushed.TryGetValue(projection.Alias, out var value) && !value.HasNull)
                {
                    bindings._values.TryAdd((column.TableAlias, column.Name), value);
                }
            }
        }

        // A right or full join may add rows that no conjunct here restricts: then nothing is pinned but what came from outside.
        if (select.Tables.Any(t => t is JoinExpressionBase and not (InnerJoinExpression or LeftJoinExpression or CrossJoinExpression or CrossApplyExpression or OuterApplyExpression)))
        {
            return bindings;
        }

        var nullable = new HashSet<string>(
            select.Tables.Where(t => t is LeftJoinExpression or OuterApplyExpression).Select(t => ((JoinExpressionBase)t).Table.Alias).OfType<string>());
        foreach (var table in select.Tables)
        {
            if (table is not (LeftJoinExpression or OuterApplyExpression) && (table is JoinExpressionBase join ? join.Table : table) is SelectExpression derived)
            {
                bindings.Lift(derived, outer);
            }
        }

        bindings.AddConjuncts(select.Predicate, except: nullable);
        foreach (var table in select.Tables.OfType<InnerJoinExpression>())
        {
            bindings.AddConjuncts(table.JoinPredicate, except: nullable);
        }

        bindings.Close();
        foreach (var table in select.Tables.OfType<LeftJoinExpression>())
        {
            bindings.AddLeftJoin(table);
        }

        return bindings;
    }

    public bool TryGet(string alias, string column, out DependencyValue? value) => _values.TryGetValue((alias, column), out value);

    /// <summary>What is pinned on the output columns of a derived table.</summary>
    public Dictionary<string, DependencyValue>? For(string alias)
    {
        Dictionary<string, DependencyValue>? found = null;
        foreach (var (at, value) in _values)
        {
            if (at.Alias == alias)
            {
                (found ??= [])[at.Column] = value;
            }
        }

        return found;
    }

    // Every row that a derived table puts out satisfies what is pinned within it.
    private void Lift(SelectExpression derived, SelectBindings? outer)
    {
        var inner = Of(derived, outer, pushed: null);
        foreach (var projection in derived.Projection)
        {
            if (projection.Expression is ColumnExpression column && inner._values.TryGetValue((column.TableAlias, column.Name), out var value))
            {
                _values.TryAdd((derived.Alias!, projection.Alias), value);
            }
        }
    }

    private void AddConjuncts(SqlExpression? predicate, HashSet<string> except)
    {
        foreach (var conjunct in Conjuncts(predicate))
        {
            if (conjunct is SqlBinaryExpression { OperatorType: ExpressionType.Equal, Left: ColumnExpression a, Right: ColumnExpression b })
            {
                if (!except.Contains(a.TableAlias) && !except.Contains(b.TableAlias))
                {
                    _equalities.Add((a, b));
                }
            }
            else if (PredicateValues.Of(conjunct) is var (column, value) && !except.Contains(column.TableAlias))
            {
                _values.TryAdd((column.TableAlias, column.Name), value);
            }
        }
    }

    private void AddLeftJoin(LeftJoinExpression join)
    {
        var alias = join.Table.Alias;
        foreach (var equal in Conjuncts(join.JoinPredicate).OfType<SqlBinaryExpression>().Where(c => c.OperatorType == ExpressionType.Equal))
        {
            var (left, right) = (equal.Left, equal.Right);
            foreach (var (side, other) in (ReadOnlySpan<(SqlExpression, SqlExpression)>)[(left, right), (right, left)])
            {
                if (side is not ColumnExpression column || column.TableAlias != alias)
                {
                    continue;
                }

                var value = other is ColumnExpression from && from.TableAlias != alias
                    ? _values.GetValueOrDefault((from.TableAlias, from.Name))
                    : PredicateValues.Single(other);
                if (value is not null)
                {
                    _values.TryAdd((column.TableAlias, column.Name), value);
                }
            }
        }
    }

    private void Close()
    {
        for (var changed = true; changed;)
        {
            changed = false;
            foreach (var (a, b) in _equalities)
            {
                changed |= Spread(a, b) || Spread(b, a);
            }
        }
    }

    private bool Spread(ColumnExpression from, ColumnExpression to)
        => _values.TryGetValue((from.TableAlias, from.Name), out var value) && _values.TryAdd((to.TableAlias, to.Name), value);

    public static IEnumerable<SqlExpression> Conjuncts(SqlExpression? predicate)
    {
        var open = new Stack<SqlExpression>();
        if (predicate is not null)
        {
            open.Push(predicate);
        }

        while (open.TryPop(out var next))
        {
            if (next is SqlBinaryExpression { OperatorType: ExpressionType.AndAlso } and)
            {
                open.Push(and.Left);
                open.Push(and.Right);
            }
            else
            {
                yield return next;
            }
        }
    }
}
