using System.Runtime.InteropServices;
using NpgsqlTypes;

namespace FraiseQL.EfCore.State.Keys;

/// <summary>
/// Writes one parameter value exactly: typed, culture-free and without loss. A type that has no exact form here is not cached.
/// </summary>
internal static partial class ParameterEncoder
{
    // The tags are part of L2 keys: never reuse or change one.
    private const byte Null = 0;
    private const byte List = 64;

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
            case byte[] v when v.GetType() == typeof(byte[]):
                writer.Byte(21);
                writer.Int32(v.Length);
                writer.Bytes(v);
                return true;
            case Enum v when Enum.GetName(v.GetType(), v) is { } name:
                // By name: what reaches the server is the name, and another build may number its members differently.
                writer.Byte(24);
                writer.Text(name);
                return true;
            case Enum v:
                writer.Byte(22);
                writer.Int64(Convert(v));
                return true;
            // For the runtime an array of enums or of unsigned numbers is an int[] too; those are written by element.
            case int[] v when v.GetType() == typeof(int[]):
                WriteNumbers(ref writer, v);
                return true;
            case List<int> v:
                WriteNumbers(ref writer, CollectionsMarshal.AsSpan(v));
                return true;
            case NpgsqlTsVector v:
                WriteVector(ref writer, v);
                return true;
            default:
                return TryWriteDeep(ref writer, value);
        }
    }

    private static long Convert(Enum value)
        => Type.GetTypeCode(value.GetType()) == TypeCode.UInt64
            ? (long)((IConvertible)value).ToUInt64(null)
            : ((IConvertible)value).ToInt64(null);

    // The bytes of TryWriteList, without a box for each number.
    private static void WriteNumbers(ref KeyWriter writer, ReadOnlySpan<int> values)
    {
        writer.Byte(List);
        writer.Int32(values.Length);
        foreach (var value in values)
        {
            writer.Byte(1);
            writer.Int32(value);
        }
    }

    private static void WriteVector(ref KeyWriter writer, NpgsqlTsVector value)
    {
        writer.Byte(25);
        writer.Int32(value.Count);
        foreach (var lexeme in value)
        {
            writer.Text(lexeme.Text);
            writer.Int32(lexeme.Count);
            for (var i = 0; i < lexeme.Count; i++)
            {
                writer.Int16((short)lexeme[i].Pos);
                writer.Byte((byte)lexeme[i].Weight);
            }
        }
    }
}
