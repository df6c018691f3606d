using System.Diagnostics.CodeAnalysis;
using System.Linq.Expressions;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Query;

namespace FraiseQL.EfCore.State.Compiled;

/// <summary>
/// Finds what the query filters of a query's entity types read from the context: EF evaluates it anew at each execution, so it belongs to the key.
/// </summary>
internal sealed class FilterReader : ExpressionVisitor
{
    private readonly Dictionary<Expression, FilterValue> _values = new(ExpressionEqualityComparer.Instance);
    private readonly HashSet<Type> _types = [];
    private string _entity = "";

    /// <exception cref="InvalidOperationException">A filter reads what cannot be part of a key; the message says which.</exception>
    public static FilterValue[] Read(IModel model, QueryAnalysis query)
    {
        var reader = new FilterReader();
        var done = new HashSet<IEntityType>();
        var found = model.GetEntityTypes().Where(entity => query.IncludesByName || query.Types.Any(type => Mentions(type, entity.ClrType))).ToList();
        while (found.Count > 0)
        {
            foreach (var entity in found.Where(done.Add))
            {
                reader.ReadFilters(entity);
            }

            // A filter may read other sets, whose filters count too.
            found = [.. model.GetEntityTypes().Where(entity => !done.Contains(entity) && (done.Any(other => IsRelated(entity, other))
                || reader._types.Any(type => Mentions(type, entity.ClrType))))];
        }

        return [.. reader._values.Values];
    }

    [return: NotNullIfNotNull(nameof(node))]
    public override Expression? Visit(Expression? node)
    {
        if (node is null)
        {
            return null;
        }

        _types.Add(node.Type);
        if (!IsOfContext(node) || typeof(IQueryable).IsAssignableFrom(node.Type) || typeof(DbContext).IsAssignableFrom(node.Type))
        {
            return base.Visit(node);
        }

        if (!KeyParts.Knows(node.Type))
        {
            throw Refuse($"reads a {ImmutableResult.Name(node.Type)}");
        }

        _values.TryAdd(node, Compile(node));
        return node;
    }

    protected override Expression VisitConstant(ConstantExpression node)
        => node.Value is null or DbContext || ImmutableResult.IsLeaf(node.Type) || node.Value is IQueryable
            ? node
            : throw Refuse("reads a variable from outside");

    protected override Expression VisitMember(MemberExpression node)
        => node.Expression is null && node.Member is System.Reflection.PropertyInfo && node.Type != typeof(DbFunctions)
            ? throw Refuse($"reads {node.Member.DeclaringType?.Name}.{node.Member.Name}")
            : base.VisitMember(node);

    private void ReadFilters(IEntityType entity)
    {
        _entity = entity.ShortName();
        foreach (var filter in entity.GetDeclaredQueryFilters())
        {
            if (filter.Expression is { } expression)
            {
                Visit(expression.Body);
            }
        }
    }

    // Fields, properties and parameterless methods, down to the context.
    private static bool IsOfContext(Expression node) => node switch
    {
        ConstantExpression { Value: DbContext } => true,
        MemberExpression { Expression: { } target } => IsOfContext(target),
        MethodCallExpression { Object: { } target, Arguments.Count: 0 } => IsOfContext(target),
        UnaryExpression { NodeType: ExpressionType.Convert } convert => IsOfContext(convert.Operand),
        _ => false,
    };

    [UnconditionalSuppressMessage("Trimming", "IL2055", Justification = "EF compiles queries at run time only where dynamic code is supported.")]
    [UnconditionalSuppressMessage("Trimming", "IL2026", Justification = "EF compiles queries at run time only where dynamic code is supported.")]
    [UnconditionalSuppressMessage("AOT", "IL3050", Justification = "EF compiles queries at run time only where dynamic code is supported.")]
    private static FilterValue Compile(Expression value)
    {
        var context = Expression.Parameter(typeof(DbContext), "context");
        var body = new ContextReplacer(context).Visit(value);
        var read = Expression.Lambda(typeof(Func<,>).MakeGenericType(typeof(DbContext), value.Type), body, context).Compile();
        return (FilterValue)Activator.CreateInstance(typeof(FilterValue<>).MakeGenericType(value.Type), read)!;
    }

    private InvalidOperationException Refuse(string what) => new(StateStrings.CannotShare(StateStrings.FilterNotKeyed(_entity, what)));

    private static bool Mentions(Type type, Type entity)
        => type == entity || (type.IsGenericType && type.GetGenericArguments().Any(argument => Mentions(argument, entity)))
            || (type.IsArray && Mentions(type.GetElementType()!, entity))
            || type.BaseType == entity;

    // One hierarchy has its filter on the root; a many-to-many navigation goes through an entity that the query does not name.
    private static bool IsRelated(IEntityType entity, IEntityType other)
        => entity.GetRootType() == other.GetRootType() || other.GetSkipNavigations().Any(navigation => navigation.JoinEntityType == entity);

    private sealed class ContextReplacer(ParameterExpression context) : ExpressionVisitor
    {
        protected override Expression VisitConstant(ConstantExpression node)
            => node.Value is DbContext ? Expression.Convert(context, node.Type) : node;
    }
}
