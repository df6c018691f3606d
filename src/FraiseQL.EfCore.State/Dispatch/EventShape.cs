namespace FraiseQL.EfCore.State.Dispatch;

/// <summary>What the model says of the events of one captured table, and who handles them.</summary>
/// <param name="Prefix">Begins the names of the events and the ids of the entities: <c>post</c>.</param>
/// <param name="KeyNames">The members of the event's key, in the order of the entity's key.</param>
/// <param name="IsPart">Whether the table holds only a part of the entity.</param>
/// <param name="Materialiser">Makes the entity of a row; <see langword="null"/> for a part.</param>
/// <param name="Routes">The handlers of the entity.</param>
/// <param name="Types">The names of the events, where they are not made of the prefix.</param>
/// <param name="Columns">The columns of the entity's properties, by the names of the properties; <see langword="null"/> for a part.</param>
internal sealed record EventShape(
    string Prefix, IReadOnlyList<string> KeyNames, bool IsPart, EntityMaterialiser? Materialiser, IReadOnlyList<HandlerRoute> Routes,
    IReadOnlyDictionary<string, ColumnValue>? Columns = null,
    IReadOnlyDictionary<ChangeKind, string>? Types = null)
{
    public string TypeOf(ChangeKind kind) => Types?.GetValueOrDefault(kind) ?? EventNames.Of(Prefix, kind);

    /// <summary>Which handlers want the event.</summary>
    public List<HandlerRoute> RoutesOf(EventRecord record) => [.. Routes.Where(route => route.WantsKind(record))];
}
