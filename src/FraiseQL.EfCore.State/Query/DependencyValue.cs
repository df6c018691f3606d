using System.Collections;
using System.Globalization;
using Microsoft.EntityFrameworkCore.Storage;

namespace FraiseQL.EfCore.State.Query;

/// <summary>The values that a predicate allows in a column: one or several of these terms. Immutable.</summary>
internal sealed class DependencyValue
{
    /// <summary>With more values than this a key depends on the whole table: each of them is a cell to be looked at on every hit.</summary>
    public const int MostValues = 32;

    private readonly Term[] _terms;

    private DependencyValue(params Term[] terms) => _terms = terms;

    private enum TermKind
    {
        Constant,
        Parameter,

        /// <summary>A parameter that is a list of values.</summary>
        List,
        Null,
    }

    public static DependencyValue Null { get; } = new(new Term(TermKind.Null, "null", null));

    /// <summary>Whether rows without a value are among them.</summary>
    public bool HasNull => Array.Exists(_terms, t => t.Kind == TermKind.Null);

    public static DependencyValue? Constant(object? value, RelationalTypeMapping? mapping)
        => value is not null && CanonicalText(ToProvider(value, mapping)) is { } text ? new(new Term(TermKind.Constant, text, null)) : null;

    /// <param name="name">Name of the parameter.</param>
    /// <param name="mapping">How its value goes to the database.</param>
    public static DependencyValue Parameter(string name, RelationalTypeMapping? mapping) => new(new Term(TermKind.Parameter, name, mapping));

    /// <inheritdoc cref="Parameter"/>
    public static DependencyValue List(string name, RelationalTypeMapping? mapping) => new(new Term(TermKind.List, name, mapping));

    /// <summary>The values of either.</summary>
    public DependencyValue Or(DependencyValue other) => new([.. _terms, .. other._terms]);

    /// <summary>
    /// Adds the values as canonical texts, <see langword="null"/> for NULL. False when one of them is not known, has no exact text, or there are too
    /// many.
    /// </summary>
    public bool TryResolve(IReadOnlyDictionary<string, object?> parameters, List<string?> texts)
    {
        foreach (var term in _terms)
        {
            if (!term.TryResolve(parameters, texts) || texts.Count > MostValues)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The predicate, for people.</summary>
    /// <param name="column">The column.</param>
    /// <param name="withConstants">Whether values that the query itself holds may be shown.</param>
    public string Describe(string column, bool withConstants)
        => _terms is [{ Kind: not TermKind.List } single]
            ? $"{column} {(single.Kind == TermKind.Null ? "is" : "=")} {single.Describe(withConstants)}"
            : $"{column} in ({string.Join(", ", _terms.Select(t => t.Describe(withConstants)))})";

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

    /// <param name="Kind">What it is.</param>
    /// <param name="Text">Canonical text of a constant, or the name of a parameter.</param>
    /// <param name="Mapping">How a parameter's value goes to the database.</param>
    private sealed record Term(TermKind Kind, string Text, RelationalTypeMapping? Mapping)
    {
        public bool TryResolve(IReadOnlyDictionary<string, object?> parameters, List<string?> texts)
        {
            switch (Kind)
            {
                case TermKind.Null:
                    texts.Add(null);
                    return true;
                case TermKind.Constant:
                    texts.Add(Text);
                    return true;
                case TermKind.Parameter:
                    return parameters.TryGetValue(Text, out var value) && TryAdd(ToProvider(value, Mapping), texts);
                default:
                    return parameters.TryGetValue(Text, out var list) && TryAddAll(list, texts);
            }
        }

        public string Describe(bool withConstants) => Kind switch
        {
            TermKind.Constant => withConstants ? Text : "a constant",
            TermKind.Null => "null",
            _ => "@" + Text,
        };

        // Without a mapping it is not known what becomes of the elements.
        private bool TryAddAll(object? list, List<string?> texts)
        {
            if (Mapping is null || list is string || ToProvider(list, Mapping) is not IEnumerable elements)
            {
                return false;
            }

            var element = Mapping.Converter is null ? Mapping.ElementTypeMapping as RelationalTypeMapping : null;
            foreach (var value in elements)
            {
                if (texts.Count > MostValues)
                {
                    return false;
                }

                if (value is null)
                {
                    texts.Add(null);
                }
                else if (!TryAdd(ToProvider(value, element), texts))
                {
                    return false;
                }
            }

            return true;
        }

        private static bool TryAdd(object? value, List<string?> texts)
        {
            if (CanonicalText(value) is not { } text)
            {
                return false;
            }

            texts.Add(text);
            return true;
        }
    }
}
