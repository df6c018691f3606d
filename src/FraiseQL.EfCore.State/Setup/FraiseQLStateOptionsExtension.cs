using FraiseQL.EfCore.State.Query;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.EntityFrameworkCore.Query;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace FraiseQL.EfCore.State.Setup;

/// <summary>What <c>UseFraiseQLState()</c> puts into the context's options. Holds no setting that alters EF's services.</summary>
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
    }

    /// <summary>Whether queries without a mark are cached too. Decided when a query is compiled, so part of EF's service provider.</summary>
    public bool CachesAllQueries { get; private init; }

    /// <summary>How long those live that do not say; read at each execution.</summary>
    public TimeSpan? CacheAllTtl { get; private init; }

    public FraiseQLStateOptionsExtension WithCacheAllQueries(TimeSpan? ttl) => new(this) { CachesAllQueries = true, CacheAllTtl = ttl };

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

        // A replacement takes the place of our decorator and of what it decorates: nothing would be cached, or captured, silently.
        var core = options.FindExtension<CoreOptionsExtension>();
        if (core?.ReplacedServices?.Keys.Select(k => k.Item1).FirstOrDefault(s_decorated.Contains) is { } replaced)
        {
            throw new InvalidOperationException(StateStrings.ReplacedService(replaced.Name));
        }

        if (core?.InternalServiceProvider is { } services && services.GetService(typeof(QueryPlanner)) is null)
        {
            throw new InvalidOperationException(StateStrings.NotInInternalServices);
        }
    }

    private sealed class ExtensionInfo(FraiseQLStateOptionsExtension extension) : DbContextOptionsExtensionInfo(extension)
    {
        private bool CachesAllQueries => ((FraiseQLStateOptionsExtension)Extension).CachesAllQueries;

        public override bool IsDatabaseProvider => false;

        public override string LogFragment => CachesAllQueries ? "using FraiseQL state, CacheAllQueries " : "using FraiseQL state ";

        public override int GetServiceProviderHashCode() => CachesAllQueries ? 1 : 0;

        public override bool ShouldUseSameServiceProvider(DbContextOptionsExtensionInfo other)
            => other is ExtensionInfo info && info.CachesAllQueries == CachesAllQueries;

        public override void PopulateDebugInfo(IDictionary<string, string> debugInfo) => debugInfo["FraiseQL:UseFraiseQLState"] = CachesAllQueries ? "2" : "1";
    }
}
