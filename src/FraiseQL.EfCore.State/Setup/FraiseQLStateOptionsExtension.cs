using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace FraiseQL.EfCore.State.Setup;

/// <summary>What <c>UseFraiseQLState()</c> puts into the context's options. Holds no setting that alters EF's services.</summary>
internal sealed class FraiseQLStateOptionsExtension : IDbContextOptionsExtension
{
    private DbContextOptionsExtensionInfo? _info;

    public DbContextOptionsExtensionInfo Info => _info ??= new ExtensionInfo(this);

    public void ApplyServices(IServiceCollection services) => services.AddEntityFrameworkFraiseQLState();

    public void Validate(IDbContextOptions options)
    {
        var provider = options.Extensions.FirstOrDefault(e => e.Info.IsDatabaseProvider);
        if (provider is null)
        {
            throw new InvalidOperationException(StateStrings.NoProvider);
        }

        if (provider.GetType().Assembly.GetName().Name != "Npgsql.EntityFrameworkCore.PostgreSQL")
        {
            throw new InvalidOperationException(StateStrings.OtherProvider(provider.GetType().Assembly.GetName().Name));
        }
    }

    private sealed class ExtensionInfo(IDbContextOptionsExtension extension) : DbContextOptionsExtensionInfo(extension)
    {
        public override bool IsDatabaseProvider => false;

        public override string LogFragment => "using FraiseQL state ";

        public override int GetServiceProviderHashCode() => 0;

        public override bool ShouldUseSameServiceProvider(DbContextOptionsExtensionInfo other) => other is ExtensionInfo;

        public override void PopulateDebugInfo(IDictionary<string, string> debugInfo) => debugInfo["FraiseQL:UseFraiseQLState"] = "1";
    }
}
