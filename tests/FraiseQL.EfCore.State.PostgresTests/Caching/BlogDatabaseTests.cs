namespace FraiseQL.EfCore.State.PostgresTests.Caching;

/// <summary>Tests that have a blog of their own on the shared server, each test a new one.</summary>
public abstract class BlogDatabaseTests : IAsyncLifetime
{
    protected string ConnectionString { get; private set; } = "";

    public virtual async Task InitializeAsync()
    {
        ConnectionString = await PostgresServer.CreateSharedDatabaseAsync();
        await Seed.CreateAsync(ConnectionString);
    }

    public virtual Task DisposeAsync() => Task.CompletedTask;
}

/// <summary>The same with a Redis of each test's own, which it may stop and flush.</summary>
public abstract class BlogDatabaseWithRedisTests : BlogDatabaseTests
{
    private protected RedisServer Redis { get; private set; } = null!;

    public override async Task InitializeAsync()
    {
        Redis = await RedisServer.StartPrivateAsync();
        await base.InitializeAsync();
    }

    public override async Task DisposeAsync()
    {
        await Redis.DisposeAsync();
        await base.DisposeAsync();
    }
}
