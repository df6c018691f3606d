using System.Linq.Expressions;
using System.Text.Json;

namespace FraiseQL.EfCore.State.Dispatch;

/// <summary>What an event says of one property. What it cannot tell is an error, never a plain no.</summary>
internal readonly struct PropertyChange
{
    private readonly ColumnValue _column;
    private readonly ColumnChange _change;
    private readonly string _name;

    private PropertyChange(string name, ColumnValue column, bool isChanged, ColumnChange change)
    {
        _name = name;
        _column = column;
        IsChanged = isChanged;
        _change = change;
    }

    public bool IsChanged { get; }

    /// <exception cref="InvalidOperationException">It is no property of the entity, or has no captured column of its own.</exception>
    public static PropertyChange Of(EventRecord record, LambdaExpression property)
    {
        var name = NameOf(property);
        if (record.Shape.IsPart)
        {
            // Of a change to another table of the entity, this much is known: none of the main table's columns was touched.
            return new PropertyChange(name, null!, false, default);
        }

        if (record.Shape.Columns?.GetValueOrDefault(name) is not { } column)
        {
            throw new InvalidOperationException(StateStrings.PropertyNotCaptured(record.Change.Entity, name));
        }

        return new PropertyChange(name, column, record.Changes.TryGetValue(column.Name, out var change), change);
    }

    public static string NameOf(LambdaExpression property)
    {
        var body = property.Body is UnaryExpression { NodeType: ExpressionType.Convert } convert ? convert.Operand : property.Body;
        return body is MemberExpression { Expression: ParameterExpression, Member.Name: var name }
            ? name
            : throw new InvalidOperationException(StateStrings.NotAProperty(property.ToString()));
    }

    public bool IsNow(object? value) => Matches(_change.New, value);

    public bool Was(object? value) => Matches(_change.Old, value);

    private bool Matches(JsonElement? logged, object? value)
        => _column.AreEqual(_column.Read(logged ?? throw new InvalidOperationException(StateStrings.ValueNotCaptured(_name, _column.Name))), value);
}
