using System.Buffers;
using FraiseQL.EfCore.State.EventLog;
using FraiseQL.EfCore.State.Rows;
using Microsoft.Extensions.Caching.Hybrid;

namespace FraiseQL.EfCore.State.Cache;

/// <summary>
/// The L2 payload. The bytes come from a server that others may write to, so reading them checks everything and never throws:
/// what is not a payload of this version becomes <see cref="Rejected"/>, which is a miss.
/// </summary>
/// <remarks>
/// Version 1, little-endian: "FQ" · version · created (UTC ticks) · ttl (ticks) · snapshot (text) · rows · columns;
/// a column: kind (a number, and a name for the types of an application) · name · null words flag and words · values of the rows that are not NULL.
/// </remarks>
internal sealed class EntrySerializer : IHybridCacheSerializer<CachedEntry>
{
    public const byte Version = 1;

    /// <summary>Stands for a payload that could not be read.</summary>
    public static readonly CachedEntry Rejected = new(new RowSet(0, [], []), null, default, default, CachedEntry.NeverValidated);

    public void Serialize(CachedEntry value, IBufferWriter<byte> target)
    {
        var writer = new ByteWriter(target);
        writer.WriteByte((byte)'F');
        writer.WriteByte((byte)'Q');
        writer.WriteByte(Version);
        writer.WriteInt64(value.CreatedAt.UtcTicks);
        writer.WriteInt64(value.Ttl.Ticks);
        writer.WriteString(value.Snapshot?.ToString() ?? string.Empty);
        var rows = value.Rows;
        writer.WriteCount(rows.RowCount);
        writer.WriteCount(rows.Columns.Length);
        for (var i = 0; i < rows.Columns.Length; i++)
        {
            var column = rows.Columns[i];
            column.Kind.WriteKind(ref writer);
            writer.WriteString(rows.Names[i]);
            writer.WriteByte(column.Nulls is null ? (byte)0 : (byte)1);
            foreach (var word in column.Nulls ?? [])
            {
                writer.WriteInt64((long)word);
            }

            column.Write(ref writer);
        }

        writer.Flush();
    }

    public CachedEntry Deserialize(ReadOnlySequence<byte> source)
    {
        try
        {
            return source.IsSingleSegment ? Read(source.FirstSpan) : Read(source.ToArray());
        }
#pragma warning disable CA1031 // Whatever hostile bytes can provoke in a value's constructor is a miss.
        catch (Exception)
#pragma warning restore CA1031
        {
            return Rejected;
        }
    }

    private static CachedEntry Read(ReadOnlySpan<byte> bytes)
    {
        var reader = new ByteReader(bytes);
        if (reader.ReadByte() != 'F' || reader.ReadByte() != 'Q' || reader.ReadByte() != Version)
        {
            return Rejected;
        }

        var created = new DateTimeOffset(reader.ReadInt64(), TimeSpan.Zero);
        var ttl = new TimeSpan(reader.ReadInt64());
        if (!PgSnapshot.TryParse(reader.ReadString(), out var snapshot))
        {
            return Rejected;
        }

        // A row of only NULLs takes no bytes but its bits: bound the count by those.
        var rowCount = reader.ReadVarUInt32();
        var columnCount = reader.ReadCount(leastElementSize: 3);
        if (reader.Failed || rowCount > (uint)reader.Remaining * 8L || (columnCount == 0 && rowCount > 1))
        {
            return Rejected;
        }

        var rows = (int)rowCount;
        var columns = new RowColumn[columnCount];
        var names = new string[columnCount];
        for (var i = 0; i < columnCount; i++)
        {
            var kind = ColumnKind.ReadKind(ref reader);
            names[i] = ColumnNames.Get(reader.ReadUtf8());
            var nulls = ReadNulls(ref reader, rows);
            if (reader.Failed || kind?.Read(ref reader, rows, nulls) is not { } column || reader.Failed)
            {
                return Rejected;
            }

            columns[i] = column;
        }

        return reader.Remaining == 0
            ? new CachedEntry(new RowSet(rows, columns, names, ownsNames: true), snapshot, created, ttl, CachedEntry.NeverValidated)
            : Rejected;
    }

    private static ulong[]? ReadNulls(ref ByteReader reader, int rows)
    {
        if (reader.ReadByte() == 0)
        {
            return null;
        }

        var words = (rows + 63) >> 6;
        if ((long)words * 8 > reader.Remaining)
        {
            reader.Fail();
            return null;
        }

        var nulls = new ulong[words];
        for (var i = 0; i < words; i++)
        {
            nulls[i] = (ulong)reader.ReadInt64();
        }

        // Bits beyond the last row would make the count of values negative.
        if ((rows & 63) != 0 && nulls[^1] >> (rows & 63) != 0)
        {
            reader.Fail();
        }

        return nulls;
    }
}
