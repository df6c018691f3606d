namespace BlogApp.Posts;

/// <summary>Collects what is wrong, by field, as problem details want it.</summary>
internal sealed class FieldErrors
{
    private readonly Dictionary<string, List<string>> _errors = new(StringComparer.Ordinal);

    public bool None => _errors.Count == 0;

    public void Add(string field, string message)
    {
        if (!_errors.TryGetValue(field, out var messages))
        {
            _errors[field] = messages = [];
        }

        messages.Add($"'{field}' {message}");
    }

    public void Text(string field, string? value, int maxLength, bool oneLine = false)
    {
        if (string.IsNullOrWhiteSpace(value))
        {
            Add(field, "is required.");
        }
        else if (value.Length > maxLength)
        {
            Add(field, $"may have at most {maxLength} characters; it has {value.Length}.");
        }
        else if (value.Contains('\0', StringComparison.Ordinal) || (oneLine && value.Any(char.IsControl)))
        {
            Add(field, "contains a control character.");
        }
    }

    public void Names(string field, IReadOnlyList<string?>? values, int min, int max, int maxLength)
    {
        if (values is null || values.Count < min)
        {
            Add(field, min == 1 ? "needs at least one name." : "is required.");
            return;
        }

        if (values.Count > max)
        {
            Add(field, $"may have at most {max} entries; it has {values.Count}.");
        }

        for (var i = 0; i < values.Count && i < max; i++)
        {
            Text($"{field}[{i}]", values[i], maxLength, oneLine: true);
        }
    }

    public Dictionary<string, string[]> ToDictionary()
        => _errors.ToDictionary(e => e.Key, e => e.Value.ToArray(), StringComparer.Ordinal);
}
