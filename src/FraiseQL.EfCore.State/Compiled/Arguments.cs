using FraiseQL.EfCore.State.Keys;

namespace FraiseQL.EfCore.State.Compiled;

/// <summary>The arguments of one execution, by value.</summary>
internal interface IArguments
{
    /// <summary>Writes their exact bytes; <see langword="false"/> when one has none.</summary>
    bool TryWrite(ref KeyWriter writer);
}

/// <summary>None.</summary>
internal readonly record struct Arguments : IArguments
{
    public bool TryWrite(ref KeyWriter writer) => true;
}

/// <summary>One.</summary>
internal readonly record struct Arguments<T1>(T1 First) : IArguments
{
    private static readonly KeyPart<T1> s_first = KeyParts.Of<T1>();

    public bool TryWrite(ref KeyWriter writer) => s_first(ref writer, First);
}

/// <summary>Two.</summary>
internal readonly record struct Arguments<T1, T2>(T1 First, T2 Second) : IArguments
{
    private static readonly KeyPart<T1> s_first = KeyParts.Of<T1>();
    private static readonly KeyPart<T2> s_second = KeyParts.Of<T2>();

    public bool TryWrite(ref KeyWriter writer) => s_first(ref writer, First) && s_second(ref writer, Second);
}

/// <summary>Three.</summary>
internal readonly record struct Arguments<T1, T2, T3>(T1 First, T2 Second, T3 Third) : IArguments
{
    private static readonly KeyPart<T1> s_first = KeyParts.Of<T1>();
    private static readonly KeyPart<T2> s_second = KeyParts.Of<T2>();
    private static readonly KeyPart<T3> s_third = KeyParts.Of<T3>();

    public bool TryWrite(ref KeyWriter writer) => s_first(ref writer, First) && s_second(ref writer, Second) && s_third(ref writer, Third);
}

/// <summary>Four.</summary>
internal readonly record struct Arguments<T1, T2, T3, T4>(T1 First, T2 Second, T3 Third, T4 Fourth) : IArguments
{
    private static readonly KeyPart<T1> s_first = KeyParts.Of<T1>();
    private static readonly KeyPart<T2> s_second = KeyParts.Of<T2>();
    private static readonly KeyPart<T3> s_third = KeyParts.Of<T3>();
    private static readonly KeyPart<T4> s_fourth = KeyParts.Of<T4>();

    public bool TryWrite(ref KeyWriter writer)
        => s_first(ref writer, First) && s_second(ref writer, Second) && s_third(ref writer, Third) && s_fourth(ref writer, Fourth);
}
