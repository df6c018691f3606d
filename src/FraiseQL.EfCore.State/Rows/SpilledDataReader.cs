using System.Collections;
using System.Data.Common;
using System.Diagnostics.CodeAnalysis;

namespace FraiseQL.EfCore.State.Rows;

/// <summary>
/// A result that turned out too large to cache: first the rows that had been collected, then the live reader, which stands on the next row.
/// Not thread-safe.
/// </summary>
internal sealed class SpilledDataReader(RowSet head, DbDataReader live) : DbDataReader
{
    private readonly RowSetDataReader _head = Opened(head);
    private int _headLeft = head.RowCount;
    private bool _liveBegun;

    private DbDataReader Current => _liveBegun ? live : _head;

    public override int FieldCount => live.FieldCount;

    public override bool HasRows => true;

    public override bool IsClosed => live.IsClosed;

    public override int RecordsAffected => live.RecordsAffected;

    public override int Depth => live.Depth;

    public override object this[int ordinal] => Current[ordinal];

    public override object this[string name] => Current[name];

    public override bool Read() => ReadHead() ?? live.Read();

    public override Task<bool> ReadAsync(CancellationToken cancellationToken)
        => ReadHead() is { } read ? Task.FromResult(read) : live.ReadAsync(cancellationToken);

    public override bool NextResult()
    {
        _liveBegun = true;
        _headLeft = -1;
        return live.NextResult();
    }

    public override bool IsDBNull(int ordinal) => Current.IsDBNull(ordinal);

    public override T GetFieldValue<T>(int ordinal) => Current.GetFieldValue<T>(ordinal);

    public override bool GetBoolean(int ordinal) => Current.GetBoolean(ordinal);

    public override byte GetByte(int ordinal) => Current.GetByte(ordinal);

    public override long GetBytes(int ordinal, long dataOffset, byte[]? buffer, int bufferOffset, int length)
        => Current.GetBytes(ordinal, dataOffset, buffer, bufferOffset, length);

    public override char GetChar(int ordinal) => Current.GetChar(ordinal);

    public override long GetChars(int ordinal, long dataOffset, char[]? buffer, int bufferOffset, int length)
        => Current.GetChars(ordinal, dataOffset, buffer, bufferOffset, length);

    public override string GetDataTypeName(int ordinal) => live.GetDataTypeName(ordinal);

    public override DateTime GetDateTime(int ordinal) => Current.GetDateTime(ordinal);

    public override decimal GetDecimal(int ordinal) => Current.GetDecimal(ordinal);

    public override double GetDouble(int ordinal) => Current.GetDouble(ordinal);

    [return: DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicFields | DynamicallyAccessedMemberTypes.PublicProperties)]
    public override Type GetFieldType(int ordinal) => live.GetFieldType(ordinal);

    public override float GetFloat(int ordinal) => Current.GetFloat(ordinal);

    public override Guid GetGuid(int ordinal) => Current.GetGuid(ordinal);

    public override short GetInt16(int ordinal) => Current.GetInt16(ordinal);

    public override int GetInt32(int ordinal) => Current.GetInt32(ordinal);

    public override long GetInt64(int ordinal) => Current.GetInt64(ordinal);

    public override string GetName(int ordinal) => live.GetName(ordinal);

    public override int GetOrdinal(string name) => live.GetOrdinal(name);

    public override string GetString(int ordinal) => Current.GetString(ordinal);

    public override object GetValue(int ordinal) => Current.GetValue(ordinal);

    public override int GetValues(object[] values) => Current.GetValues(values);

    public override IEnumerator GetEnumerator() => new DbEnumerator(this, closeReader: false);

    public override void Close() => live.Close();

    public override Task CloseAsync() => live.CloseAsync();

    // The row after the head is the one on which the live reader stands already.
    private bool? ReadHead()
    {
        if (_headLeft > 0)
        {
            _headLeft--;
            return _head.Read();
        }

        if (_headLeft == 0)
        {
            _headLeft = -1;
            _liveBegun = true;
            return true;
        }

        return null;
    }

    private static RowSetDataReader Opened(RowSet rows)
    {
        var reader = new RowSetDataReader();
        reader.Open(rows);
        return reader;
    }
}
