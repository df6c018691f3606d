using System.Linq.Expressions;
using System.Runtime.CompilerServices;
using Microsoft.EntityFrameworkCore.Query;

namespace FraiseQL.EfCore.State.Query;

/// <summary>What <c>.Cacheable(…)</c> puts around a query: the query itself, and what was asked for it. Immutable.</summary>
/// <remarks>
/// A node of its own and not a method call with constants: EF turns every constant into a parameter, on each execution, at a cost above
/// everything that the cache does for a hit. Options that differ in each execution are such a constant nevertheless; see the extension methods.
/// Without <c>UseFraiseQLState()</c> nothing takes the node out, EF cannot translate it and prints it: the text then says what is missing.
/// </remarks>
internal sealed class CacheableExpression(Expression source, CacheableOptions options) : Expression, IPrintableExpression
{
    public Expression Source { get; } = source;

    public CacheableOptions Options { get; } = options;

    public override ExpressionType NodeType => ExpressionType.Extension;

    public override Type Type { get; } = source.Type;

    public override bool CanReduce => true;

    // Asked for when EF has let the node through to the compiler of the whole query.
    public override Expression Reduce() => throw new InvalidOperationException(StateStrings.CacheableNeedsUseFraiseQLState);

    public void Print(ExpressionPrinter expressionPrinter)
    {
        expressionPrinter.Visit(Source);
        expressionPrinter.Append(StateStrings.CacheableNeedsUseFraiseQLState);
    }

    public override string ToString() => $"{Source}.Cacheable()";

    // EF compares query trees to find the compiled one, and leaves nodes that it does not know to themselves. The options are interned.
    public override bool Equals(object? obj)
        => obj is CacheableExpression other
            && ReferenceEquals(other.Options, Options)
            && ExpressionEqualityComparer.Instance.Equals(other.Source, Source);

    public override int GetHashCode()
        => HashCode.Combine(RuntimeHelpers.GetHashCode(Options), ExpressionEqualityComparer.Instance.GetHashCode(Source));

    protected override Expression VisitChildren(ExpressionVisitor visitor)
    {
        var visited = visitor.Visit(Source);
        return ReferenceEquals(visited, Source) ? this : new CacheableExpression(visited, Options);
    }
}
