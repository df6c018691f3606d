using System.Linq.Expressions;
using FraiseQL.EfCore.State.Cache;
using FraiseQL.EfCore.State.Model;
using FraiseQL.EfCore.State.Query;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;

namespace FraiseQL.EfCore.State;

/// <summary>Says which cached results are to end: <c>cache.InvalidateAsync(i =&gt; i.Tag("trending").Row&lt;Post&gt;(5))</c>.</summary>
/// <remarks>Not thread-safe. What is named in one call ends at one moment.</remarks>
public sealed class CacheInvalidation
{
    private readonly IModel _model;
    private readonly List<string[]> _targets = [];

    internal CacheInvalidation(IModel model) => _model = model;

    internal IReadOnlyList<string[]> Targets => _targets;

    /// <summary>Ends the results that were labelled with the tag: <c>.Cacheable(o =&gt; o.Tags("trending"))</c>.</summary>
    /// <param name="tag">The tag.</param>
    /// <returns>The same object.</returns>
    /// <exception cref="ArgumentException"><paramref name="tag"/> is empty.</exception>
    public CacheInvalidation Tag(string tag)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(tag);
        return Add(InvalidationTargets.Tag(tag));
    }

    /// <summary>Ends the results that depend on rows of the entity, whichever.</summary>
    /// <typeparam name="TEntity">An entity with a captured table, or with a materialised view that is refreshed (<c>RefreshOn</c>).</typeparam>
    /// <returns>The same object.</returns>
    /// <exception cref="InvalidOperationException">No cached result can depend on the entity; the message says what to do.</exception>
    public CacheInvalidation Entity<TEntity>()
        where TEntity : class
        => Entity(typeof(TEntity));

    internal CacheInvalidation Entity(Type type)
    {
        var relations = TablesOf(type).Select(t => t.Relation).Concat(RefreshedViewsOf(type)).ToList();
        foreach (var relation in relations)
        {
            Add(InvalidationTargets.Table(relation));
        }

        return relations.Count > 0 ? this : throw new InvalidOperationException(StateStrings.InvalidateNotCaptured(type.Name));
    }

    /// <summary>
    /// Ends the results that were read by this key (<c>p.Id == 5</c>), and those that depend on all rows of the table. Results that were read by
    /// another column stay: name them with <see cref="Rows{TEntity, TValue}"/>, or tag them.
    /// </summary>
    /// <typeparam name="TEntity">An entity with a captured table.</typeparam>
    /// <param name="keyValues">The values of the primary key, in its order.</param>
    /// <returns>The same object.</returns>
    /// <exception cref="ArgumentException">The values are not those of the entity's key, in number or type.</exception>
    /// <exception cref="InvalidOperationException">No cached result can depend on the key; the message says what to do.</exception>
    public CacheInvalidation Row<TEntity>(params object[] keyValues)
        where TEntity : class
    {
        ArgumentNullException.ThrowIfNull(keyValues);
        var key = EntityTypeOf(typeof(TEntity)).FindPrimaryKey()
            ?? throw new InvalidOperationException(StateStrings.InvalidateNotCaptured(typeof(TEntity).Name));
        if (key.Properties.Count != keyValues.Length)
        {
            throw new ArgumentException(StateStrings.InvalidateKeyCount(typeof(TEntity).Name, key.Properties.Count, keyValues.Length), nameof(keyValues));
        }

        for (var i = 0; i < keyValues.Length; i++)
        {
            AddValue(key.Properties[i], keyValues[i], nameof(keyValues));
        }

        return this;
    }

    /// <summary>
    /// Ends the results that were read by this value of a column (<c>p.AuthorId == 7</c>), and those that depend on all rows of the table.
    /// </summary>
    /// <typeparam name="TEntity">An entity with a captured table.</typeparam>
    /// <typeparam name="TValue">The type of the property.</typeparam>
    /// <param name="column">A property of the key, of a foreign key, or of <c>HasChangeEvents(e =&gt; e.DependsOn(…))</c>.</param>
    /// <param name="value">The value; <see langword="null"/> ends only the results that depend on all rows.</param>
    /// <returns>The same object.</returns>
    /// <exception cref="ArgumentException"><paramref name="column"/> is not a property.</exception>
    /// <exception cref="InvalidOperationException">No cached result can depend on the column; the message says what to do.</exception>
    public CacheInvalidation Rows<TEntity, TValue>(Expression<Func<TEntity, TValue>> column, TValue value)
        where TEntity : class
    {
        ArgumentNullException.ThrowIfNull(column);
        var body = column.Body is UnaryExpression { NodeType: ExpressionType.Convert } convert ? convert.Operand : column.Body;
        var property = body is MemberExpression { Expression: ParameterExpression } member ? EntityTypeOf(typeof(TEntity)).FindProperty(member.Member.Name) : null;
        AddValue(
            property ?? throw new ArgumentException(StateStrings.InvalidateNotAProperty(typeof(TEntity).Name), nameof(column)), value, nameof(value));
        return this;
    }

    /// <summary>
    /// Ends the results of one user: those with <c>PerUser()</c>, of this value of <c>VaryByUser</c>. Everybody else's stay.
    /// </summary>
    /// <param name="user">The user, as <c>VaryByUser</c> gives it.</param>
    /// <param name="query">Only of queries with this name (<c>.Cacheable(o =&gt; o.Named("GetUserPosts"))</c>); <see langword="null"/> for all.</param>
    /// <returns>The same object.</returns>
    /// <exception cref="ArgumentException"><paramref name="user"/> is empty.</exception>
    public CacheInvalidation User(string user, string? query = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(user);
        return Add(query is null ? InvalidationTargets.User(user) : InvalidationTargets.Query(query, user));
    }

    /// <summary>Ends the results of queries with this name, whoever they are for.</summary>
    /// <param name="name">The name: <c>.Cacheable(o =&gt; o.Named("GetUserPosts"))</c>.</param>
    /// <returns>The same object.</returns>
    /// <exception cref="ArgumentException"><paramref name="name"/> is empty.</exception>
    public CacheInvalidation Query(string name)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        return Add(InvalidationTargets.Query(name));
    }

    /// <summary>Ends every cached result of the database.</summary>
    /// <returns>The same object.</returns>
    public CacheInvalidation Everything() => Add(InvalidationTargets.Everything);

    private CacheInvalidation Add(string[] target)
    {
        _targets.Add(target);
        return this;
    }

    private void AddValue(IProperty property, object? value, string parameter)
    {
        var type = Nullable.GetUnderlyingType(property.ClrType) ?? property.ClrType;
        if (value is not null && !type.IsInstanceOfType(value))
        {
            throw new ArgumentException(StateStrings.InvalidateType(property.DeclaringType.ShortName(), property.Name, type.Name, value.GetType().Name), parameter);
        }

        var captured = CaptureModel.For(_model);
        var found = false;
        foreach (var mapping in property.GetTableColumnMappings())
        {
            if (captured.Find(mapping.Column.Table.Schema, mapping.Column.Table.Name) is { } table && table.TryGetDependencyColumn(mapping.Column.Name, out _))
            {
                // A predicate whose value has no exact text depends on all rows.
                found = true;
                var text = DependencyValue.CanonicalText(DependencyValue.ToProvider(value, mapping.TypeMapping));
                Add(InvalidationTargets.Value(table.Relation, mapping.Column.Name, text ?? ""));
            }
        }

        if (!found)
        {
            throw new InvalidOperationException(StateStrings.InvalidateNotADependency(property.DeclaringType.ShortName(), property.Name));
        }
    }

    private IEntityType EntityTypeOf(Type type)
        => _model.GetEntityTypes().FirstOrDefault(e => e.ClrType == type && !e.HasSharedClrType) ?? throw new InvalidOperationException(StateStrings.InvalidateNotCaptured(type.Name));

    private List<CapturedTable> TablesOf(Type type)
    {
        var captured = CaptureModel.For(_model);
        var mapped = _model.FindEntityTypes(type)
            .SelectMany(e => e.GetDerivedTypesInclusive())
            .SelectMany(e => e.GetTableMappings())
            .Select(m => captured.Find(m.Table.Schema, m.Table.Name))
            .OfType<CapturedTable>()
            .ToHashSet();
        return [.. captured.Tables.Where(t => mapped.Contains(t) || (t.IsPart && mapped.Any(m => m.Entity == t.Entity)))];
    }

    private IEnumerable<string> RefreshedViewsOf(Type type)
        => RefreshedView.For(_model).Where(v => _model.FindEntityTypes(type).Any(e => e.ShortName() == v.Entity && e.GetViewName() == v.Name)).Select(v => v.Relation);
}
