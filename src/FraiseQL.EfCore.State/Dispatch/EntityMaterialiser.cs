using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Query;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace FraiseQL.EfCore.State.Dispatch;

/// <summary>Makes an entity of the row in an event, with EF's own constructor and property bindings and value converters.</summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class EntityMaterialiser(IEntityType root, Type contextType)
{
    private readonly ConcurrentDictionary<IEntityType, Shape> _shapes = new();

    /// <exception cref="InvalidOperationException">A column cannot be read as its property.</exception>
    public object Create(JsonElement row, IServiceProvider services)
    {
        var context = (DbContext)services.GetRequiredService(contextType);
        var shape = _shapes.GetOrAdd(ConcreteType(row), static (type, db) => new Shape(type, db), context);
        return shape.Create(row, context);
    }

    private IEntityType ConcreteType(JsonElement row)
    {
        if (root.FindDiscriminatorProperty() is not { } discriminator
            || discriminator.GetColumnName(Table(root)) is not { } column || !row.TryGetProperty(column, out var value))
        {
            return root;
        }

        var read = new ColumnValue(discriminator, column).Read(value);
        return root.GetDerivedTypesInclusive().FirstOrDefault(type => Equals(type.GetDiscriminatorValue(), read)) ?? root;
    }

    private static StoreObjectIdentifier Table(IEntityType type) => StoreObjectIdentifier.Table(type.GetTableName()!, type.GetSchema());

    /// <summary>The columns of one concrete type, and EF's way to make an instance of their values.</summary>
    private sealed class Shape
    {
        private readonly ColumnValue?[] _columns;
        private readonly object?[] _absent;
        private readonly Func<MaterializationContext, object> _create;

        public Shape(IEntityType type, DbContext context)
        {
            var table = Table(type);
            var properties = type.GetFlattenedProperties().ToList();
            var length = properties.Count == 0 ? 0 : properties.Max(p => p.GetIndex()) + 1;
            _columns = new ColumnValue?[length];
            _absent = new object?[length];
            foreach (var property in properties)
            {
                _columns[property.GetIndex()] = property.GetColumnName(table) is { } column ? new ColumnValue(property, column) : null;
                _absent[property.GetIndex()] = property.Sentinel;
            }

            _create = context.GetService<IStructuralTypeMaterializerSource>().GetMaterializer(type);
        }

        public object Create(JsonElement row, DbContext context)
        {
            var values = new object?[_columns.Length];
            for (var i = 0; i < values.Length; i++)
            {
                values[i] = _columns[i] is { } column && row.TryGetProperty(column.Name, out var value) ? column.Read(value) : _absent[i];
            }

            return _create(new MaterializationContext(new ValueBuffer(values), context));
        }
    }
}
