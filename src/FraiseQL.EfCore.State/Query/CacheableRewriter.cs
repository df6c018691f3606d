using System.Diagnostics.CodeAnalysis;
using System.Linq.Expressions;
using System.Reflection;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Query;

namespace FraiseQL.EfCore.State.Query;

/// <summary>Once per compilation, turns the marking call into a query tag, which EF carries to the final SQL expression. Stateless.</summary>
internal sealed class CacheableRewriter : IQueryExpressionInterceptor
{
    private static readonly MethodInfo s_tagWith =
        new Func<IQueryable<object>, string, IQueryable<object>>(EntityFrameworkQueryableExtensions.TagWith).Method.GetGenericMethodDefinition();

    public Expression QueryCompilationStarting(Expression queryExpression, QueryExpressionEventData eventData)
    {
        var finder = new Finder();
        finder.Visit(queryExpression);
        if (finder.Outermost is not { } outermost)
        {
            return queryExpression;
        }

        FraiseQLStateQueryableExtensions.IsCacheable(outermost, out _, out var ttl);
        var isSplit = finder.IsSplit || (!finder.IsSingle && SplitsByDefault(eventData.Context));
        var policy = ttl switch
        {
            null => new CachePolicy(null, null, isSplit),
            ConstantExpression { Value: TimeSpan value } => new CachePolicy(Checked(value), null, isSplit),
            QueryParameterExpression parameter => new CachePolicy(null, parameter.Name, isSplit),
            _ => throw new InvalidOperationException(StateStrings.TtlNotAValue),
        };
        return new Replacer(outermost, policy.ToTag()).Visit(queryExpression);
    }

    private static TimeSpan Checked(TimeSpan ttl)
    {
        CacheTtl.Check(ttl, nameof(ttl));
        return ttl;
    }

    private static bool SplitsByDefault(DbContext? context)
        => context?.GetService<IDbContextOptions>().Extensions.OfType<RelationalOptionsExtension>().FirstOrDefault()
            ?.QuerySplittingBehavior == QuerySplittingBehavior.SplitQuery;

    /// <summary>Finds the outermost call on the source spine; a call anywhere else is an error.</summary>
    private sealed class Finder : ExpressionVisitor
    {
        private bool _offSpine;

        public MethodCallExpression? Outermost { get; private set; }

        public bool IsSplit { get; private set; }

        public bool IsSingle { get; private set; }

        protected override Expression VisitMethodCall(MethodCallExpression node)
        {
            if (FraiseQLStateQueryableExtensions.IsCacheable(node, out _, out _))
            {
                if (_offSpine)
                {
                    throw new InvalidOperationException(StateStrings.NestedCacheable);
                }

                Outermost ??= node;
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

        protected override Expression VisitExtension(Expression node) => node;
    }

    /// <summary>Puts the tag where the outermost call was, and takes the others out.</summary>
    private sealed class Replacer(MethodCallExpression outermost, string tag) : ExpressionVisitor
    {
        [UnconditionalSuppressMessage("Trimming", "IL2060", Justification = "EF compiles queries at run time only where dynamic code is supported.")]
        [UnconditionalSuppressMessage("AOT", "IL3050", Justification = "EF compiles queries at run time only where dynamic code is supported.")]
        protected override Expression VisitMethodCall(MethodCallExpression node)
        {
            if (!FraiseQLStateQueryableExtensions.IsCacheable(node, out var source, out _))
            {
                return base.VisitMethodCall(node);
            }

            source = Visit(source);
            return node == outermost
                ? Expression.Call(s_tagWith.MakeGenericMethod(node.Method.GetGenericArguments()[0]), source, Expression.Constant(tag))
                : source;
        }

        protected override Expression VisitExtension(Expression node) => node;
    }
}
