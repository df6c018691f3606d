using FraiseQL.EfCore.State;

// ReSharper disable once CheckNamespace
namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Says who writes.</summary>
public static class FraiseQLStateWriteExtensions
{
    /// <summary>
    /// Gives the events of this application's writes the tenant, the actor, and what else is worth knowing of a write. It is sent with the write,
    /// and applies to <c>SaveChanges</c>, <c>ExecuteUpdate</c>, <c>ExecuteDelete</c> and <c>ExecuteSql</c> (outside of a transaction only where
    /// the SQL begins with INSERT, UPDATE, DELETE, MERGE or WITH).
    /// </summary>
    /// <param name="builder">The builder.</param>
    /// <param name="describe">
    /// Called before each write, and once for each batch of a <c>SaveChanges</c>: it should only read what is at hand. When it throws, the
    /// write is carried out without a context, and that is logged once.
    /// </param>
    /// <returns>The same builder. Of several calls all apply, in their order.</returns>
    public static FraiseQLStateBuilder DescribeWrites(this FraiseQLStateBuilder builder, Action<WriteContext> describe)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(describe);
        builder.Services.AddKeyedSingleton<Action<WriteContext>>((object)builder.ContextType, describe);
        return builder;
    }
}
