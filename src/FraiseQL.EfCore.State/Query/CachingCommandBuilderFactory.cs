using Microsoft.EntityFrameworkCore.Storage;

namespace FraiseQL.EfCore.State.Query;

/// <summary>Replaces EF's own factory, which does the same but for the type of the command.</summary>
internal sealed class CachingCommandBuilderFactory(RelationalCommandBuilderDependencies dependencies) : RelationalCommandBuilderFactory(dependencies)
{
    public override IRelationalCommandBuilder Create() => new CachingCommandBuilder(Dependencies);
}
