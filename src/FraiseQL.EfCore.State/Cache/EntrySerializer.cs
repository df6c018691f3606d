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
/// Version 2 is a split query's: after that, seen (text) · tables (texts) · cells · pending cells · further results, each its plan (32 bytes) ·
/// rows · columns. In both, a column: kind (a number, and a name for the types of an application) · name · null words flag and words · values
/// of the rows that are not NULL.
/// </remarks>
internal sealed class EntrySerializer : IHybridCacheSerializer<CachedEntry>
{
    public const byte Version = 1;
    public const byte BundleVersion = 2;

    private const int PlanSize = 32;

    /// <summary>Stands for a payload that could not be read.</summary>
    public static readonly CachedEntry Rejected = new(new RowSet(0, [], []), null, default, default, CachedEntry.NeverValidated);

    public void Serialize(CachedEntry value, IBufferWriter<byte> target)
    {
        var writer = new ByteWriter(target);
        writer.WriteByte((byte)'F');
        writer.WriteByte((byte)'Q');
        writer.WriteByte(value.Bundle is null ? Version : BundleVersion);
        writer.WriteInt64(value.CreatedAt.UtcTicks);
        writer.WriteInt64(value.Ttl.Ticks);
        writer.WriteString(value.Snapshot?.ToString() ?? string.Empty);
        WriteRows(ref writer, value.Rows);
        if (value.Bundle is { } bundle)
        {
            WriteBundle(ref writer, bundle);
        }

        writer.Flush();
    }

    private static void WriteBundle(ref ByteWriter writer, QueryBundle bundle)
    {
        writer.WriteString(bundle.Seen?.ToString() ?? string.Empty);
        writer.WriteCount(bundle.Relations.Length);
        foreach (var relation in bundle.Relations)
        {
            writer.WriteString(relation);
        }

        foreach (var cells in (ReadOnlySpan<int[]>)[bundle.Cells, bundle.PendingCells])
        {
            writer.WriteCount(cells.Length);
            foreach (var cell in cells)
            {
                writer.WriteInt32(cell);
            }
        }

        writer.WriteCount(bundle.Parts.Length);
        foreach (var part in bundle.Parts)
        {
            writer.WriteBytes(part.Plan);
            WriteRows(ref writer, part.Rows);
        }
    }

    private static void WriteRows(ref ByteWriter writer, RowSet rows)
    {
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
        if (reader.ReadByte() != 'F' || reader.ReadByte() != 'Q' || reader.ReadByte() is var version && version is not (Version or BundleVersion))
        {
            return Rejected;
        }

        var created = new DateTimeOffset(reader.ReadInt64(), TimeSpan.Zero);
        var ttl = new TimeSpan(reader.ReadInt64());
        if (!PgSnapshot.TryParse(reader.ReadString(), out var snapshot))
        {
            return Rejected;
        }

        if (ReadRows(ref reader) is not { } rows)
        {
            return Rejected;
        }

        var bundle = version == BundleVersion ? ReadBundle(ref reader) : null;
        return reader.Remaining == 0 && !reader.Failed && (bundle is not null || version == Version)
            ? new CachedEntry(rows, snapshot, created, ttl, CachedEntry.NeverValidated, bundle)
            : Rejected;
    }

    private static QueryBundle? ReadBundle(ref ByteReader reader)
    {
        var seenText = reader.ReadString();
        PgSnapshot? seen = null;
        if (seenText.Length > 0 && !PgSnapshot.TryParse(seenText, out seen))
        {
            return null;
        }

        var relations = new string[reader.ReadCount()];
        for (var i = 0; i < relations.Length; i++)
        {
            relations[i] = reader.ReadString();
        }

        if (ReadCells(ref reader) is not { } cells || ReadCells(ref reader) is not { } pendingCells)
        {
            return null;
        }

        var parts = new BundlePart[reader.ReadCount(leastElementSize: PlanSize + 2)];
        for (var i = 0; i < parts.Length; i++)
        {
            var plan = reader.Take(PlanSize).ToArray();
            if (ReadRows(ref reader) is not { } rows)
            {
                return null;
            }

            parts[i] = new BundlePart(plan, rows);
        }

        return reader.Failed ? null : new QueryBundle(seen, relations, cells, columns: null, pendingCells, parts);
    }

    private static int[]? ReadCells(ref ByteReader reader)
    {
        var cells = new int[reader.ReadCount(leastElementSize: sizeof(int))];
        for (var i = 0; i < cells.Length; i++)
        {
            cells[i] = reader.ReadInt32();
            if ((uint)cells[i] >= CellHash.CellCount)
            {
                return null;
            }
        }

        return reader.Failed ? null : cells;
    }

    private static RowSet? ReadRows(ref ByteReader reader)
    {
        // A row of only NULLs takes no bytes but its bits: bound the count by those.
        var rowCount = reader.ReadVarUInt32();
        var columnCount = reader.ReadCount(leastElementSize: 3);
        if (reader.Failed || rowCount > (uint)reader.Remaining * 8L || (columnCount == 0 && rowCount > 1))
        {
            return null;
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
                return null;
            }

            columns[i] = column;
        }

        return new RowSet(rows, columns, names, ownsNames: true);
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
