using FraiseQL.EfCore.State.Model;

namespace FraiseQL.EfCore.State.Query;

/// <summary>Follows the views of a plan to the tables under them. Stateless.</summary>
internal static class ViewSources
{
    /// <summary>The policy with the tables under the views, all their rows, or with the reason why there is no telling.</summary>
    public static EffectivePolicy Apply(EffectivePolicy policy, IReadOnlyList<string> views, CaptureModel model, DatabaseCatalog? catalog)
    {
        var tables = new SortedDictionary<string, CapturedTable>(StringComparer.Ordinal);
        Refusal? refusal = null;
        foreach (var view in views)
        {
            if (catalog is null)
            {
                return policy with { ViewRefusal = Refusal.NotCaptured(view) };
            }

            var source = catalog.Trace(view);
            refusal = Harder(refusal, RefusalOf(source, view));
            foreach (var relation in source.Problem == CatalogProblem.None ? source.Tables : new HashSet<string>())
            {
                if (model.Find(relation) is { } table)
                {
                    tables[relation] = table;
                }
                else if (!policy.IgnoresOwnTables)
                {
                    refusal = Harder(refusal, Refusal.NotCaptured(relation));
                }
            }
        }

        return policy with { ViewTables = [.. tables.Values], ViewRefusal = refusal };
    }

    // What a declaration can lift must not hide what it cannot.
    public static Refusal? Harder(Refusal? one, Refusal? other)
        => one is null || one.Hardness < other?.Hardness ? other : one;

    private static Refusal? RefusalOf(CatalogSource source, string view) => source.Problem switch
    {
        CatalogProblem.None => null,
        CatalogProblem.MaterializedView => Refusal.MaterializedView(source.Culprit!),
        CatalogProblem.ForeignTable => Refusal.ForeignTable(source.Culprit!),
        CatalogProblem.Temporary => Refusal.Temporary(source.Culprit!),
        CatalogProblem.Volatile => Refusal.Volatile(source.Culprit!),
        CatalogProblem.Opaque => Refusal.OpaqueSource($"the function {source.Culprit} in {view}"),
        CatalogProblem.RowSecurity => Refusal.RowSecurity(source.Culprit!),
        CatalogProblem.Inherited => Refusal.Inherited(source.Culprit!),
        _ => Refusal.NotCaptured(source.Culprit!),
    };
}
