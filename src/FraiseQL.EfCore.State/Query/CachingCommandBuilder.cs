using Microsoft.EntityFrameworkCore.Storage;

namespace FraiseQL.EfCore.State.Query;

/// <summary>Builds commands that can answer from the cache.</summary>
internal sealed class CachingCommandBuilder(RelationalCommandBuilderDependencies dependencies) : RelationalCommandBuilder(dependencies)
{
    public override IRelationalCommand Build()
    {
        var built = base.Build();
        return new CachingRelationalCommand(Dependencies, built.CommandText, built.LogCommandText, built.Parameters);
    }
}
