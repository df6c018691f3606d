using System.Linq.Expressions;
using Microsoft.EntityFrameworkCore.Query.SqlExpressions;

namespace FraiseQL.EfCore.State.Query;

/// <summary>
/// What one conjunct allows in one column: <c>c = v</c>, <c>c IN (…)</c>, <c>c = ANY (@list)</c>, <c>c IS NULL</c>, and any of these with OR between
/// them, on the same column. Everything else allows anything.
/// </summary>
internal static class PredicateValues
{
    public static (ColumnExpression Column, DependencyValue Value)? Of(SqlExpression conjunct)
    {
        switch (conjunct)
        {
            case SqlBinaryExpression { OperatorType: ExpressionType.Equal, Left: ColumnExpression column, Right: var right }:
                return With(column, Single(right));

            case SqlBinaryExpression { OperatorType: ExpressionType.Equal, Left: var left, Right: ColumnExpression column }:
                return With(column, Single(left));

            case SqlUnaryExpression { OperatorType: ExpressionType.Equal, Operand: ColumnExpression column }:
                return (column, DependencyValue.Null);

            case InExpression { Item: ColumnExpression column, Values: { Count: > 0 } values }:
                return With(column, Any(values.Select(Single)));

            case InExpression { Item: ColumnExpression column, ValuesParameter: { } list }:
                return (column, DependencyValue.List(list.InvariantName, list.TypeMapping));

            case SqlBinaryExpression { OperatorType: ExpressionType.OrElse } or:
                return Of(or.Left) is var (one, first) && Of(or.Right) is var (other, second) && one.TableAlias == other.TableAlias && one.Name == other.Name
                    ? (one, first.Or(second))
                    : null;

            default:
                return Children.Of(conjunct) is [ColumnExpression item, SqlParameterExpression array] && IsEqualAny(conjunct, item, array)
                    ? (item, DependencyValue.List(array.InvariantName, array.TypeMapping))
                    : null;
        }
    }

    /// <summary>The value that an expression is, if it is known before the query is sent.</summary>
    public static DependencyValue? Single(SqlExpression expression) => expression switch
    {
        SqlParameterExpression parameter => DependencyValue.Parameter(parameter.InvariantName, parameter.TypeMapping),
        SqlConstantExpression constant => DependencyValue.Constant(constant.Value, constant.TypeMapping),
        _ => null,
    };

    private static (ColumnExpression, DependencyValue)? With(ColumnExpression column, DependencyValue? value) => value is null ? null : (column, value);

    private static DependencyValue? Any(IEnumerable<DependencyValue?> values)
    {
        DependencyValue? all = null;
        foreach (var value in values)
        {
            if (value is null)
            {
                return null;
            }

            all = all?.Or(value) ?? value;
        }

        return all;
    }

    // Npgsql's own expression, whose type is not for others: that it is this one, and not LIKE ANY, only its text tells. Where a later version writes
    // another text, the whole table counts.
    private static bool IsEqualAny(SqlExpression expression, ColumnExpression item, SqlParameterExpression array)
        => expression.GetType().Name == "PgAnyExpression" && expression.ToString() == $"{item} Equal ANY({array})";

    private sealed class Children : ExpressionVisitor
    {
        private readonly List<Expression> _children = [];

        public static List<Expression> Of(SqlExpression expression)
        {
            var children = new Children();
            children.VisitExtension(expression);
            return children._children;
        }

        public override Expression? Visit(Expression? node)
        {
            if (node is not null)
            {
                _children.Add(node);
            }

            return node;
        }
    }
}
