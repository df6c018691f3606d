using System.Linq.Expressions;
using System.Runtime.CompilerServices;
using FraiseQL.EfCore.State.Query;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Query;

namespace FraiseQL.EfCore.State.FrontEnd;

/// <content>One method for each kind of node. Each writes down whatever else than its children makes the node differ from another of its kind.</content>
internal sealed partial class ShapeReader
{
    // Above the node types, which are codes as they are; counts are above both.
    private const int Extra = 100;
    private const int Root = 101;
    private const int Mark = 102;
    private const int Declaration = 103;
    private const int Fixed = 105;
    private const int Instance = 106;
    private const int Static = 107;
    private const int CountShift = 8;

    private bool Visit(Expression node)
    {
        var kind = node.NodeType;
        switch (kind)
        {
            case ExpressionType.Call:
                return VisitCall((MethodCallExpression)node);
            case ExpressionType.MemberAccess:
                return VisitMember((MemberExpression)node);
            case ExpressionType.Parameter:
                return VisitParameter((ParameterExpression)node);
            case ExpressionType.Lambda:
                return VisitLambda((LambdaExpression)node);
            case ExpressionType.Quote or ExpressionType.Convert or ExpressionType.ConvertChecked or ExpressionType.Not or ExpressionType.Negate
                or ExpressionType.NegateChecked or ExpressionType.UnaryPlus or ExpressionType.OnesComplement or ExpressionType.TypeAs
                or ExpressionType.ArrayLength:
                var unary = (UnaryExpression)node;
                return Add((int)kind, unary.Method) && AddType(unary.Type) && Visit(unary.Operand);
            case ExpressionType.Equal or ExpressionType.NotEqual or ExpressionType.LessThan or ExpressionType.LessThanOrEqual
                or ExpressionType.GreaterThan or ExpressionType.GreaterThanOrEqual or ExpressionType.AndAlso or ExpressionType.OrElse
                or ExpressionType.Add or ExpressionType.AddChecked or ExpressionType.Subtract or ExpressionType.SubtractChecked
                or ExpressionType.Multiply or ExpressionType.MultiplyChecked or ExpressionType.Divide or ExpressionType.Modulo
                or ExpressionType.And or ExpressionType.Or or ExpressionType.ExclusiveOr or ExpressionType.LeftShift
                or ExpressionType.RightShift or ExpressionType.Coalesce:
                var binary = (BinaryExpression)node;
                return binary.Conversion is null && Add((int)kind, binary.Method) && AddType(binary.Type) && Visit(binary.Left) && Visit(binary.Right);
            case ExpressionType.Constant:
                return VisitConstant((ConstantExpression)node, isArgument: false);
            case ExpressionType.Conditional:
                var conditional = (ConditionalExpression)node;
                return Add((int)kind, null) && AddType(conditional.Type) && Visit(conditional.Test) && Visit(conditional.IfTrue) && Visit(conditional.IfFalse);
            case ExpressionType.New:
                return VisitNew((NewExpression)node);
            case ExpressionType.MemberInit:
                return VisitMemberInit((MemberInitExpression)node);
            case ExpressionType.NewArrayInit:
                return VisitNewArray((NewArrayExpression)node);
            case ExpressionType.TypeIs:
                var test = (TypeBinaryExpression)node;
                return Add((int)kind, test.TypeOperand) && Visit(test.Expression);
            case ExpressionType.Default:
                return Add((int)kind, null) && AddType(node.Type);
            case ExpressionType.Extension:
                return VisitExtension(node);
            default:
                return false;
        }
    }

    private bool AddType(Type type) => Add(Extra, type, RuntimeHelpers.GetHashCode(type));

    private bool VisitCall(MethodCallExpression call)
    {
        var arguments = (IArgumentProvider)call;
        var count = arguments.ArgumentCount;
        if (!Add((int)ExpressionType.Call | (count << CountShift), call.Method) || (call.Object is { } target && !Visit(target)))
        {
            return false;
        }

        for (var i = 0; i < count; i++)
        {
            var argument = arguments.GetArgument(i);

            // In front of the lambdas EF makes parameters of constants too, but for those of the few operators that want them as they are; of
            // those none is in these classes.
            var read = argument is ConstantExpression constant
                ? VisitConstant(constant, _lambdas == 0 && (call.Method.DeclaringType == typeof(Queryable) || IsOptions(call, i)))
                : Visit(argument);
            if (!read)
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsOptions(MethodCallExpression call, int argument)
        => argument == 1 && FraiseQLStateQueryableExtensions.IsMark(call, out _, out _);

    private bool VisitConstant(ConstantExpression constant, bool isArgument)
    {
        var value = constant.Value;
        var type = constant.Type;
        if (!isArgument)
        {
            return value is null or string || ExactValue.Understands(value.GetType())
                ? Add((int)ExpressionType.Constant, value) && AddType(type)
                : false;
        }

        if (value is not (null or CacheableOptions) && !ExactValue.Understands(value.GetType()))
        {
            return false;
        }

        // EF sends equal values once, Skip(10).Take(10) with one parameter.
        var same = 0;
        while (same < _valueCount && !(_values[same].Node is ConstantExpression other && other.Type == type && Equals(other.Value, value)))
        {
            same++;
        }

        AddValue(constant, value);
        return Add(Fixed | (same << CountShift), type, RuntimeHelpers.GetHashCode(type));
    }

    private bool VisitMember(MemberExpression member)
    {
        var node = member;
        while (true)
        {
            if (!Add((int)ExpressionType.MemberAccess, node.Member))
            {
                return false;
            }

            switch (node.Expression)
            {
                case MemberExpression inner:
                    node = inner;
                    continue;
                case null:
                    AddValue(member, null);
                    return Add(Static, null);
                case ConstantExpression constant:
                    return VisitInstance(member, constant);
                default:
                    return Visit(node.Expression);
            }
        }
    }

    // The object that variables were captured in. Which object it is differs with each execution; which of them are the same one does not.
    private bool VisitInstance(MemberExpression member, ConstantExpression constant)
    {
        var instance = constant.Value;
        if (instance is null or IQueryable)
        {
            return false;
        }

        var type = constant.Type;
        var same = 0;
        for (; same < _valueCount; same++)
        {
            if (_values[same].Node is not MemberExpression || _values[same].Value is not { } other)
            {
                continue;
            }

            if (ReferenceEquals(other, instance))
            {
                break;
            }

            // Two objects that call themselves equal are one to EF.
            if (!AreDistinct(other, instance))
            {
                return false;
            }
        }

        AddValue(member, instance);
        return Add(Instance | (same << CountShift), type, RuntimeHelpers.GetHashCode(type));
    }

    private static bool AreDistinct(object one, object other)
    {
        try
        {
            return one.GetType() != other.GetType() || !one.Equals(other);
        }
        catch (Exception)
        {
            return false;
        }
    }

    private bool VisitParameter(ParameterExpression parameter)
    {
        for (var i = _scopeCount - 1; i >= 0; i--)
        {
            if (ReferenceEquals(_scope[i], parameter))
            {
                return Add((int)ExpressionType.Parameter | (i << CountShift), null);
            }
        }

        return false;
    }

    private bool VisitLambda(LambdaExpression lambda)
    {
        var parameters = lambda.Parameters;
        if (!Add((int)ExpressionType.Lambda | (parameters.Count << CountShift), lambda.Type, RuntimeHelpers.GetHashCode(lambda.Type)))
        {
            return false;
        }

        for (var i = 0; i < parameters.Count; i++)
        {
            var parameter = parameters[i];
            if (Array.IndexOf(_scope, parameter, 0, _scopeCount) >= 0 || !Add(Declaration, parameter.Name))
            {
                return false;
            }

            if (_scopeCount == _scope.Length)
            {
                Array.Resize(ref _scope, _scopeCount * 2);
            }

            _scope[_scopeCount++] = parameter;
        }

        _lambdas++;
        var read = Visit(lambda.Body);
        _lambdas--;
        _scopeCount -= parameters.Count;
        return read;
    }

    private bool VisitNew(NewExpression made)
    {
        var arguments = (IArgumentProvider)made;
        var count = arguments.ArgumentCount;
        var members = made.Members;
        if (!Add((int)ExpressionType.New | (count << CountShift), made.Constructor) || !AddType(made.Type)
            || !Add(Extra | ((members?.Count ?? 0) << CountShift), null))
        {
            return false;
        }

        for (var i = 0; i < members?.Count; i++)
        {
            if (!Add(Extra, members[i]))
            {
                return false;
            }
        }

        for (var i = 0; i < count; i++)
        {
            if (!Visit(arguments.GetArgument(i)))
            {
                return false;
            }
        }

        return true;
    }

    private bool VisitMemberInit(MemberInitExpression made)
    {
        var bindings = made.Bindings;
        if (!Add((int)ExpressionType.MemberInit | (bindings.Count << CountShift), null) || !VisitNew(made.NewExpression))
        {
            return false;
        }

        for (var i = 0; i < bindings.Count; i++)
        {
            if (bindings[i] is not MemberAssignment assignment || !Add(Extra, assignment.Member) || !Visit(assignment.Expression))
            {
                return false;
            }
        }

        return true;
    }

    private bool VisitNewArray(NewArrayExpression array)
    {
        var items = array.Expressions;
        if (!Add((int)ExpressionType.NewArrayInit | (items.Count << CountShift), null) || !AddType(array.Type))
        {
            return false;
        }

        for (var i = 0; i < items.Count; i++)
        {
            if (!Visit(items[i]))
            {
                return false;
            }
        }

        return true;
    }

    private bool VisitExtension(Expression node)
    {
        if (node is CacheableExpression mark)
        {
            // Interned: the same options are the same object.
            return Add(Mark, mark.Options, RuntimeHelpers.GetHashCode(mark.Options)) && Visit(mark.Source);
        }

        // Not what derives from it: FromSql, temporal tables, functions. Two providers in one query are an error, which EF explains.
        if (node.GetType() != typeof(EntityQueryRootExpression))
        {
            return false;
        }

        var root = (EntityQueryRootExpression)node;
        _provider ??= root.QueryProvider;
        return ReferenceEquals(_provider, root.QueryProvider) && Add(Root, root.EntityType, RuntimeHelpers.GetHashCode(root.EntityType)) && AddType(root.Type);
    }
}
