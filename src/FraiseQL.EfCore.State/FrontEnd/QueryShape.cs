namespace FraiseQL.EfCore.State.FrontEnd;

/// <summary>The tokens of a tree, and how it is executed. Immutable; holds nothing of the request in which it was seen.</summary>
/// <param name="Hash">Of the tokens.</param>
/// <param name="Codes">What each token is.</param>
/// <param name="Tokens">What it refers to: method, member, type, constant.</param>
/// <param name="Executor">EF's compiled query, or <see langword="null"/>: EF does more with this tree than to take values out of it.</param>
/// <param name="Arguments">The parameters of the compiled query, in EF's order.</param>
internal sealed record QueryShape(int Hash, int[] Codes, object?[] Tokens, Delegate? Executor, QueryArgument[] Arguments)
{
    /// <summary>Another shape with the same hash.</summary>
    public QueryShape? Next { get; init; }

    /// <summary>Reads the values of this execution.</summary>
    /// <returns>Whether they are values; otherwise EF must look at the tree.</returns>
    public bool TryFill(Dictionary<string, object?> parameters, ShapeReader reader)
    {
        foreach (var argument in Arguments)
        {
            if (!argument.TryRead(reader, out var value))
            {
                return false;
            }

            parameters.Add(argument.Name, value);
        }

        return true;
    }
}
