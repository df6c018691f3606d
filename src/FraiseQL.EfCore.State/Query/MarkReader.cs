using System.Diagnostics.CodeAnalysis;
using System.Linq.Expressions;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Query;

namespace FraiseQL.EfCore.State.Query;

/// <summary>Reads what a mark says, from each of the forms that it can have in a query's tree.</summary>
internal static class MarkReader
{
    public static CachePolicy Read(Expression mark, bool isSplit)
    {
        // Options that differ from one execution to the next are an argument of a call inside the node.
        if (mark is CacheableExpression node)
        {
            return node.Source is MethodCallExpression inner && FraiseQLStateQueryableExtensions.IsMark(inner, out _, out var value) && value?.Type == typeof(object)
                ? Read(value, isSplit, inCompiledQuery: false)
                : new CachePolicy(node.Options, null, isSplit);
        }

        FraiseQLStateQueryableExtensions.IsMark((MethodCallExpression)mark, out _, out var argument);
        return argument is null ? new CachePolicy(CacheableOptions.Default, null, isSplit) : Read(argument, isSplit, inCompiledQuery: true);
    }

    /// <summary>The options that a parameter of the query holds.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A parameter of a compiled query is not a valid time to live.</exception>
    public static CacheableOptions FromValue(object? value)
    {
        switch (value)
        {
            case CacheableOptions options:
                return options;
            case string { Length: > 0 } profile:
                return new CacheableOptions { Profile = profile };
            default:
                var ttl = value is TimeSpan span ? span : TimeSpan.Zero;
                CacheTtl.Check(ttl, "ttl");
                return CacheableOptions.InternedFor(ttl) ?? new CacheableOptions { Ttl = ttl };
        }
    }

    private static CachePolicy Read(Expression argument, bool isSplit, bool inCompiledQuery) => argument switch
    {
        ConstantExpression { Value: Action<CacheableOptionsBuilder> configure } => new CachePolicy(CacheableOptionsBuilder.Build(configure), null, isSplit),
        ConstantExpression constant => new CachePolicy(FromValue(constant.Value), null, isSplit),
        QueryParameterExpression parameter when !typeof(Delegate).IsAssignableFrom(parameter.Type)
            => new CachePolicy(CacheableOptions.Default, parameter.Name, isSplit),
        UnaryExpression { NodeType: ExpressionType.Convert or ExpressionType.Quote } wrapped => Read(wrapped.Operand, isSplit, inCompiledQuery),
        LambdaExpression lambda when inCompiledQuery => new CachePolicy(CacheableOptionsBuilder.Build(Compile(lambda)), null, isSplit),
        _ => throw new InvalidOperationException(StateStrings.OptionsNotAValue),
    };

    private static Action<CacheableOptionsBuilder> Compile(LambdaExpression lambda)
    {
        var parameters = new ParameterFinder();
        parameters.Visit(lambda.Body);
        return !parameters.Found && lambda.Compile(preferInterpretation: true) is Action<CacheableOptionsBuilder> configure
            ? configure
            : throw new InvalidOperationException(StateStrings.OptionsNotAValue);
    }

    [SuppressMessage("Performance", "CA1812", Justification = "Created above.")]
    private sealed class ParameterFinder : ExpressionVisitor
    {
        public bool Found { get; private set; }

        protected override Expression VisitExtension(Expression node)
        {
            Found |= node is QueryParameterExpression;
            return node;
        }
    }
}
