using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Migrations;

namespace FraiseQL.EfCore.State.Model;

/// <summary>Which tables of an EF model are captured, and how. The same for a design-time model and its runtime or compiled copy.</summary>
/// <remarks>Immutable and thread-safe; computed once per model.</remarks>
internal sealed class CaptureModel
{
    /// <summary>The folder of <c>migrations-templates</c> that new migrations use.</summary>
    public const string CurrentVersion = "v1";

    // Of a compiled model that was made before the library came: the check at the start compares the database with it all the same.
    private const string FirstVersion = "v1";

    private static readonly ConditionalWeakTable<IModel, CaptureModel> Models = [];

    private readonly Dictionary<string, CapturedTable> _byRelation;
    private readonly Dictionary<CapturedTable, ITable> _tables;
    private readonly string _defaultSchema;

    private CaptureModel(IModel model)
    {
        _defaultSchema = DefaultSchema(model);
        var captured = new Dictionary<ITable, CapturedTable>();
        foreach (var table in model.GetRelationalModel().Tables)
        {
            if (CapturedTableFactory.Create(table, _defaultSchema) is { } capturedTable)
            {
                captured.Add(table, capturedTable);
            }
        }

        foreach (var (table, capturedTable) in captured)
        {
            capturedTable.CascadeTargets = Cascades(table, captured);
        }

        HasTriggers = TriggersOf(model);
        _tables = captured.ToDictionary(c => c.Value, c => c.Key);
        Tables = [.. captured.Values.OrderBy(t => t.Relation, StringComparer.Ordinal)];
        _byRelation = Tables.ToDictionary(t => t.Relation, StringComparer.Ordinal);
    }

    /// <summary>The captured tables, ordered by <see cref="CapturedTable.Relation"/>.</summary>
    public IReadOnlyList<CapturedTable> Tables { get; }

    /// <summary>Whether triggers write the log; otherwise this library does (<c>Cdc:Triggers</c>).</summary>
    public bool HasTriggers { get; }

    public ITable TableOf(CapturedTable table) => _tables[table];

    internal static bool TriggersOf(IModel model) => model.FindAnnotation(StateAnnotations.WithoutTriggers)?.Value is not true;

    public static CaptureModel For(IModel model) => Models.GetValue(model, static m => new CaptureModel(m));

    /// <summary>The captured table of that name; a <see langword="null"/> schema is the model's default schema, else <c>public</c>.</summary>
    public CapturedTable? Find(string? schema, string name) => Find((schema ?? _defaultSchema) + "." + name);

    /// <summary>The captured table of that relation, such as <c>public.posts</c>.</summary>
    public CapturedTable? Find(string relation) => _byRelation.GetValueOrDefault(relation);

    public bool TryFind(string relation, [NotNullWhen(true)] out CapturedTable? table) => _byRelation.TryGetValue(relation, out table);

    /// <summary>Whether the library took part in making the model: each model, and each snapshot of one, has the version of the templates.</summary>
    internal static bool HasVersion(IModel model) => model.FindAnnotation(StateAnnotations.TemplateVersion)?.Value is string;

    internal static string VersionOf(IModel model) => model.FindAnnotation(StateAnnotations.TemplateVersion)?.Value as string ?? FirstVersion;

    internal static string DefaultSchema(IModel model) => model.GetDefaultSchema() ?? "public";

    private static IReadOnlyList<CapturedTable> Cascades(ITable table, Dictionary<ITable, CapturedTable> captured)
    {
        var deleted = new HashSet<ITable>();
        var changed = new HashSet<ITable>();
        var open = new Stack<ITable>([table]);
        while (open.TryPop(out var principal))
        {
            foreach (var foreignKey in principal.ReferencingForeignKeyConstraints)
            {
                if (foreignKey.OnDeleteAction == ReferentialAction.Cascade)
                {
                    // Followed through tables that are not captured too: the chain may go on behind them.
                    if (deleted.Add(foreignKey.Table))
                    {
                        open.Push(foreignKey.Table);
                    }
                }
                else if (foreignKey.OnDeleteAction is ReferentialAction.SetNull or ReferentialAction.SetDefault)
                {
                    // The row stays, so nothing goes on from here.
                    changed.Add(foreignKey.Table);
                }
            }
        }

        return
        [
            .. deleted.Union(changed).Where(captured.ContainsKey).Select(t => captured[t])
                .OrderBy(t => t.Relation, StringComparer.Ordinal),
        ];
    }
}
