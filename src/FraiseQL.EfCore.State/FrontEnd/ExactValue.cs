namespace FraiseQL.EfCore.State.FrontEnd;

/// <summary>Constants that may be part of a shape: values that cannot change, and are equal only if nobody can tell them apart.</summary>
internal static class ExactValue
{
    /// <summary>Whether values of the type may be compared here. Others may be mutable, or equal to one from which they differ.</summary>
    public static bool Understands(Type type)
        => type.IsPrimitive || type.IsEnum || type == typeof(string) || type == typeof(decimal) || type == typeof(Guid) || type == typeof(DateTime)
            || type == typeof(TimeSpan) || type == typeof(DateTimeOffset) || type == typeof(DateOnly) || type == typeof(TimeOnly);

    /// <summary>Compares two tokens: constants, or what stands for itself (types, members, options).</summary>
    public static bool AreEqual(object? one, object? other) => (one, other) switch
    {
        (null, null) => true,
        (null, _) or (_, null) => false,
        (double a, double b) => BitConverter.DoubleToInt64Bits(a) == BitConverter.DoubleToInt64Bits(b),
        (float a, float b) => BitConverter.SingleToInt32Bits(a) == BitConverter.SingleToInt32Bits(b),
        (decimal a, decimal b) => a == b && a.Scale == b.Scale,
        (DateTime a, DateTime b) => a.Ticks == b.Ticks && a.Kind == b.Kind,
        (DateTimeOffset a, DateTimeOffset b) => a.EqualsExact(b),
        _ => one.Equals(other),
    };
}
