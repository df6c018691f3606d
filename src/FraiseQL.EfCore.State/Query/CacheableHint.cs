using System.Linq.Expressions;
using Microsoft.EntityFrameworkCore.Query;

namespace FraiseQL.EfCore.State.Query;

/// <summary>An argument of the marking call that does nothing but print itself in EF's message when nobody understood the call.</summary>
/// <remarks>
/// A node of its own and not a constant: EF asks the parameter of every constant for attributes on each execution, which costs more than
/// everything the cache does for a hit.
/// </remarks>
internal sealed class CacheableHint : Expression, IPrintableExpression
{
    private static readonly ParameterExpression s_unbound = Parameter(typeof(CacheableHint));

    private CacheableHint()
    {
    }

    public static CacheableHint Instance { get; } = new();

    public override ExpressionType NodeType => ExpressionType.Extension;

    public override Type Type => typeof(CacheableHint);

    public void Print(ExpressionPrinter expressionPrinter) => expressionPrinter.Append(StateStrings.CacheableNeedsUseFraiseQLState);

    public override string ToString() => StateStrings.CacheableNeedsUseFraiseQLState;

    // EF would compute the value of a node whose children all have one; a parameter outside of its lambda has none.
    protected override Expression VisitChildren(ExpressionVisitor visitor)
    {
        visitor.Visit(s_unbound);
        return this;
    }
}
