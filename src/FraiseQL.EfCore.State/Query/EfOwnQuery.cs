using System.Linq.Expressions;
using Microsoft.EntityFrameworkCore;

namespace FraiseQL.EfCore.State.Query;

/// <summary>
/// Recognises queries which <c>CacheAllQueries</c> must leave alone: what EF itself asks for an entity it knows (Find, Reload,
/// GetDatabaseValues, explicit and lazy loading), where only the database's answer is of use, and what is no query (ExecuteUpdate, ExecuteDelete).
/// </summary>
/// <remarks>EF compares keys by EF.Property there. A query of the application that does the same is left alone too, which is safe.</remarks>
internal sealed class EfOwnQuery : ExpressionVisitor
{
    private bool _found;

    public static bool Is(Expression query)
    {
        if (query is MethodCallExpression { Method: var method }
            && method.Name is "ExecuteUpdate" or "ExecuteUpdateAsync" or "ExecuteDelete" or "ExecuteDeleteAsync")
        {
            return true;
        }

        var visitor = new EfOwnQuery();
        visitor.Visit(query);
        return visitor._found;
    }

    protected override Expression VisitLambda<T>(Expression<T> node)
    {
        _found |= node.ReturnType == typeof(bool) && node.Parameters.Count == 1 && ComparesByName(node.Body, node.Parameters[0]);
        return base.VisitLambda(node);
    }

    protected override Expression VisitExtension(Expression node) => node;

    private static bool ComparesByName(Expression body, ParameterExpression entity) => body switch
    {
        BinaryExpression { NodeType: ExpressionType.AndAlso } and => ComparesByName(and.Left, entity) && ComparesByName(and.Right, entity),
        BinaryExpression { NodeType: ExpressionType.Equal } equal => IsProperty(equal.Left, entity) || IsProperty(equal.Right, entity),
        MethodCallExpression { Method.Name: nameof(Equals) } equals => equals.Arguments.Any(a => IsProperty(a, entity)),
        _ => false,
    };

    private static bool IsProperty(Expression expression, ParameterExpression entity) => expression switch
    {
        UnaryExpression { NodeType: ExpressionType.Convert } convert => IsProperty(convert.Operand, entity),
        MethodCallExpression { Method: { Name: nameof(EF.Property) } method } call => method.DeclaringType == typeof(EF) && Strip(call.Arguments[0]) == entity,
        _ => false,
    };

    private static Expression Strip(Expression expression)
        => expression is UnaryExpression { NodeType: ExpressionType.Convert } convert ? convert.Operand : expression;
}
