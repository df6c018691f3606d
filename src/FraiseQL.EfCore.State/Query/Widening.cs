using System.Linq.Expressions;
using Microsoft.EntityFrameworkCore.Query.SqlExpressions;

namespace FraiseQL.EfCore.State.Query;

/// <summary>Why a query depends on all rows of a table, in stable codes for EXPLAIN.</summary>
internal static class Widening
{
    /// <summary>The query asks for all rows of the table.</summary>
    public const string NoPredicate = "no-predicate";

    /// <summary>It asks by a column whose values events do not tell: <c>HasChangeEvents(e => e.DependsOn(…))</c> would narrow.</summary>
    public const string ColumnNotTracked = "column-not-tracked";

    /// <summary>It asks by something else than equality, IN, = ANY, IS NULL, or OR between those on one column.</summary>
    public const string PredicateNotExact = "predicate-not-exact";

    /// <summary>It is joined by columns for which no value is known.</summary>
    public const string Joined = "joined";

    public static string Of(SelectExpression? select, string alias, IEnumerable<string>? bound)
    {
        if (bound is not null)
        {
            return $"{ColumnNotTracked}: {string.Join(", ", bound.Order(StringComparer.Ordinal))}";
        }

        var joined = false;
        foreach (var conjunct in select is null ? [] : SelectBindings.Conjuncts(select.Predicate).Concat(select.Tables.OfType<PredicateJoinExpressionBase>().SelectMany(j => SelectBindings.Conjuncts(j.JoinPredicate))))
        {
            if (!Mentions.Alias(conjunct, alias))
            {
                continue;
            }

            if (conjunct is not SqlBinaryExpression { OperatorType: ExpressionType.Equal, Left: ColumnExpression, Right: ColumnExpression })
            {
                return PredicateNotExact;
            }

            joined = true;
        }

        return joined ? Joined : NoPredicate;
    }

    private sealed class Mentions(string alias) : ExpressionVisitor
    {
        private bool _found;

        public static bool Alias(Expression expression, string alias)
        {
            var mentions = new Mentions(alias);
            mentions.Visit(expression);
            return mentions._found;
        }

        protected override Expression VisitExtension(Expression node)
        {
            _found |= node is ColumnExpression column && column.TableAlias == alias;
            return _found || node is ColumnExpression ? node : base.VisitExtension(node);
        }
    }
}
