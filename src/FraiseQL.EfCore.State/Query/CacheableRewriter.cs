using System.Diagnostics.CodeAnalysis;
using System.Linq.Expressions;
using System.Reflection;
using FraiseQL.EfCore.State.Setup;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Query;

namespace FraiseQL.EfCore.State.Query;

/// <summary>Turns the mark into a query tag, which EF carries to the final SQL expression. Once a compilation. Stateless.</summary>
internal sealed class CacheableRewriter : IQueryExpressionInterceptor
{
    private static readonly MethodInfo s_tagWith =
        new Func<IQueryable<object>, string, IQueryable<object>>(EntityFrameworkQueryableExtensions.TagWith).Method.GetGenericMethodDefinition();

    public Expression QueryCompilationStarting(Expression queryExpression, QueryExpressionEventData eventData)
    {
        var finder = new MarkFinder();
        finder.Visit(queryExpression);
        var options = eventData.Context?.GetService<IDbContextOptions>();
        var isList = ElementType(queryExpression.Type) is not null;
        if (finder.Outermost is not { } outermost)
        {
            return options?.FindExtension<FraiseQLStateOptionsExtension>()?.CachesAllQueries == true && !EfOwnQuery.Is(queryExpression)
                ? TagUnmarked(queryExpression, new CachePolicy(CacheableOptions.Default, null, IsSplit(), IsImplicit: true, isList, RootOf(queryExpression)))
                : queryExpression;
        }

        var policy = MarkReader.Read(outermost, IsSplit()) with { IsList = isList, Root = RootOf(queryExpression) };
        return new Replacer(outermost, policy.Options.IsNever ? null : policy.ToTag()).Visit(queryExpression);

        bool IsSplit() => finder.IsSplit || (!finder.IsSingle && options is not null
            && options.Extensions.OfType<RelationalOptionsExtension>().FirstOrDefault()?.QuerySplittingBehavior == QuerySplittingBehavior.SplitQuery);
    }

    // The query that a terminal operator (First, Count) works on is its source; around that goes the tag.
    private static Expression TagUnmarked(Expression query, CachePolicy policy)
    {
        if (ElementType(query.Type) is { } element)
        {
            return Tag(query, element, policy.ToTag());
        }

        return query is MethodCallExpression { Object: null, Arguments: [var source, ..] } call && call.Method.DeclaringType == typeof(Queryable)
            ? call.Update(null, [TagUnmarked(source, policy), .. call.Arguments.Skip(1)])
            : query;
    }

    // Down the sources: what is joined, included or counted beside them is not what the query is about.
    private static string? RootOf(Expression query) => query switch
    {
        MethodCallExpression { Object: null, Arguments: [var source, ..] } => RootOf(source),
        CacheableExpression mark => RootOf(mark.Source),
        EntityQueryRootExpression root when root.GetType() == typeof(EntityQueryRootExpression) => root.EntityType.Name,
        _ => null,
    };

    private static Type? ElementType(Type type)
        => type.IsGenericType && typeof(IQueryable).IsAssignableFrom(type) ? type.GetGenericArguments()[0] : null;

    [UnconditionalSuppressMessage("Trimming", "IL2060", Justification = "EF compiles queries at run time only where dynamic code is supported.")]
    [UnconditionalSuppressMessage("AOT", "IL3050", Justification = "EF compiles queries at run time only where dynamic code is supported.")]
    private static MethodCallExpression Tag(Expression query, Type element, string tag)
        => Expression.Call(s_tagWith.MakeGenericMethod(element), query, Expression.Constant(tag));

    /// <summary>Puts the tag where the outermost mark was, and takes the others out.</summary>
    private sealed class Replacer(Expression outermost, string? tag) : ExpressionVisitor
    {
        protected override Expression VisitMethodCall(MethodCallExpression node)
            => FraiseQLStateQueryableExtensions.IsMark(node, out var source, out _) ? Replace(node, source) : base.VisitMethodCall(node);

        protected override Expression VisitExtension(Expression node)
            => node is CacheableExpression mark ? Replace(node, mark.Source) : node;

        private Expression Replace(Expression mark, Expression source)
        {
            var visited = Visit(source);
            return mark == outermost && tag is not null ? Tag(visited, ElementType(mark.Type)!, tag) : visited;
        }
    }
}
