using System.Linq.Expressions;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace FraiseQL.EfCore.State.FrontEnd;

/// <summary>
/// Reads a query's tree into tokens: two trees with equal tokens differ in nothing but the values that EF makes parameters of. Those values, or the
/// objects that hold them, are set aside in the order in which they stand in the tree. Reused; one thread at a time.
/// </summary>
/// <remarks>
/// Finer than EF's own comparison wherever the two differ, so that what is one shape here is one compiled query there. A node that is not in this
/// file is not understood, and neither is the tree.
/// </remarks>
internal sealed partial class ShapeReader
{
    // Beyond this a tree is too deep for recursion, and too long for anything to be won.
    private const int MostTokens = 2048;

    [ThreadStatic]
    private static ShapeReader? t_idle;

    private int[] _codes = new int[96];
    private object?[] _tokens = new object?[96];
    private (Expression Node, object? Value)[] _values = new (Expression, object?)[8];
    private ParameterExpression[] _scope = new ParameterExpression[8];
    private IQueryProvider? _provider;
    private int _count;
    private int _valueCount;
    private int _scopeCount;
    private int _lambdas;

    private ShapeReader()
    {
    }

    public int Hash { get; private set; }

    /// <summary>A reader that nobody else uses: a getter that is read in between may execute a query of its own.</summary>
    public static ShapeReader Rent()
    {
        var reader = t_idle ?? new ShapeReader();
        t_idle = null;
        return reader;
    }

    /// <summary>Forgets everything, as the tree holds the objects of a request.</summary>
    public void Return()
    {
        Array.Clear(_tokens, 0, _count);
        Array.Clear(_values, 0, _valueCount);
        Array.Clear(_scope, 0, _scope.Length);
        _provider = null;
        _count = _valueCount = _scopeCount = _lambdas = 0;
        Hash = 0;
        t_idle = this;
    }

    /// <summary>Reads a tree.</summary>
    /// <returns>Whether every node of it was understood.</returns>
    public bool TryRead(Expression query, object surroundings, int hash, Type result)
    {
        Hash = hash;
        Add(0, surroundings, 0);
        Add(1, result, RuntimeHelpers.GetHashCode(result));
        return Visit(query);
    }

    /// <summary>The value, or the object that the path of members begins at, of the n-th place that holds a value of one execution.</summary>
    public object? ValueAt(int index) => _values[index].Value;

    /// <summary>Which place of that kind a node is, or -1.</summary>
    public int IndexOf(Expression node)
    {
        for (var i = 0; i < _valueCount; i++)
        {
            if (ReferenceEquals(_values[i].Node, node))
            {
                return i;
            }
        }

        return -1;
    }

    public QueryShape ToShape(Delegate? executor, QueryArgument[] arguments)
        => new(Hash, _codes.AsSpan(0, _count).ToArray(), _tokens.AsSpan(0, _count).ToArray(), executor, arguments);

    public bool Matches(QueryShape shape)
    {
        if (!shape.Codes.AsSpan().SequenceEqual(_codes.AsSpan(0, _count)))
        {
            return false;
        }

        var tokens = shape.Tokens;
        for (var i = 0; i < tokens.Length; i++)
        {
            if (!ReferenceEquals(tokens[i], _tokens[i]) && !ExactValue.AreEqual(tokens[i], _tokens[i]))
            {
                return false;
            }
        }

        return true;
    }

    private bool Add(int code, object? token) => Add(code, token, token?.GetHashCode() ?? 0);

    private bool Add(int code, object? token, int hash)
    {
        if (_count == _codes.Length)
        {
            if (_count == MostTokens)
            {
                return false;
            }

            Array.Resize(ref _codes, Math.Min(_count * 2, MostTokens));
            Array.Resize(ref _tokens, _codes.Length);
        }

        _codes[_count] = code;
        _tokens[_count++] = token;
        Hash = (int)((BitOperations.RotateLeft((uint)Hash, 5) ^ (uint)code) * 0x9E3779B1u) + hash;
        return true;
    }

    private void AddValue(Expression node, object? value)
    {
        if (_valueCount == _values.Length)
        {
            Array.Resize(ref _values, _valueCount * 2);
        }

        _values[_valueCount++] = (node, value);
    }
}
