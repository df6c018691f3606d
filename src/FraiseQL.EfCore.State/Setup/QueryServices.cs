using FraiseQL.EfCore.State.Query;
using FraiseQL.EfCore.State.Writes;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Query;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.EntityFrameworkCore.Update;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace FraiseQL.EfCore.State.Setup;

/// <summary>What the read path and the writes of the application add to EF's internal services.</summary>
internal static class QueryServices
{
    public static void Add(IServiceCollection services)
    {
        if (services.Any(s => s.ServiceType == typeof(QueryPlanner)))
        {
            return;
        }

        new EntityFrameworkServicesBuilder(services)
            .TryAddProviderSpecificServices(b => b
                .TryAddSingleton<QueryPlanner, QueryPlanner>()
                .TryAddScoped<StateSession, StateSession>());

        // Without state, so one for all contexts; EF looks for both kinds among the plain interceptors.
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IInterceptor, CacheableRewriter>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IInterceptor, StateTransactionInterceptor>());
        services.AddScoped<IResettableService>(p => p.GetRequiredService<StateSession>());

        services.Decorate<IQuerySqlGeneratorFactory, PlanningSqlGeneratorFactory>((provider, inner) => new(
            provider.GetRequiredService<QuerySqlGeneratorDependencies>(), inner, provider.GetRequiredService<QueryPlanner>()));
        services.Replace(ServiceDescriptor.Singleton<IRelationalCommandBuilderFactory, CachingCommandBuilderFactory>());
        services.Decorate<IModificationCommandBatchFactory, DescribedBatchFactory>((provider, inner) => new(
            inner, provider.GetRequiredService<ModificationCommandBatchFactoryDependencies>(), provider.GetRequiredService<IDbContextOptions>(),
            provider.GetRequiredService<StateSession>()));
        services.Decorate<IDatabase, StateDatabase>((provider, inner) => new(
            inner, provider.GetRequiredService<StateSession>(), provider.GetRequiredService<IRelationalConnection>()));
    }
}
