using System.Linq.Expressions;

namespace FraiseQL.EfCore.State.Query;

/// <summary>An argument of the marking call that does nothing but print itself in EF's message when nobody understood the call.</summary>
internal sealed class CacheableHint
{
    private CacheableHint()
    {
    }

    public static ConstantExpression Expression { get; } = System.Linq.Expressions.Expression.Constant(new CacheableHint());

    public override string ToString() => StateStrings.CacheableNeedsUseFraiseQLState;
}
