using System.Globalization;
using FraiseQL.EfCore.State.FrontEnd;
using FraiseQL.EfCore.State.Query;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.EntityFrameworkCore.Query;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace FraiseQL.EfCore.State.Setup;

/// <summary>What <c>UseFraiseQLState()</c> puts into the context's options. Its flags alter what EF compiles, or EF's services.</summary>
internal sealed class FraiseQLStateOptionsExtension : IDbContextOptionsExtension
{
    private static readonly HashSet<Type> s_decorated =
    [
        typeof(IQuerySqlGeneratorFactory), typeof(IRelationalCommandBuilderFactory), typeof(IDatabase),
        typeof(IRelationalAnnotationProvider), typeof(IMigrationsSqlGenerator),
    ];

    private DbContextOptionsExtensionInfo? _info;

    public FraiseQLStateOptionsExtension()
    {
    }

    private FraiseQLStateOptionsExtension(FraiseQLStateOptionsExtension other)
    {
        CachesAllQueries = other.CachesAllQueries;
        CacheAllTtl = other.CacheAllTtl;
        UsesFastFrontEnd = other.UsesFastFrontEnd;
    }

    /// <summary>Whether queries without a mark are cached too. Decided when a query is compiled, so part of EF's service provider.</summary>
    public bool CachesAllQueries { get; private init; }

    /// <summary>How long those live that do not say; read at each execution.</summary>
    public TimeSpan? CacheAllTtl { get; private init; }

    /// <summary>Whether EF's query compiler is replaced, so part of EF's service provider.</summary>
    public bool UsesFastFrontEnd { get; private init; }

    public FraiseQLStateOptionsExtension WithCacheAllQueries(TimeSpan? ttl) => new(this) { CachesAllQueries = true, CacheAllTtl = ttl };

    public FraiseQLStateOptionsExtension WithFastFrontEnd() => new(this) { UsesFastFrontEnd = true };

    public DbContextOptionsExtensionInfo Info => _info ??= new ExtensionInfo(this);

    public void ApplyServices(IServiceCollection services)
    {
        services.AddEntityFrameworkFraiseQLState();
        if (UsesFastFrontEnd)
        {
            FrontEndQueryCompiler.AddTo(services);
        }
    }

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

        // A replacement takes the place of our decorator and of what it decorates: nothing would be cached, or captured, silently.
        var core = options.FindExtension<CoreOptionsExtension>();
        if (core?.ReplacedServices?.Keys.Select(k => k.Item1).FirstOrDefault(Needs) is { } replaced)
        {
            throw new InvalidOperationException(StateStrings.ReplacedService(replaced.Name));
        }

        if (core?.InternalServiceProvider is { } services && services.GetService(typeof(QueryPlanner)) is null)
        {
            throw new InvalidOperationException(StateStrings.NotInInternalServices);
        }

        if (UsesFastFrontEnd && core?.InternalServiceProvider is not null)
        {
            throw new InvalidOperationException(StateStrings.FrontEndNotInInternalServices);
        }
    }

    private bool Needs(Type service) => s_decorated.Contains(service) || (UsesFastFrontEnd && service == FrontEndQueryCompiler.Replaced);

    private sealed class ExtensionInfo(FraiseQLStateOptionsExtension extension) : DbContextOptionsExtensionInfo(extension)
    {
        private int Flags => (extension.CachesAllQueries ? 1 : 0) | (extension.UsesFastFrontEnd ? 2 : 0);

        public override bool IsDatabaseProvider => false;

        public override string LogFragment
            => $"using FraiseQL state{(extension.CachesAllQueries ? ", CacheAllQueries" : "")}{(extension.UsesFastFrontEnd ? ", UseFastFrontEnd" : "")} ";

        public override int GetServiceProviderHashCode() => Flags;

        public override bool ShouldUseSameServiceProvider(DbContextOptionsExtensionInfo other) => other is ExtensionInfo info && info.Flags == Flags;

        public override void PopulateDebugInfo(IDictionary<string, string> debugInfo)
            => debugInfo["FraiseQL:UseFraiseQLState"] = (Flags + 1).ToString(CultureInfo.InvariantCulture);
    }
}
