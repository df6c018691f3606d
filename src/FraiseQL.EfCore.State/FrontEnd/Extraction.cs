using System.Collections.ObjectModel;
using System.Linq.Expressions;
using System.Reflection;
using FraiseQL.EfCore.State.Query;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Query;

namespace FraiseQL.EfCore.State.FrontEnd;

/// <summary>
/// Compares a query's tree with what EF has made of it, and finds out whether it has done nothing but put parameters where values were captured:
/// only then can the values of another execution be put in their place without asking EF.
/// </summary>
internal sealed class Extraction
{
    private readonly ShapeReader _reader;
    private readonly Dictionary<string, QueryArgument> _arguments = [];

    private Extraction(ShapeReader reader) => _reader = reader;

    /// <summary>Where the value of each parameter comes from.</summary>
    /// <returns>The parameters in EF's order, or <see langword="null"/>: EF did something else too, or what it did depends on the values.</returns>
    public static QueryArgument[]? Explain(Expression query, Expression extracted, Dictionary<string, object?> parameters, ShapeReader reader)
    {
        var extraction = new Extraction(reader);
        return extraction.Same(query, extracted) && extraction._arguments.Count == parameters.Count && parameters.Keys.All(extraction._arguments.ContainsKey)
            ? [.. parameters.Keys.Select(k => extraction._arguments[k])]
            : null;
    }

    private bool Same(Expression? query, Expression? made)
    {
        if (query is null || made is null)
        {
            return query is null && made is null;
        }

        if (made is QueryParameterExpression parameter)
        {
            return IsArgument(query, parameter);
        }

        // Whatever EF makes of constants alone it makes of them each time.
        if (IsConstant(query) && Unconverted(made) is ConstantExpression or DefaultExpression)
        {
            return true;
        }

        if (SpanCall(query) is { } contains)
        {
            return made is MethodCallExpression call && call.Method.DeclaringType == typeof(Enumerable) && call.Method.Name == contains.Name
                && call.Arguments.Count == 2 && Same(contains.Span, call.Arguments[0]) && Same(contains.Value, call.Arguments[1]);
        }

        return query.NodeType == made.NodeType && query.Type == made.Type && (query, made) switch
        {
            (MethodCallExpression a, MethodCallExpression b) => !IsSpecial(a.Method) && a.Method.Equals(b.Method) && Same(a.Object, b.Object) && Same(a.Arguments, b.Arguments),
            (MemberExpression a, MemberExpression b) => a.Member.Equals(b.Member) && Same(a.Expression, b.Expression),
            (ParameterExpression a, ParameterExpression b) => ReferenceEquals(a, b),
            (LambdaExpression a, LambdaExpression b) => a.Parameters.SequenceEqual(b.Parameters) && Same(a.Body, b.Body),
            (UnaryExpression a, UnaryExpression b) => Equals(a.Method, b.Method) && Same(a.Operand, b.Operand),
            (BinaryExpression a, BinaryExpression b) => Equals(a.Method, b.Method) && !MayVanish(a) && Same(a.Left, b.Left) && Same(a.Right, b.Right),
            (ConditionalExpression a, ConditionalExpression b) => IsOfRow(a.Test) && Same(a.Test, b.Test) && Same(a.IfTrue, b.IfTrue) && Same(a.IfFalse, b.IfFalse),
            (NewExpression a, NewExpression b) => Equals(a.Constructor, b.Constructor) && Same(a.Arguments, b.Arguments),
            (MemberInitExpression a, MemberInitExpression b) => Same(a.NewExpression, b.NewExpression) && Same(a.Bindings, b.Bindings),
            (NewArrayExpression a, NewArrayExpression b) => Same(a.Expressions, b.Expressions),
            (TypeBinaryExpression a, TypeBinaryExpression b) => a.TypeOperand == b.TypeOperand && Same(a.Expression, b.Expression),
            (DefaultExpression, DefaultExpression) => true,
            (CacheableExpression a, CacheableExpression b) => ReferenceEquals(a.Options, b.Options) && Same(a.Source, b.Source),
            (EntityQueryRootExpression a, EntityQueryRootExpression b) => a.EntityType == b.EntityType && a.GetType() == b.GetType(),
            _ => false,
        };
    }

    private bool Same(ReadOnlyCollection<Expression> query, ReadOnlyCollection<Expression> made)
        => query.Count == made.Count && query.Zip(made).All(p => Same(p.First, p.Second));

    private bool Same(ReadOnlyCollection<MemberBinding> query, ReadOnlyCollection<MemberBinding> made)
        => query.Count == made.Count && query.Zip(made).All(p
            => p is { First: MemberAssignment a, Second: MemberAssignment b } && a.Member.Equals(b.Member) && Same(a.Expression, b.Expression));

    private bool IsArgument(Expression query, QueryParameterExpression parameter)
    {
        if (query.Type != parameter.Type)
        {
            return false;
        }

        // A conversion to the nullable form leaves the boxed value as it is.
        var place = query is UnaryExpression { NodeType: ExpressionType.Convert or ExpressionType.ConvertChecked, Method: null } conversion
            && (Nullable.GetUnderlyingType(conversion.Type) ?? conversion.Type) == conversion.Operand.Type
                ? conversion.Operand
                : query;
        var index = _reader.IndexOf(place);
        if (index < 0)
        {
            return false;
        }

        var path = new List<MemberInfo>();
        for (var inner = place as MemberExpression; inner is not null; inner = inner.Expression as MemberExpression)
        {
            // A query inside a path is put into the tree, whatever is read of it.
            if (inner.Member is not (FieldInfo or PropertyInfo) || (path.Count > 0 && typeof(IQueryable).IsAssignableFrom(inner.Type)))
            {
                return false;
            }

            path.Add(inner.Member);
        }

        path.Reverse();
        _arguments.TryAdd(parameter.Name, new QueryArgument(parameter.Name, index, [.. path], MayBeQuery(place.Type)));
        return true;
    }

    private static bool MayBeQuery(Type type)
        => !type.IsValueType && (!type.IsSealed || typeof(IQueryable).IsAssignableFrom(type) || typeof(Expression).IsAssignableFrom(type));

    // EF decides these by the value, when there is one: what is left over is another query for another value.
    private static bool MayVanish(BinaryExpression node) => node.NodeType switch
    {
        ExpressionType.AndAlso or ExpressionType.OrElse => !IsOfRow(node.Left) || !IsOfRow(node.Right),
        ExpressionType.Coalesce => !IsOfRow(node.Left),
        _ => false,
    };

    private static bool IsOfRow(Expression expression)
    {
        var finder = new RowFinder();
        finder.Visit(expression);
        return finder.Found;
    }

    private bool IsConstant(Expression expression) => expression switch
    {
        ConstantExpression => _reader.IndexOf(expression) < 0,
        DefaultExpression => true,
        MemberExpression { Expression: null, Member: FieldInfo { IsInitOnly: true, FieldType: var type } } => ExactValue.Understands(type),
        UnaryExpression { Method: null } unary => IsConstant(unary.Operand),
        NewArrayExpression { NodeType: ExpressionType.NewArrayInit } array => array.Expressions.All(IsConstant),
        _ => false,
    };

    private static Expression Unconverted(Expression expression)
    {
        while (expression is UnaryExpression { NodeType: ExpressionType.Convert } conversion)
        {
            expression = conversion.Operand;
        }

        return expression;
    }

    // C# 14 compiles array.Contains(x) to a call on a span, which EF turns back.
    private static (string Name, Expression Span, Expression Value)? SpanCall(Expression expression)
        => expression is MethodCallExpression { Method: var method, Arguments: [var span, var value, ..] } && method.DeclaringType == typeof(MemoryExtensions)
            && method.Name is nameof(MemoryExtensions.Contains) or nameof(MemoryExtensions.SequenceEqual)
            ? (method.Name, Unspanned(span), Unspanned(value))
            : null;

    private static Expression Unspanned(Expression expression)
        => expression is MethodCallExpression { Method: { Name: "op_Implicit", DeclaringType: { IsGenericType: true } type }, Arguments: [var array] }
            && (type.GetGenericTypeDefinition() == typeof(ReadOnlySpan<>) || type.GetGenericTypeDefinition() == typeof(Span<>))
            ? array
            : expression;

    private static bool IsSpecial(MethodInfo method)
        => method.DeclaringType?.FullName is "Microsoft.EntityFrameworkCore.EFExtensions"
            || (method.DeclaringType == typeof(EF) && method.Name is nameof(EF.Constant) or nameof(EF.Parameter));

    private sealed class RowFinder : ExpressionVisitor
    {
        public bool Found { get; private set; }

        protected override Expression VisitParameter(ParameterExpression node)
        {
            Found = true;
            return node;
        }

        protected override Expression VisitExtension(Expression node) => node;
    }
}
