using System.Linq.Expressions;
using FraiseQL.EfCore.State.Model;

namespace FraiseQL.EfCore.State.Dispatch;

/// <summary>Looks, when the host starts, whether the events have what a condition asks for: later it would be an error with each event.</summary>
internal sealed class ConditionCheck(
    string handler, CapturedTable table, IReadOnlyDictionary<string, ColumnValue> columns) : ExpressionVisitor
{
    /// <exception cref="InvalidOperationException">The condition can never be answered; the message says why and what to do.</exception>
    protected override Expression VisitMethodCall(MethodCallExpression node)
    {
        if (node.Method.DeclaringType is { IsGenericType: true } type && type.GetGenericTypeDefinition() == typeof(ChangeEvent<>)
            && node.Method.Name is nameof(ChangeEvent<>.Changed) or nameof(ChangeEvent<>.ChangedTo) or nameof(ChangeEvent<>.ChangedFrom)
            && Lambda(node.Arguments[0]) is { } property)
        {
            var name = PropertyChange.NameOf(property);
            if (columns.GetValueOrDefault(name) is not { } column
                || !(node.Method.Name == nameof(ChangeEvent<>.Changed) ? table.LogsChange(column.Name) : table.LogsNew(column.Name)))
            {
                throw new InvalidOperationException(StateStrings.ConditionOnUncaptured(handler, node.Method.Name, table.Entity, name));
            }

            if (node.Method.Name == nameof(ChangeEvent<>.ChangedFrom) && !table.LogsOld(column.Name))
            {
                throw new InvalidOperationException(StateStrings.ConditionWithoutOldValue(handler, table.Entity, name));
            }
        }

        return base.VisitMethodCall(node);
    }

    private static LambdaExpression? Lambda(Expression argument)
        => argument as LambdaExpression ?? (argument as UnaryExpression)?.Operand as LambdaExpression;
}
