using FraiseQL.EfCore.State.Keys;
using Microsoft.EntityFrameworkCore;

namespace FraiseQL.EfCore.State.Compiled;

/// <summary>One value that a query filter reads from the context, such as the tenant.</summary>
internal abstract class FilterValue
{
    /// <summary>Writes its exact bytes; <see langword="false"/> when it has none.</summary>
    public abstract bool TryWrite(ref KeyWriter writer, DbContext context);
}

/// <inheritdoc/>
internal sealed class FilterValue<T>(Func<DbContext, T> read) : FilterValue
{
    private static readonly KeyPart<T> s_part = KeyParts.Of<T>();

    public override bool TryWrite(ref KeyWriter writer, DbContext context) => s_part(ref writer, read(context));
}
