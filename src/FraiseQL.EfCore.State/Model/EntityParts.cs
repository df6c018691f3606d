using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;

namespace FraiseQL.EfCore.State.Model;

/// <summary>Finds, for rows that are only a part of an entity, the entity and the columns that identify it.</summary>
internal static class EntityParts
{
    /// <summary>The type at the top: of its hierarchy and, when owned, of its owner.</summary>
    public static IEntityType Root(IEntityType entityType)
    {
        var root = entityType.GetRootType();
        while (root.FindOwnership() is { } ownership)
        {
            root = ownership.PrincipalEntityType.GetRootType();
        }

        return root;
    }

    /// <summary>
    /// The columns of a part's table that identify the root entity; <see langword="null"/> when the table has the entity's main row,
    /// or when it does not say which entity it belongs to.
    /// </summary>
    public static IReadOnlyList<EventKeyColumn>? EventKeyOfPart(ITable table, IEntityType entityType)
    {
        if (!entityType.IsOwned() && IsMainTable(table, entityType))
        {
            return null;
        }

        var columns = new List<EventKeyColumn>();
        foreach (var (property, keyName) in RootKey(entityType))
        {
            if (FindColumn(table, property) is not { } column)
            {
                return null;
            }

            columns.Add(new EventKeyColumn(column.Name, keyName));
        }

        return columns.Count == 0 ? null : columns;
    }

    /// <summary>The column of the property. ITable.FindColumn cannot be asked while EF builds the relational model, which is when migrations ask.</summary>
    public static IColumn? FindColumn(ITable table, IProperty property)
        => table.Columns.FirstOrDefault(c => c.PropertyMappings.Any(m => m.Property == property));

    private static bool IsMainTable(ITable table, IEntityType entityType)
    {
        // Of a hierarchy in several tables only TPT splits a row; a table of TPC has the whole of it.
        var main = entityType.GetMappingStrategy() == RelationalAnnotationNames.TptMappingStrategy ? entityType.GetRootType() : entityType;
        return main.GetTableName() is not { } name || (name == table.Name && main.GetSchema() == table.Schema);
    }

    /// <summary>The properties of the type that identify the root entity, with the names of the root's key columns.</summary>
    private static List<(IProperty Property, string KeyName)> RootKey(IEntityType entityType)
    {
        if (entityType.FindOwnership() is not { } ownership)
        {
            var root = entityType.GetRootType();
            var main = root.GetTableName() is null ? entityType : root; // the root of a TPC hierarchy may be abstract
            return main.GetTableName() is { } name && entityType.FindPrimaryKey() is { } key
                ? [.. key.Properties.Select(p => (p, p.GetColumnName(StoreObjectIdentifier.Table(name, main.GetSchema())) ?? p.Name))]
                : [];
        }

        var ownerKey = RootKey(ownership.PrincipalEntityType);
        var result = new List<(IProperty, string)>();
        foreach (var (property, keyName) in ownerKey)
        {
            var position = ownership.PrincipalKey.Properties.ToList().IndexOf(property);
            if (position < 0)
            {
                return [];
            }

            result.Add((ownership.Properties[position], keyName));
        }

        return result;
    }
}
