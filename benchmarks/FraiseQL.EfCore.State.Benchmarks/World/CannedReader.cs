using System.Collections;
using System.Data.Common;

namespace FraiseQL.EfCore.State.Benchmarks.World;

/// <summary>Rows in typed arrays, read once from a live reader. Nothing but what EF's shaper asks for.</summary>
internal sealed class CannedReader(CannedReader.Rows rows) : DbDataReader
{
    private static readonly Task<bool> s_true = Task.FromResult(true);
    private static readonly Task<bool> s_false = Task.FromResult(false);

    private int _row = -1;

    public override int FieldCount => rows.Columns.Length;

    public override bool HasRows => rows.Count > 0;

    public override bool IsClosed => false;

    public override int RecordsAffected => -1;

    public override int Depth => 0;

    public override object this[int ordinal] => GetValue(ordinal);

    public override object this[string name] => GetValue(GetOrdinal(name));

    public override bool Read() => ++_row < rows.Count;

    public override Task<bool> ReadAsync(CancellationToken cancellationToken) => Read() ? s_true : s_false;

    public override bool NextResult() => false;

    public override bool IsDBNull(int ordinal) => rows.Columns[ordinal].Null[_row];

    public override T GetFieldValue<T>(int ordinal) => ((Column<T>)rows.Columns[ordinal]).Values[_row];

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

    public override object GetValue(int ordinal) => IsDBNull(ordinal) ? DBNull.Value : rows.Columns[ordinal].Boxed(_row);

    public override int GetValues(object[] values) => throw new NotSupportedException();

    public override long GetBytes(int ordinal, long dataOffset, byte[]? buffer, int bufferOffset, int length) => throw new NotSupportedException();

    public override long GetChars(int ordinal, long dataOffset, char[]? buffer, int bufferOffset, int length) => throw new NotSupportedException();

    public override string GetName(int ordinal) => rows.Names[ordinal];

    public override int GetOrdinal(string name) => Array.IndexOf(rows.Names, name);

    public override Type GetFieldType(int ordinal) => rows.Columns[ordinal].Type;

    public override string GetDataTypeName(int ordinal) => GetFieldType(ordinal).Name;

    public override IEnumerator GetEnumerator() => throw new NotSupportedException();

    /// <summary>Reads all rows, each column as the reader's own type.</summary>
    public static Rows Capture(DbDataReader reader)
    {
        var columns = new Column[reader.FieldCount];
        var names = new string[columns.Length];
        for (var i = 0; i < columns.Length; i++)
        {
            columns[i] = (Column)Activator.CreateInstance(typeof(Column<>).MakeGenericType(reader.GetFieldType(i)))!;
            names[i] = reader.GetName(i);
        }

        var count = 0;
        for (; reader.Read(); count++)
        {
            for (var i = 0; i < columns.Length; i++)
            {
                columns[i].Append(reader, i);
            }
        }

        return new Rows(count, columns, names);
    }

    internal sealed record Rows(int Count, Column[] Columns, string[] Names);

    internal abstract class Column
    {
        public List<bool> Null { get; } = [];

        public abstract Type Type { get; }

        public abstract object Boxed(int row);

        public abstract void Append(DbDataReader reader, int ordinal);
    }

    internal sealed class Column<T> : Column
    {
        public List<T> Values { get; } = [];

        public override Type Type => typeof(T);

        public override object Boxed(int row) => Values[row]!;

        public override void Append(DbDataReader reader, int ordinal)
        {
            var isNull = reader.IsDBNull(ordinal);
            Null.Add(isNull);
            Values.Add(isNull ? default! : reader.GetFieldValue<T>(ordinal));
        }
    }
}
