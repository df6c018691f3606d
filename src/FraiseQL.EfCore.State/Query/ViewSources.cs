using FraiseQL.EfCore.State.Model;
using Microsoft.EntityFrameworkCore.Metadata;

namespace FraiseQL.EfCore.State.Query;

/// <summary>Follows the views of a plan to the tables under them. Stateless.</summary>
internal static class ViewSources
{
    /// <summary>The policy with the tables under the views, all their rows, or with the reason why there is no telling.</summary>
    public static EffectivePolicy Apply(EffectivePolicy policy, IReadOnlyList<string> views, IModel model, DatabaseCatalog? catalog)
    {
        var tables = new SortedDictionary<string, CapturedTable>(StringComparer.Ordinal);
        var captured = CaptureModel.For(model);
        var refreshed = new List<string>();
        Refusal? refusal = null;
        foreach (var view in views)
        {
            if (catalog is null)
            {
                return policy with { ViewRefusal = Refusal.NotCaptured(view) };
            }

            var source = catalog.Trace(view);
            if (source is { Problem: CatalogProblem.MaterializedView } && source.Culprit == view && RefreshedView.For(model).Any(v => v.Relation == view))
            {
                refreshed.Add(view);
                continue;
            }

            refusal = Harder(refusal, RefusalOf(source, view));
            foreach (var relation in source.Problem == CatalogProblem.None ? source.Tables : new HashSet<string>())
            {
                if (captured.Find(relation) is { } table)
                {
                    tables[relation] = table;
                }
                else if (!policy.IgnoresOwnTables)
                {
                    refusal = Harder(refusal, Refusal.NotCaptured(relation));
                }
            }
        }

        return policy.IgnoresOwnTables
            ? policy with { ViewRefusal = refusal }
            : policy with { ViewTables = [.. tables.Values], RefreshedViews = refreshed, ViewRefusal = refusal };
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
