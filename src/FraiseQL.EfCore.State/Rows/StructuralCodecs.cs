namespace FraiseQL.EfCore.State.Rows;

/// <summary>A type that nobody can change, as <see cref="Structure"/> found: kept in this process and handed out as it is.</summary>
internal readonly struct SharedCodec<T> : IValueCodec<T>
{
    public static int LeastSize => 1;

    public static bool IsShareable => false;

    public static void Write(ref ByteWriter writer, T value) => throw new NotSupportedException($"{typeof(T)} has no exact form for other processes.");

    public static T Read(ref ByteReader reader) => throw new NotSupportedException($"{typeof(T)} has no exact form for other processes.");

    public static long HeapSize(T value) => Structure.HeapSize(value);
}

/// <summary>A type whose values are copied field by field, for each caller.</summary>
internal readonly struct CopiedCodec<T> : IValueCodec<T>
{
    public static int LeastSize => 1;

    public static bool IsMutable => true;

    public static bool IsShareable => false;

    public static void Write(ref ByteWriter writer, T value) => throw new NotSupportedException($"{typeof(T)} has no exact form for other processes.");

    public static T Read(ref ByteReader reader) => throw new NotSupportedException($"{typeof(T)} has no exact form for other processes.");

    public static long HeapSize(T value) => Structure.HeapSize(value);

    public static T Copy(T value) => (T)StructuralCopy.Of(value!);

    // What a field of an interface type holds is known only now.
    public static T Keep(T value) => Copy(value);
}
