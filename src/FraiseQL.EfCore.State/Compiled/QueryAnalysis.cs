using System.Diagnostics.CodeAnalysis;
using System.Linq.Expressions;
using System.Reflection;
using Microsoft.EntityFrameworkCore;

namespace FraiseQL.EfCore.State.Compiled;

/// <summary>
/// Reads the lambda of a compiled query once. What it accepts is a function of the rows and of the lambda's parameters alone, and its result
/// cannot be changed by whoever gets it.
/// </summary>
internal sealed class QueryAnalysis : ExpressionVisitor
{
    private static readonly string[] s_frameworks = ["System", "Microsoft.EntityFrameworkCore", "Npgsql", "netstandard", "mscorlib"];

    private static readonly MethodInfo s_cacheable =
        new Func<IQueryable<object>, IQueryable<object>>(FraiseQLStateQueryableExtensions.Cacheable).Method.GetGenericMethodDefinition();

    private readonly ParameterExpression _context;
    private readonly HashSet<Type> _types = [];
    private bool _isMarked;

    private QueryAnalysis(ParameterExpression context) => _context = context;

    /// <summary>Every type that an expression of the query has: the entity types that it may read are among them.</summary>
    public IReadOnlySet<Type> Types => _types;

    /// <summary>Classes and structs that the result is made of; none may be an entity.</summary>
    public IReadOnlySet<Type> ResultTypes { get; private set; } = new HashSet<Type>();

    /// <summary>Whether part of the result may be computed in this process, where texts of numbers and dates depend on the culture.</summary>
    public bool UsesCulture { get; private set; }

    /// <summary>Whether a path of navigations is given as text, so that <see cref="Types"/> does not name all entity types.</summary>
    public bool IncludesByName { get; private set; }

    /// <summary>The lambda to give to EF: the given one, marked as cacheable if it was not.</summary>
    public LambdaExpression Query { get; private set; } = null!;

    /// <exception cref="ArgumentException">The result cannot be shared; the message says why.</exception>
    public static QueryAnalysis Of(LambdaExpression query, Type element)
    {
        var analysis = new QueryAnalysis(query.Parameters[0]);
        if (typeof(IQueryable).IsAssignableFrom(element))
        {
            throw Refuse(StateStrings.NotAQueryable(ImmutableResult.Name(element)));
        }

        foreach (var parameter in query.Parameters.Skip(1))
        {
            if (!KeyParts.Knows(parameter.Type))
            {
                throw Refuse(StateStrings.ParameterNotExact(parameter.Name, ImmutableResult.Name(parameter.Type)));
            }
        }

        var result = new ImmutableResult();
        analysis.Visit(query.Body);
        if (result.WhyNot(element) is { } reason)
        {
            throw Refuse(reason);
        }

        if (result.Open is { } open && !Projection.IsExact(query.Body, element))
        {
            throw Refuse(StateStrings.NotSealed(ImmutableResult.Name(open)));
        }

        analysis.ResultTypes = result.Types;
        analysis.Query = analysis._isMarked ? query : Expression.Lambda(query.Type, Mark(query.Body), query.Parameters);
        return analysis;
    }

    [return: NotNullIfNotNull(nameof(node))]
    public override Expression? Visit(Expression? node)
    {
        if (node is not null)
        {
            _types.Add(node.Type);
        }

        return base.Visit(node);
    }

    protected override Expression VisitConstant(ConstantExpression node)
        => node.Value is null || ImmutableResult.IsLeaf(node.Type) || node.Value is Type
            ? node
            : throw Refuse(StateStrings.Captured(ImmutableResult.Name(node.Type)));

    protected override Expression VisitParameter(ParameterExpression node)
        => node == _context ? throw Refuse(StateStrings.ContextPassedOn) : node;

    protected override Expression VisitMember(MemberExpression node)
    {
        var name = $"{(node.Member.DeclaringType is { } type ? ImmutableResult.Name(type) : null)}.{node.Member.Name}";
        if (node.Expression is null)
        {
            return IsConstant(node.Member) ? node : throw Refuse(StateStrings.ReadsStatic(name));
        }

        if (IsContext(node.Expression))
        {
            return typeof(IQueryable).IsAssignableFrom(node.Type) ? node : throw Refuse(StateStrings.ReadsContext(name));
        }

        if (node.Expression is ConstantExpression { Value: not null } constant && !ImmutableResult.IsLeaf(constant.Type))
        {
            throw Refuse(StateStrings.Captured(node.Member.Name));
        }

        return base.VisitMember(node);
    }

    protected override Expression VisitMethodCall(MethodCallExpression node)
    {
        var method = node.Method;
        if (FraiseQLStateQueryableExtensions.IsMark(node, out _, out _))
        {
            _isMarked = true;
        }
        else if (method.DeclaringType == typeof(EntityFrameworkQueryableExtensions) && method.Name is "AsTracking")
        {
            throw Refuse(StateStrings.TrackedResult);
        }
        else if (IsImpure(method) || !IsKnown(method))
        {
            throw Refuse(StateStrings.CallsMethod($"{(method.DeclaringType is { } type ? ImmutableResult.Name(type) : null)}.{method.Name}"));
        }
        else if (!Projection.IsOperator(node))
        {
            UsesCulture = true;
        }

        IncludesByName |= method.Name == "Include" && method.GetParameters() is [_, { ParameterType: var path }] && path == typeof(string);
        if (node.Object is { } target && !IsContext(target))
        {
            Visit(target);
        }

        _types.Add(node.Type);
        Visit(node.Arguments);
        return node;
    }

    protected override Expression VisitBinary(BinaryExpression node)
    {
        UsesCulture |= node.Method?.DeclaringType == typeof(string);
        return base.VisitBinary(node);
    }

    private bool IsContext(Expression expression)
        => expression == _context || (expression is UnaryExpression { NodeType: ExpressionType.Convert } convert && IsContext(convert.Operand));

    private static bool IsConstant(MemberInfo member) => member switch
    {
        FieldInfo field => field.IsLiteral || (field.IsInitOnly && ImmutableResult.IsLeaf(field.FieldType)),
        _ => (member.DeclaringType == typeof(EF) && member.Name == nameof(EF.Functions))
            || (member.DeclaringType == typeof(System.Globalization.CultureInfo) && member.Name == nameof(System.Globalization.CultureInfo.InvariantCulture)),
    };

    private static bool IsImpure(MethodInfo method)
        => method.DeclaringType == typeof(Random) || method.DeclaringType == typeof(Environment) || method.DeclaringType == typeof(System.Diagnostics.Stopwatch)
            || (method.DeclaringType == typeof(Guid) && method.Name is nameof(Guid.NewGuid) or nameof(Guid.CreateVersion7));

    // A method of the program may give another value each time, and EF may well call it here rather than in the database.
    private static bool IsKnown(MethodInfo method)
        => method.IsDefined(typeof(DbFunctionAttribute)) || method.DeclaringType?.Assembly == typeof(QueryAnalysis).Assembly
            || typeof(IQueryable).IsAssignableFrom(method.ReturnType)
            || (method.DeclaringType?.Assembly.GetName().Name is { } assembly
                && s_frameworks.Any(f => assembly.StartsWith(f, StringComparison.Ordinal) && (assembly.Length == f.Length || assembly[f.Length] == '.')));

    private static MethodCallExpression Mark(Expression query)
    {
        if (Projection.ElementOf(query.Type) is not null)
        {
            return Marked(query);
        }

        // A scalar: its source is what is marked.
        return query is MethodCallExpression { Object: null, Arguments: [var source, ..] } call && Projection.IsOperator(call)
            ? call.Update(null, [Marked(source), .. call.Arguments.Skip(1)])
            : throw Refuse(StateStrings.NotAQuery);
    }

    [UnconditionalSuppressMessage("Trimming", "IL2060", Justification = "EF compiles queries at run time only where dynamic code is supported.")]
    [UnconditionalSuppressMessage("AOT", "IL3050", Justification = "EF compiles queries at run time only where dynamic code is supported.")]
    private static MethodCallExpression Marked(Expression source)
        => Expression.Call(s_cacheable.MakeGenericMethod(Projection.ElementOf(source.Type) ?? throw Refuse(StateStrings.NotAQuery)), source);

    private static ArgumentException Refuse(string reason) => new(StateStrings.CannotShare(reason));
}
