using System.Collections;
using System.Data.Common;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Runtime.CompilerServices;

namespace FraiseQL.EfCore.State.Rows;

/// <summary>
/// Gives cached rows to EF's shaper, which sees no difference to Npgsql's reader: the same typed getters, the same exceptions on NULL.
/// Not thread-safe; reused by its command.
/// </summary>
internal sealed class RowSetDataReader : DbDataReader
{
    private static readonly Task<bool> s_true = Task.FromResult(true);
    private static readonly Task<bool> s_false = Task.FromResult(false);

    private RowSet _rows = null!;
    private RowColumn[] _columns = [];
    private int _row = -1;
    private bool _closed = true;

    public override int FieldCount => _columns.Length;

    public override bool HasRows => _rows.RowCount > 0;

    public override bool IsClosed => _closed;

    public override int RecordsAffected => -1;

    public override int Depth => 0;

    public override object this[int ordinal] => GetValue(ordinal);

    public override object this[string name] => GetValue(GetOrdinal(name));

    public void Open(RowSet rows)
    {
        _rows = rows;
        _columns = rows.Columns;
        _row = -1;
        _closed = false;
    }

    public override bool Read()
    {
        var next = _row + 1;
        if (next >= _rows.RowCount)
        {
            _row = _rows.RowCount;
            return false;
        }

        _row = next;
        return true;
    }

    public override Task<bool> ReadAsync(CancellationToken cancellationToken)
        => cancellationToken.IsCancellationRequested ? Task.FromCanceled<bool>(cancellationToken) : Read() ? s_true : s_false;

    public override bool NextResult()
    {
        _row = _rows.RowCount;
        return false;
    }

    public override bool IsDBNull(int ordinal) => _columns[ordinal].IsNull(_row);

    public override Task<bool> IsDBNullAsync(int ordinal, CancellationToken cancellationToken) => IsDBNull(ordinal) ? s_true : s_false;

    public override T GetFieldValue<T>(int ordinal)
    {
        var column = _columns[ordinal];
        if (column.IsNull(_row))
        {
            return ThrowNull<T>(ordinal);
        }

        if (column is RowColumn<T> typed)
        {
            return typed.Get(_row);
        }

        // What EF asks of a buffered reader for types without a getter of their own, and what interceptors may ask.
        return column.GetObject(_row) is T value ? value : ThrowType<T>(ordinal);
    }

    public override Task<T> GetFieldValueAsync<T>(int ordinal, CancellationToken cancellationToken) => Task.FromResult(GetFieldValue<T>(ordinal));

    public override bool GetBoolean(int ordinal) => GetFieldValue<bool>(ordinal);

    public override byte GetByte(int ordinal) => GetFieldValue<byte>(ordinal);

    public override char GetChar(int ordinal) => GetFieldValue<char>(ordinal);

    public override DateTime GetDateTime(int ordinal) => GetFieldValue<DateTime>(ordinal);

    public override decimal GetDecimal(int ordinal) => GetFieldValue<decimal>(ordinal);

    public override double GetDouble(int ordinal) => GetFieldValue<double>(ordinal);

    public override float GetFloat(int ordinal) => GetFieldValue<float>(ordinal);

    public override Guid GetGuid(int ordinal) => GetFieldValue<Guid>(ordinal);

    public override short GetInt16(int ordinal) => GetFieldValue<short>(ordinal);

    public override int GetInt32(int ordinal) => GetFieldValue<int>(ordinal);

    public override long GetInt64(int ordinal) => GetFieldValue<long>(ordinal);

    public override string GetString(int ordinal) => GetFieldValue<string>(ordinal);

    public override object GetValue(int ordinal) => _columns[ordinal].GetObject(_row);

    public override int GetValues(object[] values)
    {
        var count = Math.Min(values.Length, _columns.Length);
        for (var i = 0; i < count; i++)
        {
            values[i] = GetValue(i);
        }

        return count;
    }

    public override long GetBytes(int ordinal, long dataOffset, byte[]? buffer, int bufferOffset, int length)
    {
        var bytes = GetFieldValue<byte[]>(ordinal);
        return buffer is null ? bytes.Length : CopyPart<byte>(bytes, dataOffset, buffer.AsSpan(bufferOffset, length));
    }

    public override long GetChars(int ordinal, long dataOffset, char[]? buffer, int bufferOffset, int length)
    {
        var chars = GetString(ordinal);
        return buffer is null ? chars.Length : CopyPart<char>(chars, dataOffset, buffer.AsSpan(bufferOffset, length));
    }

    public override string GetName(int ordinal) => _rows.Names[ordinal];

    public override int GetOrdinal(string name)
    {
        var ordinal = Array.IndexOf(_rows.Names, name);
        if (ordinal < 0)
        {
            ordinal = Array.FindIndex(_rows.Names, n => string.Equals(n, name, StringComparison.OrdinalIgnoreCase));
        }

        return ordinal >= 0 ? ordinal : throw new ArgumentOutOfRangeException(nameof(name), name, "The result has no column of this name.");
    }

    [return: DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicFields | DynamicallyAccessedMemberTypes.PublicProperties)]
    public override Type GetFieldType(int ordinal) => _columns[ordinal].Kind.ClrType;

    public override string GetDataTypeName(int ordinal) => _columns[ordinal].Kind.ClrType.Name;

    public override IEnumerator GetEnumerator() => new DbEnumerator(this, closeReader: false);

    public override void Close()
    {
        _closed = true;
        _columns = [];
    }

    private static int CopyPart<T>(ReadOnlySpan<T> source, long offset, Span<T> target)
    {
        var part = source[(int)Math.Min(offset, source.Length)..];
        part = part[..Math.Min(part.Length, target.Length)];
        part.CopyTo(target);
        return part.Length;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private T ThrowNull<T>(int ordinal) => throw new InvalidCastException($"Column '{_rows.Names[ordinal]}' is null.");

    [MethodImpl(MethodImplOptions.NoInlining)]
    private T ThrowType<T>(int ordinal) => throw new InvalidCastException(string.Create(
        CultureInfo.InvariantCulture,
        $"Reading as '{typeof(T)}' is not supported for a cached column '{_rows.Names[ordinal]}' of type '{_columns[ordinal].Kind.ClrType}'."));
}
