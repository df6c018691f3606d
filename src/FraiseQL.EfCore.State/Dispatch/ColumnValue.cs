using System.Globalization;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Storage.Json;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace FraiseQL.EfCore.State.Dispatch;

/// <summary>Reads one column of an event's row, as PostgreSQL's <c>to_jsonb</c> wrote it, into the value of its property.</summary>
/// <remarks>
/// EF reads JSON columns in nearly that form, so its readers do the work. They differ where PostgreSQL has a text form of its own:
/// bytea, interval, and numbers that JSON cannot say.
/// </remarks>
internal sealed class ColumnValue
{
    private readonly IProperty _property;
    private readonly ValueConverter? _converter;
    private readonly JsonValueReaderWriter? _reader;
    private readonly Type _providerType;
    private readonly bool _isJson;

    public ColumnValue(IProperty property, string column)
    {
        _property = property;
        Name = column;
        var mapping = property.GetRelationalTypeMapping();
        _converter = property.GetValueConverter() ?? mapping.Converter;
        _reader = property.GetJsonValueReaderWriter() ?? mapping.JsonValueReaderWriter;
        var type = _converter?.ProviderClrType ?? property.ClrType;
        _providerType = Nullable.GetUnderlyingType(type) ?? type;
        _isJson = mapping.StoreType is "jsonb" or "json";
    }

    public string Name { get; }

    /// <exception cref="InvalidOperationException">The value has another form than expected.</exception>
    public object? Read(JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        try
        {
            if (TryReadPostgresForm(value, out var provided))
            {
                return _converter is null ? provided : _converter.ConvertFromProvider(provided);
            }

            return _reader is null
                ? throw new NotSupportedException($"No reader for {_providerType.Name}.")
                : _reader.FromJsonString(value.GetRawText());
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            throw new InvalidOperationException(
                StateStrings.CannotMaterialise(_property.DeclaringType.DisplayName(), _property.Name, Name), error);
        }
    }

    /// <summary>Whether two values of the property are the same, by its own comparer.</summary>
    public bool AreEqual(object? read, object? other) => _property.GetValueComparer().Equals(read, other);

    private bool TryReadPostgresForm(JsonElement value, out object? provided)
    {
        provided = null;
        if (_isJson)
        {
            provided = _providerType == typeof(string) ? value.GetRawText()
                : _providerType == typeof(JsonElement) ? value.Clone()
                : _providerType == typeof(JsonDocument) ? JsonDocument.Parse(value.GetRawText())
                : null;
            return provided is not null;
        }

        if (value.ValueKind != JsonValueKind.String)
        {
            return false;
        }

        var text = value.GetString()!;
        provided = _providerType == typeof(byte[]) && text.StartsWith("\\x", StringComparison.Ordinal) ? Convert.FromHexString(text.AsSpan(2))
            : _providerType == typeof(TimeSpan) && PostgresInterval.TryParse(text, out var interval) ? interval
            : _providerType == typeof(double) ? double.Parse(text, CultureInfo.InvariantCulture)
            : _providerType == typeof(float) ? float.Parse(text, CultureInfo.InvariantCulture)
            : null;
        return provided is not null;
    }
}
