using Microsoft.Extensions.DependencyInjection;

namespace FraiseQL.EfCore.State.Setup;

/// <summary>What the model conventions and the migrations add to EF's internal services.</summary>
internal static class MigrationServices
{
    public static void Add(IServiceCollection services)
    {
    }
}
