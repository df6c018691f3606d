using System.Linq.Expressions;
using Microsoft.EntityFrameworkCore;

namespace FraiseQL.EfCore.State.Query;

/// <summary>Finds the outermost mark on the source spine of a query; a mark anywhere else is an error.</summary>
internal sealed class MarkFinder : ExpressionVisitor
{
    private bool _offSpine;

    public Expression? Outermost { get; private set; }

    public bool IsSplit { get; private set; }

    public bool IsSingle { get; private set; }

    protected override Expression VisitMethodCall(MethodCallExpression node)
    {
        if (FraiseQLStateQueryableExtensions.IsMark(node, out _, out _))
        {
            Found(node);
        }
        else if (node.Method.DeclaringType == typeof(RelationalQueryableExtensions))
        {
            IsSplit |= node.Method.Name == nameof(RelationalQueryableExtensions.AsSplitQuery);
            IsSingle |= node.Method.Name == nameof(RelationalQueryableExtensions.AsSingleQuery);
        }

        // The spine goes through the first argument of query operators, which are static methods over a source.
        var onSpine = !_offSpine;
        _offSpine = true;
        Visit(node.Object);
        for (var i = 0; i < node.Arguments.Count; i++)
        {
            _offSpine = !(onSpine && i == 0 && node.Object is null && typeof(IQueryable).IsAssignableFrom(node.Arguments[0].Type));
            Visit(node.Arguments[i]);
        }

        _offSpine = !onSpine;
        return node;
    }

    protected override Expression VisitLambda<T>(Expression<T> node)
    {
        var outer = _offSpine;
        _offSpine = true;
        Visit(node.Body);
        _offSpine = outer;
        return node;
    }

    protected override Expression VisitExtension(Expression node)
    {
        if (node is CacheableExpression mark)
        {
            Found(mark);
            Visit(mark.Source);
        }

        return node;
    }

    private void Found(Expression mark)
    {
        if (_offSpine)
        {
            throw new InvalidOperationException(StateStrings.NestedCacheable);
        }

        Outermost ??= mark;
    }
}
