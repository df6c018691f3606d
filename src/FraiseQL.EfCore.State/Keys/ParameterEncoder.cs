using System.Runtime.InteropServices;

namespace FraiseQL.EfCore.State.Keys;

/// <summary>
/// Writes one parameter value exactly: typed, culture-free and without loss. A type that has no exact form here is not cached.
/// </summary>
internal static class ParameterEncoder
{
    // The tags are part of L2 keys: never reuse or change one.
    private const byte Null = 0;

    /// <summary>Appends the value; answers <see langword="false"/> when its type has no exact form.</summary>
    public static bool TryWrite(ref KeyWriter writer, object? value)
    {
        switch (value)
        {
            case null or DBNull:
                writer.Byte(Null);
                return true;
            case int v:
                writer.Byte(1);
                writer.Int32(v);
                return true;
            case string v:
                writer.Byte(2);
                writer.Text(v);
                return true;
            case long v:
                writer.Byte(3);
                writer.Int64(v);
                return true;
            case Guid v:
                writer.Byte(4);
                writer.Bytes(MemoryMarshal.AsBytes(new ReadOnlySpan<Guid>(in v)));
                return true;
            case bool v:
                writer.Byte(5);
                writer.Byte(v ? (byte)1 : (byte)0);
                return true;
            case DateTime v:
                writer.Byte(6);
                writer.Int64(v.Ticks);
                writer.Byte((byte)v.Kind);
                return true;
            case short v:
                writer.Byte(7);
                writer.Int16(v);
                return true;
            case decimal v:
                writer.Byte(8);
                Span<int> bits = stackalloc int[4];
                decimal.GetBits(v, bits);
                writer.Bytes(MemoryMarshal.AsBytes(bits));
                return true;
            case DateTimeOffset v:
                writer.Byte(9);
                writer.Int64(v.Ticks);
                writer.Int64(v.Offset.Ticks);
                return true;
            case DateOnly v:
                writer.Byte(10);
                writer.Int32(v.DayNumber);
                return true;
            case TimeOnly v:
                writer.Byte(11);
                writer.Int64(v.Ticks);
                return true;
            case TimeSpan v:
                writer.Byte(12);
                writer.Int64(v.Ticks);
                return true;
            case double v:
                writer.Byte(13);
                writer.Int64(BitConverter.DoubleToInt64Bits(v));
                return true;
            case float v:
                writer.Byte(14);
                writer.Int32(BitConverter.SingleToInt32Bits(v));
                return true;
            case char v:
                writer.Byte(15);
                writer.Int16((short)v);
                return true;
            case byte v:
                writer.Byte(16);
                writer.Byte(v);
                return true;
            case sbyte v:
                writer.Byte(17);
                writer.Byte((byte)v);
                return true;
            case ushort v:
                writer.Byte(18);
                writer.Int16((short)v);
                return true;
            case uint v:
                writer.Byte(19);
                writer.Int32((int)v);
                return true;
            case ulong v:
                writer.Byte(20);
                writer.Int64((long)v);
                return true;
            case byte[] v:
                writer.Byte(21);
                writer.Int32(v.Length);
                writer.Bytes(v);
                return true;
            case Enum v:
                // The plan fixes which enum it is; the underlying number is all that differs.
                writer.Byte(22);
                writer.Int64(Convert(v));
                return true;
            default:
                return TryWriteList(ref writer, value);
        }
    }

    private static long Convert(Enum value)
        => Type.GetTypeCode(value.GetType()) == TypeCode.UInt64
            ? (long)((IConvertible)value).ToUInt64(null)
            : ((IConvertible)value).ToInt64(null);

    private static bool TryWriteList(ref KeyWriter writer, object value)
    {
        // Only shapes whose elements are all that the server sees; a set or a custom collection may hide an order or a comparer.
        if (value is not System.Collections.IList list
            || (!value.GetType().IsArray && !(value.GetType().IsGenericType && value.GetType().GetGenericTypeDefinition() == typeof(List<>)))
            || (value is Array { Rank: > 1 }))
        {
            return false;
        }

        writer.Byte(64);
        writer.Int32(list.Count);
        foreach (var element in list)
        {
            if (element is System.Collections.IList and not byte[] || !TryWrite(ref writer, element))
            {
                return false;
            }
        }

        return true;
    }
}
