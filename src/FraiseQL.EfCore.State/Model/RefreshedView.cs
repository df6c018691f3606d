using System.Globalization;
using System.Runtime.CompilerServices;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;

namespace FraiseQL.EfCore.State.Model;

/// <summary>A materialised view that is refreshed after changes of its sources. Immutable.</summary>
/// <param name="Schema">Its schema.</param>
/// <param name="Name">Its name.</param>
/// <param name="Entity">The short name of the entity that is mapped to it.</param>
/// <param name="Sources">The captured tables (<c>schema.table</c>) after whose changes it is refreshed.</param>
/// <param name="Debounce">How long changes are gathered before one refresh.</param>
internal sealed record RefreshedView(string Schema, string Name, string Entity, IReadOnlySet<string> Sources, TimeSpan Debounce)
{
    private const char Separator = '|';

    private static readonly ConditionalWeakTable<IModel, IReadOnlyList<RefreshedView>> s_models = [];

    /// <summary>As relations are named in the log and in the catalog.</summary>
    public string Relation => Schema + "." + Name;

    /// <summary>The views of a model.</summary>
    /// <exception cref="InvalidOperationException">The entity is not mapped to a view, or a source is not captured.</exception>
    public static IReadOnlyList<RefreshedView> For(IModel model) => s_models.GetValue(model, static m => [.. m.GetEntityTypes().SelectMany(Of)]);

    /// <summary>The annotation's text with one source more. A debounce that is given replaces the one before.</summary>
    public static string Describe(string? before, string source, TimeSpan? debounce, TimeSpan standard)
    {
        var parts = before?.Split(Separator) ?? [standard.Ticks.ToString(CultureInfo.InvariantCulture)];
        parts[0] = debounce?.Ticks.ToString(CultureInfo.InvariantCulture) ?? parts[0];
        return string.Join(Separator, parts.Append(source).Distinct());
    }

    private static IEnumerable<RefreshedView> Of(IEntityType entityType)
    {
        if (entityType.FindAnnotation(StateAnnotations.RefreshOn)?.Value is not string text)
        {
            yield break;
        }

        var parts = text.Split(Separator);
        if (entityType.GetViewName() is not { } name)
        {
            throw new InvalidOperationException(StateStrings.RefreshOnNeedsView(entityType.ShortName()));
        }

        var captured = CaptureModel.For(entityType.Model);
        var sources = new HashSet<string>(StringComparer.Ordinal);
        foreach (var source in parts.Skip(1))
        {
            var tables = entityType.Model.FindEntityType(source)?.GetDerivedTypesInclusive().SelectMany(e => e.GetTableMappings())
                .Select(m => captured.Find(m.Table.Schema, m.Table.Name)).OfType<CapturedTable>().Select(t => t.Relation).ToList() ?? [];
            if (tables.Count == 0)
            {
                throw new InvalidOperationException(StateStrings.RefreshOnNeedsCapture(entityType.ShortName(), source));
            }

            sources.UnionWith(tables);
        }

        yield return new RefreshedView(
            entityType.GetViewSchema() ?? CaptureModel.DefaultSchema(entityType.Model), name, entityType.ShortName(), sources,
            TimeSpan.FromTicks(long.Parse(parts[0], CultureInfo.InvariantCulture)));
    }
}
