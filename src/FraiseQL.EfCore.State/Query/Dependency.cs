using System.Globalization;
using FraiseQL.EfCore.State.Model;
using Microsoft.EntityFrameworkCore.Storage;

namespace FraiseQL.EfCore.State.Query;

/// <summary>What one table in a query makes its result depend on: all its rows, or those with one value in one column.</summary>
/// <param name="Table">The table.</param>
/// <param name="Column">The column of the predicate, or <see langword="null"/> for all rows.</param>
/// <param name="Value">Where the value comes from; not <see langword="null"/> with a column.</param>
/// <param name="Reads">The columns that the query reads, as bits (<see cref="Cache.ColumnMask"/>).</param>
internal sealed record Dependency(CapturedTable Table, CapturedColumn? Column, DependencyValue? Value, ulong Reads)
{
    /// <summary>Whether the predicate is on the whole primary key, whose value never changes while the row lives.</summary>
    public bool IsByKey => Column is not null && Table.Key is [var key] && key.Name == Column.Name;
}

/// <summary>The value of a predicate, known when the query is planned or when it is executed.</summary>
/// <param name="Constant">Canonical text of a constant.</param>
/// <param name="Parameter">Name of a parameter.</param>
/// <param name="Mapping">How the parameter's value goes to the database.</param>
internal sealed record DependencyValue(string? Constant, string? Parameter, RelationalTypeMapping? Mapping)
{
    /// <summary>
    /// The text that PostgreSQL's <c>to_jsonb</c> gives for the value, without quotes, so that a parameter and an event meet in one cell.
    /// <see langword="null"/> for NULL and for types whose text is not exact.
    /// </summary>
    public static string? CanonicalText(object? providerValue) => providerValue switch
    {
        string text => text,
        int number => number.ToString(CultureInfo.InvariantCulture),
        long number => number.ToString(CultureInfo.InvariantCulture),
        short number => number.ToString(CultureInfo.InvariantCulture),
        Guid guid => guid.ToString("D"),
        bool flag => flag ? "true" : "false",
        _ => null,
    };

    /// <summary>The value as the database gets it.</summary>
    public static object? ToProvider(object? value, RelationalTypeMapping? mapping)
        => value is not null && mapping?.Converter is { } converter ? converter.ConvertToProvider(value) : value;

    public string? Resolve(IReadOnlyDictionary<string, object?> parameters)
        => Parameter is null
            ? Constant
            : parameters.TryGetValue(Parameter, out var value) ? CanonicalText(ToProvider(value, Mapping)) : null;
}
