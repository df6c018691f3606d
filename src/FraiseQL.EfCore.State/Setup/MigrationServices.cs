using FraiseQL.EfCore.State.Migrations;
using FraiseQL.EfCore.State.Model;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Metadata.Conventions.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.Extensions.DependencyInjection;

namespace FraiseQL.EfCore.State.Setup;

/// <summary>What the model conventions and the migrations add to EF's internal services.</summary>
internal static class MigrationServices
{
    public static void Add(IServiceCollection services)
    {
        new EntityFrameworkServicesBuilder(services).TryAdd<IConventionSetPlugin, CaptureConventionPlugin>();
        services.Decorate<IRelationalAnnotationProvider, CaptureAnnotationProvider>(static (_, inner) => new(inner));
        services.Decorate<IMigrationsSqlGenerator, CaptureMigrationsSqlGenerator>(static (_, inner) => new(inner));
    }
}
