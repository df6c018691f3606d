using System.Buffers;
using FraiseQL.EfCore.State.Cache;
using Microsoft.Extensions.Caching.Distributed;

namespace FraiseQL.EfCore.State.Testing;

/// <summary>The context's own second level, disturbed as a test says. Thread-safe.</summary>
internal sealed class FaultySharedServer : SharedServer, IAsyncDisposable, IDisposable
{
    private readonly IDistributedCache _cache;
    private readonly SharedServer _inner;
    private readonly SharedLevelFaults _faults;
    private readonly TimeProvider _time;

    public FaultySharedServer(IDistributedCache cache, SharedLevelFaults faults, TimeProvider time)
    {
        _cache = cache;
        _inner = cache as SharedServer ?? new ForeignServer(cache, time);
        _faults = faults;
        _time = time;
    }

    public override bool CanAdd => _inner.CanAdd;

    public override bool KeepsOrder => _inner.KeepsOrder;

    public override string Backend => _inner.Backend;

    public override void Start() => _inner.Start();

    public override async Task<(int Answering, int All)> PingAsync(string key, TimeSpan timeout, CancellationToken token)
        => _faults.Begin() ? await _inner.PingAsync(key, await LeftAsync(timeout, token).ConfigureAwait(false), token).ConfigureAwait(false) : (0, 1);

    public override async ValueTask<bool> ReadAsync(string key, IBufferWriter<byte> destination, TimeSpan timeout, CancellationToken token)
        => _faults.Begin() && await _inner.ReadAsync(key, destination, await LeftAsync(timeout, token).ConfigureAwait(false), token).ConfigureAwait(false);

    public override bool Read(string key, IBufferWriter<byte> destination, TimeSpan timeout)
        => _faults.Begin() && _inner.Read(key, destination, Left(timeout));

    public override async ValueTask<bool> WriteAsync(string key, ReadOnlyMemory<byte> value, TimeSpan ttl, TimeSpan timeout, CancellationToken token)
        => !_faults.Begin() || await _inner.WriteAsync(key, value, ttl, await LeftAsync(timeout, token).ConfigureAwait(false), token).ConfigureAwait(false);

    public override async ValueTask<bool> AddAsync(string key, TimeSpan ttl, TimeSpan timeout, CancellationToken token)
        => !_faults.Begin() || await _inner.AddAsync(key, ttl, await LeftAsync(timeout, token).ConfigureAwait(false), token).ConfigureAwait(false);

    public override bool Add(string key, TimeSpan ttl, TimeSpan timeout) => !_faults.Begin() || _inner.Add(key, ttl, Left(timeout));

    public override async ValueTask DeleteAsync(string key, TimeSpan timeout, CancellationToken token)
    {
        if (_faults.Begin())
        {
            await _inner.DeleteAsync(key, await LeftAsync(timeout, token).ConfigureAwait(false), token).ConfigureAwait(false);
        }
    }

    public override Task<SharedLimits?> ReadLimitsAsync(TimeSpan timeout, CancellationToken token) => _inner.ReadLimitsAsync(timeout, token);

    public async ValueTask DisposeAsync()
    {
        if (_cache is IAsyncDisposable disposable)
        {
            await disposable.DisposeAsync().ConfigureAwait(false);
        }
        else
        {
            (_cache as IDisposable)?.Dispose();
        }
    }

    public void Dispose() => (_cache as IDisposable)?.Dispose();

    /// <summary>Waits as the fault says, and answers what is left of the budget.</summary>
    private async ValueTask<TimeSpan> LeftAsync(TimeSpan timeout, CancellationToken token)
    {
        var delay = _faults.Delay;
        if (delay > TimeSpan.Zero)
        {
            await Task.Delay(delay < timeout ? delay : timeout, _time, token).ConfigureAwait(false);
        }

        return Rest(timeout, delay);
    }

    private TimeSpan Left(TimeSpan timeout)
    {
        var delay = _faults.Delay;
        if (delay > TimeSpan.Zero)
        {
            using var never = new ManualResetEventSlim();
            never.Wait(delay < timeout ? delay : timeout);
        }

        return Rest(timeout, delay);
    }

    private static TimeSpan Rest(TimeSpan timeout, TimeSpan delay)
        => delay < timeout ? timeout - delay : throw new TimeoutException(TestingStrings.SharedLevelSlow);
}
