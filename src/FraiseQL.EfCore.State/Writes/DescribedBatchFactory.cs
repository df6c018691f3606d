using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Update;

namespace FraiseQL.EfCore.State.Writes;

/// <summary>Makes batches that carry the context of the write when there is one, and Npgsql's own otherwise.</summary>
internal sealed class DescribedBatchFactory(
    IModificationCommandBatchFactory inner, ModificationCommandBatchFactoryDependencies dependencies, IDbContextOptions options, StateSession session)
    : IModificationCommandBatchFactory
{
    private const string Npgsqls = "Npgsql.EntityFrameworkCore.PostgreSQL.Update.Internal.NpgsqlModificationCommandBatchFactory";

    // A batch of somebody else's may know more than ours: it stays.
    private readonly bool _replaces = inner.GetType().FullName == Npgsqls;

    public ModificationCommandBatch Create()
        => _replaces && session.DescribeWrite() is { } description
            ? new DescribedBatch(dependencies, RelationalOptionsExtension.Extract(options).MaxBatchSize, description)
            : inner.Create();
}
