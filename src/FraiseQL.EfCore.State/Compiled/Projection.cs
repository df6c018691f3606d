using System.Diagnostics.CodeAnalysis;
using System.Linq.Expressions;
using System.Reflection;
using Microsoft.EntityFrameworkCore;

namespace FraiseQL.EfCore.State.Compiled;

/// <summary>Finds where a query creates its elements, to know their exact type.</summary>
internal static class Projection
{
    /// <summary>Whether every element is made by a <c>new</c> of the query, and so is every object inside it whose class others may derive from.</summary>
    public static bool IsExact(Expression query, Type element)
    {
        if (query is not MethodCallExpression { Object: null } call || !IsOperator(call))
        {
            return false;
        }

        // The last lambda of these makes the elements.
        var name = call.Method.Name;
        if (name is "Select" or "Join" or "LeftJoin" or "RightJoin" or "GroupJoin" or "GroupBy" or "Zip" || (name == "SelectMany" && call.Arguments.Count == 3))
        {
            return Unquote(call.Arguments[^1]) is LambdaExpression selector && IsCreated(selector.Body, element);
        }

        if (name is "Concat" or "Union" or "UnionBy")
        {
            return IsExact(call.Arguments[0], element) && IsExact(call.Arguments[1], element);
        }

        // Any other operator hands on the elements of its source, or makes something of another type.
        return call.Arguments.Count > 0 && ElementOf(call.Arguments[0].Type) == element && IsExact(call.Arguments[0], element);
    }

    public static bool IsOperator(MethodCallExpression call)
        => call.Method.DeclaringType is { } type
            && (type == typeof(Queryable) || type == typeof(EntityFrameworkQueryableExtensions) || type == typeof(RelationalQueryableExtensions)
                || type == typeof(FraiseQLStateQueryableExtensions));

    public static Expression Unquote(Expression expression) => expression is UnaryExpression { NodeType: ExpressionType.Quote } quote ? quote.Operand : expression;

    // Exactly this type: a derived object may be changeable, and no conversion need show it.
    private static bool IsCreated(Expression expression, Type type) => expression switch
    {
        NewExpression created => created.Type == type && HasFixedArguments(created),
        MemberInitExpression created => created.Type == type && HasFixedArguments(created.NewExpression)
            && created.Bindings.All(binding => binding is MemberAssignment assignment && IsFixed(assignment.Expression, TypeOf(assignment.Member))),
        ConditionalExpression choice => IsCreated(choice.IfTrue, type) && IsCreated(choice.IfFalse, type),
        ConstantExpression { Value: null } or DefaultExpression => true,
        UnaryExpression { NodeType: ExpressionType.Convert } convert => convert.Type == type && convert.Operand.Type == type && IsCreated(convert.Operand, type),
        _ => false,
    };

    private static bool HasFixedArguments(NewExpression created)
        => created.Constructor is null
            || created.Arguments.Zip(created.Constructor.GetParameters()).All(pair => IsFixed(pair.First, pair.Second.ParameterType));

    private static bool IsFixed(Expression expression, Type declared) => !ImmutableResult.IsOpen(declared) || IsCreated(expression, declared);

    private static Type TypeOf(MemberInfo member) => member is PropertyInfo property ? property.PropertyType : ((FieldInfo)member).FieldType;

    [UnconditionalSuppressMessage("Trimming", "IL2070", Justification = "Only the interface of queries is looked for, which Queryable itself uses.")]
    public static Type? ElementOf(Type type)
        => type.GetInterfaces().Append(type).FirstOrDefault(i => i.IsGenericType && i.GetGenericTypeDefinition() == typeof(IQueryable<>))?.GetGenericArguments()[0];
}
