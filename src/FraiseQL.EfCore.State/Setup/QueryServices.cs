using Microsoft.Extensions.DependencyInjection;

namespace FraiseQL.EfCore.State.Setup;

/// <summary>What the read path and the write interceptors add to EF's internal services.</summary>
internal static class QueryServices
{
    public static void Add(IServiceCollection services)
    {
    }
}
