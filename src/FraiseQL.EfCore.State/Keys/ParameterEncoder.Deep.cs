using System.Buffers;
using System.Collections;
using System.Collections.Immutable;
using System.Collections.ObjectModel;
using System.Net;
using System.Runtime.CompilerServices;
using FraiseQL.EfCore.State.Rows;
using NpgsqlTypes;

namespace FraiseQL.EfCore.State.Keys;

/// <summary>Values that are made of others.</summary>
internal static partial class ParameterEncoder
{
    private const int MostKept = 64 * 1024;

    private static readonly HashSet<Type> s_collections =
    [
        typeof(List<>), typeof(HashSet<>), typeof(SortedSet<>), typeof(Queue<>), typeof(Collection<>), typeof(ObservableCollection<>), typeof(ReadOnlyCollection<>),
        typeof(ImmutableArray<>), typeof(ImmutableList<>), typeof(ImmutableHashSet<>), typeof(ImmutableSortedSet<>),
    ];

    [ThreadStatic]
    private static ArrayBufferWriter<byte>? t_buffer;

    // In a method of its own: what it needs on the stack is not for every parameter to pay.
    private static bool TryWriteDeep(ref KeyWriter writer, object value)
    {
        // A structure that holds itself, or is as deep as no value of a database is, has no exact form.
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack())
        {
            return false;
        }

        try
        {
            return value switch
            {
                Array { Rank: > 1 } array => TryWriteArray(ref writer, array),
                IEnumerable list when IsPlainCollection(value.GetType()) => TryWriteList(ref writer, list),
                _ => TryWriteByCodec(ref writer, value) || TryWriteFields(ref writer, value),
            };
        }
#pragma warning disable CA1031 // A value that its own code refuses to show (a default ImmutableArray): the query is answered by the database.
        catch (Exception)
#pragma warning restore CA1031
        {
            return false;
        }
    }

    private static bool TryWriteArray(ref KeyWriter writer, Array array)
    {
        writer.Byte(65);
        writer.Byte((byte)array.Rank);
        for (var dimension = 0; dimension < array.Rank; dimension++)
        {
            writer.Int32(array.GetLowerBound(dimension));
            writer.Int32(array.GetLength(dimension));
        }

        foreach (var element in array)
        {
            if (!TryWrite(ref writer, element))
            {
                return false;
            }
        }

        return true;
    }

    // Collections of which the server sees the elements, in their order, and nothing else. A query that runs anew each time is none.
    private static bool IsPlainCollection(Type type)
        => type.IsSZArray || (type.IsGenericType && s_collections.Contains(type.GetGenericTypeDefinition()));

    private static bool TryWriteList(ref KeyWriter writer, IEnumerable list)
    {
        var start = writer.Length;
        writer.Byte(List);
        writer.Int32(0);
        var count = 0;
        foreach (var element in list)
        {
            if (!TryWrite(ref writer, element))
            {
                return false;
            }

            count++;
        }

        writer.PutInt32(start + 1, count);
        return true;
    }

    /// <summary>The exact form that the type has as a column is one as a parameter too.</summary>
    private static bool TryWriteByCodec(ref KeyWriter writer, object value)
    {
        if (KindOf(value) is not { IsShareable: true } kind)
        {
            return false;
        }

        // Taken, so that a codec that throws leaves no half of a value behind.
        var buffer = t_buffer ?? new ArrayBufferWriter<byte>(256);
        t_buffer = null;
        buffer.ResetWrittenCount();
        var bytes = new ByteWriter(buffer);
        kind.WriteKind(ref bytes);
        kind.WriteValue(ref bytes, value);
        bytes.Flush();
        writer.Byte(66);
        writer.Int32(buffer.WrittenCount);
        writer.Bytes(buffer.WrittenSpan);
        t_buffer = buffer.Capacity <= MostKept ? buffer : null;

        return true;
    }

    // A value's own type may be one that the codec's type hides: a node of a text search query, an address that cannot be written to.
    private static ColumnKind? KindOf(object value) => value switch
    {
        NpgsqlTsQuery => ColumnKinds.Of(typeof(NpgsqlTsQuery)),
        IPAddress => ColumnKinds.Of(typeof(IPAddress)),
        _ => ColumnKinds.Of(value.GetType()),
    };

    /// <summary>Types that nobody can change are what their fields are: NodaTime's, and those of the application.</summary>
    private static bool TryWriteFields(ref KeyWriter writer, object value)
    {
        var type = value.GetType();
        if (!RuntimeFeature.IsDynamicCodeSupported || !Structure.IsImmutable(type) || Structure.FieldsOf(type) is not { Length: > 0 } fields)
        {
            return false;
        }

        writer.Byte(67);
        writer.Text(type.FullName);
        writer.Int32(fields.Length);
        foreach (var field in fields)
        {
            if (!TryWrite(ref writer, field.GetValue(value)))
            {
                return false;
            }
        }

        return true;
    }
}
