namespace FraiseQL.EfCore.State.Rows;

/// <summary>The one kind of a type and its codec, so that no column has to hold it. Thread-safe.</summary>
internal static class TheKind<T, TCodec>
    where TCodec : struct, IValueCodec<T>
{
    private static ColumnKind? s_kind;

    /// <summary>Columns of a kind exist only after the kind was made.</summary>
    public static ColumnKind Get => s_kind!;

    /// <summary>Answers the one that was set first.</summary>
    public static ColumnKind Set(ColumnKind made) => Interlocked.CompareExchange(ref s_kind, made, null) ?? made;
}
