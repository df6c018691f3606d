using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Migrations;

namespace FraiseQL.EfCore.State.Model;

/// <summary>
/// Decides whether and how a table is captured. It asks only what a design-time model, its runtime copy and a migration's snapshot
/// all know, so that the three give the same answer.
/// </summary>
internal static class CapturedTableFactory
{
    // Mapped as concurrency tokens; no table can have a column of these names.
    private static readonly string[] SystemColumns = ["xmin", "xmax", "cmin", "cmax", "ctid", "tableoid"];

    /// <summary>The captured form of the table; <see langword="null"/> when it is not captured.</summary>
    public static CapturedTable? Create(ITable table, string defaultSchema)
    {
        // EF makes its own history table through the same services.
        if (table.PrimaryKey is null || MainEntityType(table) is not { } entityType || entityType.ClrType == typeof(HistoryRow)
            || IsExcluded(table, entityType))
        {
            return null;
        }

        var key = table.PrimaryKey.Columns;
        var part = EntityParts.EventKeyOfPart(table, entityType);
        var root = part is null ? entityType.GetRootType() : EntityParts.Root(entityType);
        var dependencies = key
            .Concat(ForeignKeyColumns(table).Where(c => !key.Contains(c)).OrderBy(c => c.Name, StringComparer.Ordinal))
            .Where(HasExactEquality)
            .ToList();
        foreach (var asked in table.Columns.Where(c => Has(c, StateAnnotations.Dependency)).OrderBy(c => c.Name, StringComparer.Ordinal))
        {
            if (!HasExactEquality(asked))
            {
                throw new InvalidOperationException(StateStrings.CannotDependOn(entityType.ShortName(), asked.Name, asked.StoreType));
            }

            if (!dependencies.Contains(asked))
            {
                dependencies.Add(asked);
            }
        }

        return new CapturedTable(
            CaptureModel.VersionOf(table.Model.Model),
            table.Schema ?? defaultSchema,
            table.Name,
            EntityNames.ToShortName(root.Name),
            part is not null,
            [.. key.Select(ToCaptured)],
            part ?? [.. key.Select(c => new EventKeyColumn(c.Name, c.Name))],
            [.. dependencies.Select(ToCaptured)],
            [
                .. table.Columns.Where(c => !dependencies.Contains(c) && !SystemColumns.Contains(c.Name))
                    .OrderBy(c => c.Name, StringComparer.Ordinal).Select(c => new DataColumn(c.Name, c.StoreType)),
            ],
            new CaptureTuning(
                Names(table, StateAnnotations.Exclude),
                Names(table, StateAnnotations.Redact),
                IsMarkedAnywhere(entityType, StateAnnotations.PreImage),

                // An update that changes nothing makes a new row version all the same, and entities that were read before have the old one.
                IsMarkedAnywhere(entityType, StateAnnotations.LogUnchanged) || table.Columns.Any(c => SystemColumns.Contains(c.Name)),
                Text(entityType, StateAnnotations.Channel)),
            Text(entityType, StateAnnotations.EventName),
            Enum.GetValues<ChangeKind>().Select(k => (Kind: k, Name: Text(entityType, StateAnnotations.EventNameOf + k))).Where(k => k.Name is not null)
                .ToDictionary(k => k.Kind, k => k.Name!));
    }

    /// <summary>The entity type that a row of the table is: not one that only shares the row, and of a hierarchy the topmost.</summary>
    private static IEntityType? MainEntityType(ITable table)
    {
        var mapped = table.EntityTypeMappings.Select(m => m.TypeBase).OfType<IEntityType>()
            .Where(t => !t.IsMappedToJson() && !table.GetRowInternalForeignKeys(t).Any())
            .ToHashSet();
        return mapped.Where(t => t.BaseType is null || !mapped.Contains(t.BaseType)).MinBy(t => t.Name, StringComparer.Ordinal);
    }

    private static bool IsExcluded(ITable table, IEntityType entityType)
    {
        if (IsMarkedAnywhere(entityType, StateAnnotations.IgnoreChangeEvents)
            || (entityType.Model.FindAnnotation(StateAnnotations.CaptureOnlyWhereAsked)?.Value is true
                && !IsMarkedAnywhere(entityType, StateAnnotations.HasChangeEvents)))
        {
            return true;
        }

        var fragment = entityType.FindMappingFragment(StoreObjectIdentifier.Table(table.Name, table.Schema));
        return fragment?.IsTableExcludedFromMigrations
            ?? (IsMarked(entityType, StateAnnotations.NotMigrated)
                || (entityType.Model is not RuntimeModel && table.IsExcludedFromMigrations));
    }

    private static bool IsMarkedAnywhere(IEntityType entityType, string annotation)
        => IsMarked(entityType, annotation) || IsMarked(EntityParts.Root(entityType), annotation);

    /// <summary>What is said of the entity, of the type that it is derived from, or of the one that it is a part of.</summary>
    private static string? Text(IEntityType entityType, string annotation)
        => (entityType.FindAnnotation(annotation) ?? entityType.GetRootType().FindAnnotation(annotation) ?? EntityParts.Root(entityType).FindAnnotation(annotation))
            ?.Value as string;

    private static List<string> Names(ITable table, string annotation)
        => [.. table.Columns.Where(c => Has(c, annotation)).Select(c => c.Name).Order(StringComparer.Ordinal)];

    private static bool Has(IColumn column, string annotation) => column.PropertyMappings.Any(m => m.Property.FindAnnotation(annotation)?.Value is true);

    private static bool IsMarked(IEntityType entityType, string annotation)
        => entityType.FindAnnotation(annotation)?.Value is true || entityType.GetRootType().FindAnnotation(annotation)?.Value is true;

    private static IEnumerable<IColumn> ForeignKeyColumns(ITable table)
        => table.EntityTypeMappings.Select(m => m.TypeBase).OfType<IEntityType>()
            .Where(t => !t.IsMappedToJson())
            .SelectMany(t => t.GetForeignKeys())
            .SelectMany(f => f.Properties)
            .Select(p => EntityParts.FindColumn(table, p))
            .OfType<IColumn>()
            .Distinct();

    private static CapturedColumn ToCaptured(IColumn column) => new(column.Name, column.StoreType, ProviderType(column));

    private static Type ProviderType(IColumn column)
        => Nullable.GetUnderlyingType(column.ProviderClrType) ?? column.ProviderClrType;

    /// <summary>
    /// Whether equal values are the same value, bit by bit, in .NET, in SQL and in JSON. Not so for char(n) (trailing blanks), citext, a
    /// column with a collation, numeric (1.0 = 1.00), floats and times.
    /// </summary>
    private static bool HasExactEquality(IColumn column)
    {
        var type = ProviderType(column);
        var storeType = column.StoreType;
        if (type == typeof(string))
        {
            return (storeType is "text" or "character varying" or "varchar"
                    || storeType.StartsWith("character varying(", StringComparison.Ordinal)
                    || storeType.StartsWith("varchar(", StringComparison.Ordinal))
                && !column.PropertyMappings.Any(m => HasCollation(m.Property));
        }

        return type == typeof(int) || type == typeof(long) || type == typeof(short)
            ? storeType is "integer" or "bigint" or "smallint" or "int" or "int4" or "int8" or "int2"
            : (type == typeof(Guid) && storeType == "uuid") || (type == typeof(bool) && storeType is "boolean" or "bool");
    }

    private static bool HasCollation(IProperty property)
        => property.FindAnnotation(StateAnnotations.InexactEquality)?.Value is true
            || (property is not RuntimeProperty && CaptureConvention.HasCollation(property));
}
