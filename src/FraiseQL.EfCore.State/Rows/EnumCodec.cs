namespace FraiseQL.EfCore.State.Rows;

/// <summary>An enum that the database has as a type of its own. Written by name: another node's build may number its members differently.</summary>
internal readonly struct EnumCodec<T> : IValueCodec<T>
    where T : struct, Enum
{
    public static int LeastSize => 2;

    public static void Write(ref ByteWriter writer, T value)
        => writer.WriteString(Enum.GetName(value) ?? throw new NotSupportedException("A value without a name has no exact form."));

    public static T Read(ref ByteReader reader) => Names.Values[reader.ReadString()];

    private static class Names
    {
        // Members that share a number share their first name.
        public static readonly Dictionary<string, T> Values =
            Enum.GetValues<T>().Distinct().ToDictionary(v => Enum.GetName(v)!, StringComparer.Ordinal);
    }
}
