namespace FraiseQL.EfCore.State;

public static partial class FraiseQLStateEventId
{
    /// <summary>A function given to <c>DescribeWrites</c> or <c>VaryBy("tenant", …)</c> threw; the write was carried out without its context. Said once.</summary>
    public const int WriteNotDescribed = 2000;

    /// <summary><c>Consistency:Isolation</c> is set, and the context does not retry conflicts (warning, once).</summary>
    public const int IsolationWithoutRetry = 2001;
}
