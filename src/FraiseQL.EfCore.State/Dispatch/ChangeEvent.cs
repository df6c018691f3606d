using System.Linq.Expressions;
using System.Text.Json;
using FraiseQL.EfCore.State.Dispatch;

namespace FraiseQL.EfCore.State;

/// <summary>A committed change of one entity, whatever program made it.</summary>
/// <remarks>Immutable; read it from one thread at a time, as it is parsed when first asked.</remarks>
/// <typeparam name="TEntity">The entity type.</typeparam>
public sealed class ChangeEvent<TEntity>
    where TEntity : class
{
    private readonly EventRecord _record;
    private readonly IServiceProvider _services;
    private TEntity? _entity;
    private bool _materialised;

    internal ChangeEvent(EventRecord record, IServiceProvider services)
    {
        _record = record;
        _services = services;
    }

    /// <summary>The position in the event log: for one entity, ascending in the order of the writes. Rolled-back writes leave gaps.</summary>
    public long Seq => _record.Change.Seq;

    /// <summary>Identifies the event: the same at each delivery, and never given to another event. For ignoring what was handled already.</summary>
    public string Id => _record.Id;

    /// <summary>The kind of event, such as <c>post_created</c>, <c>post_updated</c>, <c>post_deleted</c> or <c>post_truncated</c>.</summary>
    public string Type => _record.Type;

    /// <summary>The short name of the entity type, such as <c>Post</c>.</summary>
    public string EntityType => _record.Change.Entity;

    /// <summary>
    /// The entity, such as <c>post-789</c>; the parts of a composite key are separated by commas, <c>post_tag-1,2</c>. After a truncate
    /// <c>post-*</c>: every one.
    /// </summary>
    public string EntityId => _record.EntityId;

    /// <summary>What happened.</summary>
    public ChangeKind Kind => _record.Kind;

    /// <summary>When the row was written, by the database's clock, in UTC. The commit came later.</summary>
    public DateTimeOffset Timestamp => _record.Change.At;

    /// <summary>
    /// What the writer said of the write (the setting <c>fraiseql.ctx</c>); an object without members when nothing. Any writer can say
    /// anything there: a hint, not a proof.
    /// </summary>
    public JsonElement Context => _record.Context;

    /// <summary>The W3C trace parent of the write (<c>traceparent</c> of <see cref="Context"/>), when the writer gave one.</summary>
    public string? TraceParent => _record.ContextText("traceparent");

    /// <summary>The tenant of the write (<c>tenant</c> of <see cref="Context"/>), when the writer gave one.</summary>
    public string? Tenant => _record.ContextText("tenant");

    /// <summary>Who made the write (<c>actor</c> of <see cref="Context"/>), when the writer said so.</summary>
    public string? Actor => _record.ContextText("actor");

    /// <summary>What kind of actor it is, such as <c>user</c> or <c>job</c> (<c>actor_type</c> of <see cref="Context"/>), when the writer said so.</summary>
    public string? ActorType => _record.ContextText("actor_type");

    /// <summary>For whom the actor made the write (<c>acting_for</c> of <see cref="Context"/>), when the writer said so.</summary>
    public string? ActingFor => _record.ContextText("acting_for");

    /// <summary>The node or program that made the write (<c>origin</c> of <see cref="Context"/>), when the writer said so.</summary>
    public string? Origin => _record.ContextText("origin");

    /// <summary>
    /// The row after the change, by column names; for a delete what is known of the row before it: key and foreign keys. An object
    /// without members after a truncate.
    /// </summary>
    public JsonElement Payload => _record.Payload;

    /// <summary>The columns that an update changed; empty for the other kinds.</summary>
    public IReadOnlyList<string> ChangedColumns => _record.Change.Columns ?? [];

    /// <summary>What an update changed, by column: <c>Changes["title"].New</c>. Empty for the other kinds.</summary>
    public IReadOnlyDictionary<string, ColumnChange> Changes => _record.Changes;

    /// <summary>
    /// The entity after the change, not tracked and without navigations; <see langword="null"/> after a delete or a truncate, and when
    /// the change was of a part of the entity in another table (an owned or derived type's). It is what was written then, and may be older
    /// than the row in the table now.
    /// </summary>
    /// <exception cref="InvalidOperationException">A column has a form that its property cannot be read from; <see cref="Payload"/> has it.</exception>
    public TEntity? Entity
    {
        get
        {
            if (!_materialised)
            {
                _entity = (TEntity?)_record.Materialise(_services);
                _materialised = true;
            }

            return _entity;
        }
    }

    /// <summary>Whether this is an update that changed the property.</summary>
    /// <typeparam name="TProperty">The type of the property.</typeparam>
    /// <param name="property">A property of the entity with a column of its own: <c>p => p.Status</c>.</param>
    /// <returns>Whether the property has another value than before. Never for another kind of event.</returns>
    /// <exception cref="InvalidOperationException">The event cannot tell: the property's column is not captured.</exception>
    public bool Changed<TProperty>(Expression<Func<TEntity, TProperty>> property) => PropertyChange.Of(_record, property).IsChanged;

    /// <summary>Whether this is an update that gave the property this value, which it did not have before.</summary>
    /// <typeparam name="TProperty">The type of the property.</typeparam>
    /// <param name="property">A property of the entity with a column of its own: <c>p => p.Status</c>.</param>
    /// <param name="value">The value after the update.</param>
    /// <returns>Whether it did. Never for another kind of event.</returns>
    /// <exception cref="InvalidOperationException">The event cannot tell: the property's column is not captured, or this row had no JSON form.</exception>
    public bool ChangedTo<TProperty>(Expression<Func<TEntity, TProperty>> property, TProperty value)
        => PropertyChange.Of(_record, property) is { IsChanged: true } change && change.IsNow(value);

    /// <summary>Whether this is an update that took this value from the property.</summary>
    /// <typeparam name="TProperty">The type of the property.</typeparam>
    /// <param name="property">A property of the entity with a column of its own, whose old value is captured: <c>p => p.Status</c>.</param>
    /// <param name="value">The value before the update.</param>
    /// <returns>Whether it did. Never for another kind of event.</returns>
    /// <exception cref="InvalidOperationException">The event cannot tell: the old value of the property is not captured.</exception>
    public bool ChangedFrom<TProperty>(Expression<Func<TEntity, TProperty>> property, TProperty value)
        => PropertyChange.Of(_record, property) is { IsChanged: true } change && change.Was(value);

    /// <summary>The event as JSON text.</summary>
    /// <param name="format">The form.</param>
    /// <returns>One JSON object. Of the same event always the same text.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="format"/> is none of the known ones.</exception>
    public string ToJson(EventFormat format = EventFormat.FraiseQL) => EventJson.Write(_record, format);

    /// <inheritdoc/>
    public override string ToString() => $"{Type} {Id}";
}
