using FraiseQL.EfCore.State.Cache;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;

namespace FraiseQL.EfCore.State.PostgresTests.Cache;

/// <summary>A shared level as an application registers it, behind its guard.</summary>
internal sealed class LevelHost : IDisposable
{
    private readonly IHost _host;

    private LevelHost(IHost host)
    {
        _host = host;
        Level = new SharedLevel(Cache, new L2Options(), TimeProvider.System, NullLogger.Instance);
    }

    public SharedLevel Level { get; }

    public IDistributedCache Cache => _host.Services.GetRequiredKeyedService<IDistributedCache>(typeof(SomeContext));

    public static async Task<LevelHost> StartAsync(Action<FraiseQLStateBuilder> register)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new());
        register(builder.Services.AddFraiseQLState<SomeContext>(configure: options => options.Cdc.Enabled = false));
        var host = builder.Build();
        await host.StartAsync();
        return new LevelHost(host);
    }

    public void Dispose() => _host.Dispose();

    internal sealed class SomeContext : DbContext;
}

/// <summary>A level's operations as a test wants them.</summary>
internal static class LevelReads
{
    public static async Task<bool> StoresAsync(this SharedLevel level, string key)
        => await level.WriteAsync(key, new byte[] { 1 }, TimeSpan.FromMinutes(1), CancellationToken.None) == L2Result.Stored && await level.BytesAsync(key) is [1];

    public static async Task<byte[]?> BytesAsync(this SharedLevel level, string key)
    {
        using var buffer = new PayloadBuffer();
        return await level.ReadAsync(key, buffer, CancellationToken.None) ? buffer.Written.ToArray() : null;
    }

    public static byte[]? Bytes(this SharedLevel level, string key)
    {
        using var buffer = new PayloadBuffer();
        return level.Read(key, buffer) ? buffer.Written.ToArray() : null;
    }
}
