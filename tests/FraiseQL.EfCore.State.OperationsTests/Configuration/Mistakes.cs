using FraiseQL.EfCore.State.PostgresTests.Caching;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace FraiseQL.EfCore.State.OperationsTests.Configuration;

/// <summary>What people get wrong: each a way to set an application up that cannot work.</summary>
internal static class Mistakes
{
    public const string Secret = "s3cret-of-the-cache";

    // Nobody is asked: the start must fail before.
    private const string NoServer = "Host=127.0.0.1;Port=1;Database=none;Username=none;Timeout=1";

    public static readonly IReadOnlyDictionary<string, Action<HostApplicationBuilder>> All = new Dictionary<string, Action<HostApplicationBuilder>>(StringComparer.Ordinal)
    {
        ["a typing error in a key"] = With("Cache:DefaultTtll=00:01:00"),
        ["a key that is almost one"] = With("Cache:L1:MaxSize=100"),
        ["a section that takes no value"] = With("Cache=true"),
        ["a key of a profile that is none"] = With("Cache:Profiles:Hot:TimeToLive=00:01:00"),
        ["two mistakes at once"] = With("Cdc:PolInterval=00:00:01", "Cache:Enabled=on"),
        ["seconds without a unit"] = With("Cache:DefaultTtl=300"),
        ["seconds without a unit in a profile"] = With("Cache:Profiles:Hot:Ttl=60"),
        ["a part of a second without a unit"] = With("Cache:Profiles:RealTime:MissBudget=0.1"),
        ["a time in words"] = With("Cache:L2:Timeout=100ms"),
        ["24 hours as a time of day"] = With("Cache:DefaultTtl=24:00:00"),
        ["yes instead of true"] = With("Cache:Lists=yes"),
        ["a number with a unit"] = With("Cache:L1:MaxSizeMb=500MB"),
        ["a number beyond all bounds"] = With("Cache:MaxRows=5000000000"),
        ["a share in words"] = With("Consistency:CheckRate=often"),
        ["a first level that does not exist"] = With("Cache:L1:Backend=Redis"),
        ["an eviction that does not exist"] = With("Cache:L1:Eviction=Fifo"),
        ["a second level that does not exist"] = With("Cache:L2:Backend=Valkey"),
        ["a strategy that does not exist"] = With("Cache:Invalidation:Strategy=Tags"),
        ["an isolation that PostgreSQL lacks"] = With("Consistency:Isolation=Snapshot"),
        ["a transport of another version"] = With("Cdc:Transport=LogicalReplication"),
        ["a negative size"] = With("Cache:L1:MaxSizeMb=-1"),
        ["a time to live of zero"] = With("Cache:DefaultTtl=00:00:00"),
        ["a time to live without end"] = With("Cache:Profiles:Static:Ttl=400.00:00:00"),
        ["no time for the shared server"] = With("Cache:L2:Timeout=00:00:00"),
        ["a silence shorter than the heartbeat"] = With("Consistency:MaxSilence=00:00:01"),
        ["a heartbeat faster than the poll"] = With("Cdc:IdlePollInterval=00:00:00.05"),
        ["a first pause longer than the longest"] = With("Cdc:Retry:MinDelay=00:01:00"),
        ["a share above one"] = With("Consistency:CheckRate=5"),
        ["no warm-up at a time"] = With("Cache:Warmup:Parallelism=0"),
        ["a batch of nothing"] = With("Cache:Invalidation:BatchSize=0"),
        ["a threshold of health that does not exist"] = With("Diagnostics:Health:MaxBaklog=50"),
        ["tags of health checks"] = With("Diagnostics:Health:Tags:0=ready"),
        ["a threshold of health without a unit"] = With("Diagnostics:Health:MaxResponseTime=5"),
        ["a status that does not exist"] = With("Diagnostics:Health:FailureStatus=Broken"),
        ["a value of all of health"] = With("Diagnostics:Health=true"),
        ["a backlog of nothing"] = With(state => state.Services.AddHealthChecks().AddFraiseQLState<BlogContext>(), "Diagnostics:Health:MaxBacklog=0"),
        ["staleness without a bound"] = With("Consistency:Default=BoundedStaleness"),
        ["a bound beside a level that has none"] = With("Cache:Profiles:Hot:Consistency=Strict", "Cache:Profiles:Hot:MaxStaleness=00:00:10"),
        ["strict without a listener"] = With("Consistency:Default=Strict", "Cdc:Enabled=false"),
        ["strict, and changes pass unseen"] = With("Consistency:Default=Strict", "Cache:Invalidation:Strategy=None"),
        ["a delay as long as the silence"] = With("Cache:Invalidation:Delay=00:00:05"),
        ["ready when warm, and never warmed"] = With("Cache:Warmup:Required=true", "Cache:WarmupOnStartup=false"),
        ["a refresh before the result is there"] = With("Cache:Profiles:Hot:Ttl=00:00:10", "Cache:Profiles:Hot:RefreshAhead=00:01:00"),
        ["Redis without its package"] = With("Cache:L2:Backend=Redis"),
        ["an address without a package"] = With($"Cache:L2:Url=redis://cache:{Secret}@redis:6379"),
        ["an address of Memcached without its package"] = With("Cache:L2:Url=memcached://one:11211,two:11211"),
        ["Custom without a cache"] = With("Cache:L2:Backend=Custom"),
        ["Redis named, Memcached called"] = With(state => state.AddMemcached("127.0.0.1:1"), "Cache:L2:Backend=Redis"),
        ["AddRedis() without an address"] = With(state => state.AddRedis()),
        ["AddMemcached() without an address"] = With(state => state.AddMemcached()),
        ["an address of another server"] = With(state => state.AddRedis(), $"Cache:L2:Url=http://user:{Secret}@redis:6379"),
        ["an address with an unknown option"] = With(state => state.AddRedis(), $"Cache:L2:Url=redis:6379,passwort={Secret}"),
        ["a password for Memcached"] = With(state => state.AddMemcached(), $"Cache:L2:Url=memcached://user:{Secret}@one:11211"),
        ["two addresses"] = With(state => state.AddRedis($"redis:6379,password={Secret}"), $"Cache:L2:Url=redis://:{Secret}@other:6379"),
        ["an address for a cache of one's own"] = With(state => state.AddDistributedCache(), $"Cache:L2:Url=redis://:{Secret}@redis:6379"),
        ["a cache of one's own that nobody registered"] = With(state => state.AddDistributedCache()),
        ["the whole configuration"] = builder => Add(builder, builder.Configuration, "Cache:DefaultTtl=00:01:00"),
        ["a context that is not registered"] = builder => builder.Services.AddFraiseQLState<BlogContext>(),
        ["a context without a database"] = builder => AddWith(builder, o => o.UseFraiseQLState()),
        ["a database that is not PostgreSQL"] = builder => AddWith(builder, o => o.UseSqlite("Data Source=:memory:").UseFraiseQLState()),
        ["a context without state"] = builder => AddWith(builder, o => o.UseNpgsql(NoServer)),
        ["an entity with an unknown profile"] = builder =>
        {
            builder.Services.AddDbContext<MistakenContext>(o => o.UseNpgsql(NoServer).UseFraiseQLState());
            builder.Services.AddFraiseQLState<MistakenContext>();
        },
        ["a handler of what is no entity"] = With(state => state.OnEvent<Mistaken>("mistaken_created", (_, _, _) => Task.CompletedTask)),
        ["two warm-ups of one name"] = With(state => state
            .AddWarmup("posts", (BlogContext db) => db.Posts.Cacheable()).AddWarmup("posts", (BlogContext db) => db.Posts.Cacheable())),
        ["a warm-up of another context"] = With(state => state.AddWarmup("posts", (MistakenContext db) => db.All.Cacheable())),
        ["two contexts in one group of handlers"] = builder =>
        {
            With("Cdc:HandlerGroup=shop")(builder);
            builder.Services.AddDbContext<MistakenContext>(o => o.UseNpgsql(NoServer).UseFraiseQLState());
            builder.Services.AddFraiseQLState<MistakenContext>(configure: o => o.Cdc.HandlerGroup = "shop");
        },
    };

    private static Action<HostApplicationBuilder> With(params string[] lines) => With(_ => { }, lines);

    private static Action<HostApplicationBuilder> With(Action<FraiseQLStateBuilder> state, params string[] lines) => builder =>
    {
        builder.Services.AddDbContext<BlogContext>(o => o.UseNpgsql(NoServer).UseFraiseQLState());
        state(Add(builder, builder.Configuration.GetSection(Section.Path), lines));
    };

    private static FraiseQLStateBuilder Add(HostApplicationBuilder builder, IConfiguration section, params string[] lines)
    {
        builder.Configuration.AddInMemoryCollection(lines.Select(Section.Pair));
        return builder.Services.AddFraiseQLState<BlogContext>(section);
    }

    private static void AddWith(HostApplicationBuilder builder, Action<DbContextOptionsBuilder> context)
    {
        builder.Services.AddDbContext<BlogContext>(context);
        builder.Services.AddFraiseQLState<BlogContext>();
    }
}

public sealed class Mistaken
{
    public int Id { get; set; }
}

public sealed class MistakenContext(DbContextOptions<MistakenContext> options) : DbContext(options)
{
    public DbSet<Mistaken> All => Set<Mistaken>();

    protected override void OnModelCreating(ModelBuilder modelBuilder) => modelBuilder.Entity<Mistaken>().HasCacheProfile("Hott");
}
