using System.Buffers;
using System.Globalization;
using FraiseQL.EfCore.State.Cache;
using Microsoft.Extensions.Logging;

namespace FraiseQL.EfCore.State.Memcached;

/// <summary>
/// Memcached servers as the one shared server. Of several, one that fails costs its share only: as long as another works, its keys are
/// misses and not failures, so that the whole level is not left alone for the sake of one.
/// </summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class MemcachedCache : SharedServer, IDisposable
{
    private static readonly byte[] s_mark = "1"u8.ToArray();

    private readonly ServerPool[] _servers;
    private readonly ServerRing _ring;
    private readonly TimeProvider _time;

    public MemcachedCache(IReadOnlyList<MemcachedAddress> addresses, MemcachedOptions options, TimeProvider time, ILogger logger)
    {
        var threads = new BlockingCalls();
        _servers = [.. addresses.Select(address => new ServerPool(address, options, threads, time, logger))];
        _ring = new ServerRing(addresses);
        _time = time;
    }

    public override string Backend => "memcached";

    public override async Task<(int Answering, int All)> PingAsync(string key, TimeSpan timeout, CancellationToken token)
    {
        var answers = await Task.WhenAll(_servers.Select(async server =>
        {
            try
            {
                await server.ExchangeAsync(MetaProtocol.Get(key), null, null, async: true, timeout, token).ConfigureAwait(false);
                return true;
            }
#pragma warning disable CA1031 // It does not answer, whatever the reason.
            catch (Exception) when (!token.IsCancellationRequested)
#pragma warning restore CA1031
            {
                return false;
            }
        })).ConfigureAwait(false);
        return (answers.Count(answered => answered), _servers.Length);
    }

    public override async ValueTask<bool> ReadAsync(string key, IBufferWriter<byte> destination, TimeSpan timeout, CancellationToken token)
        => await ExchangeAsync(key, MetaProtocol.Get(key), null, destination, async: true, timeout, token).ConfigureAwait(false) == MetaStatus.Value;

    public override bool Read(string key, IBufferWriter<byte> destination, TimeSpan timeout)
    {
        // Completed already: every step of the synchronous form is.
        var run = ExchangeAsync(key, MetaProtocol.Get(key), null, destination, async: false, timeout, CancellationToken.None);
        return (run.IsCompleted ? run.Result : run.AsTask().GetAwaiter().GetResult()) == MetaStatus.Value;
    }

    public override async ValueTask<bool> WriteAsync(
        string key, ReadOnlyMemory<byte> value, TimeSpan ttl, TimeSpan timeout, CancellationToken token)
        => await ExchangeAsync(key, MetaProtocol.Set(key, value.Length, ttl, _time), value, null, async: true, timeout, token).ConfigureAwait(false)
            == MetaStatus.Done;

    public override bool CanAdd => true;

    public override async ValueTask<bool> AddAsync(string key, TimeSpan ttl, TimeSpan timeout, CancellationToken token)
        => await ExchangeAsync(key, MetaProtocol.Add(key, s_mark.Length, ttl, _time), s_mark, null, async: true, timeout, token).ConfigureAwait(false)
            == MetaStatus.Done;

    public override bool Add(string key, TimeSpan ttl, TimeSpan timeout)
    {
        var run = ExchangeAsync(key, MetaProtocol.Add(key, s_mark.Length, ttl, _time), s_mark, null, async: false, timeout, CancellationToken.None);
        return (run.IsCompleted ? run.Result : run.AsTask().GetAwaiter().GetResult()) == MetaStatus.Done;
    }

    public override async ValueTask DeleteAsync(string key, TimeSpan timeout, CancellationToken token)
        => await ExchangeAsync(key, MetaProtocol.Delete(key), null, null, async: true, timeout, token).ConfigureAwait(false);

    public override async Task<SharedLimits?> ReadLimitsAsync(TimeSpan timeout, CancellationToken token)
    {
        var all = 0L;
        var evicts = true;
        foreach (var server in _servers)
        {
            var settings = await server.SettingsAsync(timeout, token).ConfigureAwait(false);
            all += settings.TryGetValue("maxbytes", out var text) && long.TryParse(text, CultureInfo.InvariantCulture, out var most)
                ? most
                : throw new InvalidDataException();
            evicts &= !settings.TryGetValue("evictions", out var answer) || answer != "off";
        }

        return new SharedLimits(all, evicts);
    }

    public void Dispose()
    {
        foreach (var server in _servers)
        {
            server.Dispose();
        }
    }

    private async ValueTask<MetaStatus> ExchangeAsync(
        string key, byte[] line, ReadOnlyMemory<byte>? value, IBufferWriter<byte>? destination, bool async, TimeSpan timeout, CancellationToken token)
    {
        var server = _servers[_ring.Of(key)];
        if (!server.MayTry())
        {
            return AnotherWorks(server) ? MetaStatus.Missing : throw new IOException();
        }

        try
        {
            return await server.ExchangeAsync(line, value, destination, async, timeout, token).ConfigureAwait(false);
        }
        catch (Exception error) when (!(error is OperationCanceledException && token.IsCancellationRequested) && AnotherWorks(server))
        {
            return MetaStatus.Missing;
        }
    }

    private bool AnotherWorks(ServerPool failed)
    {
        foreach (var server in _servers)
        {
            if (server != failed && !server.IsDead)
            {
                return true;
            }
        }

        return false;
    }
}
