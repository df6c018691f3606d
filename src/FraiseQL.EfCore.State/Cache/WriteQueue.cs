using System.Collections.Concurrent;
using FraiseQL.EfCore.State.Diagnostics;

namespace FraiseQL.EfCore.State.Cache;

/// <summary>
/// Entries on their way to the shared server. Nobody waits for them: they are serialised and sent by a few tasks in the background, wait while the
/// server is being left alone, and only when the queue is full the oldest is dropped, and counted.
/// </summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class WriteQueue : IThreadPoolWorkItem, IDisposable
{
    public const int MostEntries = 8192;
    public const long MostBytes = 64 * 1024 * 1024;
    private const int MostWorkers = 16;

    private static readonly TimeSpan s_betweenProbes = TimeSpan.FromMilliseconds(100);

    private readonly ConcurrentQueue<Write> _writes = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationToken _stopped;
    private readonly EntrySerializer _serializer = new();
    private readonly SharedLevel _level;
    private long _bytes;
    private int _count;
    private int _unfinished;
    private int _workers;

    public WriteQueue(SharedLevel level)
    {
        _level = level;
        _stopped = _stop.Token;
        StateMetrics.Observe(this);
    }

    /// <summary>Entries that wait or are being sent.</summary>
    public int Unfinished => Volatile.Read(ref _unfinished);

    private int Count => Volatile.Read(ref _count);

    public void Add(string key, CachedEntry entry, DateTimeOffset expiresAt, FillLease? lease = null)
    {
        if (_stopped.IsCancellationRequested)
        {
            return;
        }

        var write = new Write(key, entry, entry.HeapSize, expiresAt, lease);
        Interlocked.Add(ref _bytes, write.Size);
        Interlocked.Increment(ref _count);
        Interlocked.Increment(ref _unfinished);
        _writes.Enqueue(write);
        while ((Count > MostEntries || Volatile.Read(ref _bytes) > MostBytes) && TryTake(out _))
        {
            Interlocked.Decrement(ref _unfinished);
            StateMetrics.SharedWriteEnded(L2Result.Dropped, _level.ContextTag);
        }

        if (TryStartWorker())
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    void IThreadPoolWorkItem.Execute() => _ = WorkAsync();

    public void Dispose()
    {
        StateMetrics.Forget(this);
        _stop.Cancel();
        while (TryTake(out _))
        {
            // What was not sent by now is not sent: the next node reads the database.
            Interlocked.Decrement(ref _unfinished);
        }
    }

    private bool TryStartWorker()
    {
        var workers = Volatile.Read(ref _workers);
        return workers < MostWorkers && Interlocked.CompareExchange(ref _workers, workers + 1, workers) == workers;
    }

    private async Task WorkAsync()
    {
        do
        {
            while (TryTake(out var write))
            {
                await SendAsync(write).ConfigureAwait(false);
                if (write.Lease is not null)
                {
                    await EndAsync(write.Lease).ConfigureAwait(false);
                }

                Interlocked.Decrement(ref _unfinished);
            }

            Interlocked.Decrement(ref _workers);
        }
        while (!_writes.IsEmpty && TryStartWorker());
    }

    private async Task SendAsync(Write write)
    {
        try
        {
            using var payload = new PayloadBuffer();
            payload.GetSpan(PayloadSeal.Size)[..PayloadSeal.Size].Clear();
            payload.Advance(PayloadSeal.Size);
            _serializer.Serialize(write.Entry, payload);
            if (payload.Length > _level.Options.MaxPayloadBytes)
            {
                StateMetrics.SharedWriteEnded(L2Result.TooLarge, _level.ContextTag);
                return;
            }

            PayloadSeal.Close(payload.AsSpan(), write.Key);
            while (write.ExpiresAt - _level.Time.GetUtcNow() is var left && left > TimeSpan.Zero)
            {
                var result = await _level.WriteAsync(write.Key, payload.Written, left, _stopped).ConfigureAwait(false);
                if (result == L2Result.Stored)
                {
                    StateMetrics.SharedBytes(payload.Length, _level.ContextTag);
                }

                if (result != L2Result.Skipped)
                {
                    return;
                }

                // Not sent as the server is being left alone: the pause ends, and somebody's operation tries it then.
                await Task.Delay(s_betweenProbes, _level.Time, _stopped).ConfigureAwait(false);
            }
        }
#pragma warning disable CA1031 // An entry that cannot be written stays in memory only.
        catch (Exception)
#pragma warning restore CA1031
        {
            if (!_stopped.IsCancellationRequested)
            {
                StateMetrics.SharedWriteEnded(L2Result.Failed, _level.ContextTag);
            }
        }
    }

    /// <summary>Lets the others look, unless the lease has ended by itself: then it may be another node's.</summary>
    public async Task EndAsync(FillLease lease)
    {
        if (_level.Time.GetTimestamp() >= lease.EndsAt)
        {
            return;
        }

        try
        {
            await _level.DeleteAsync(lease.Name, _stopped).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // It ends by itself.
        }
    }

    private bool TryTake(out Write write)
    {
        if (!_writes.TryDequeue(out write))
        {
            return false;
        }

        Interlocked.Add(ref _bytes, -write.Size);
        Interlocked.Decrement(ref _count);
        return true;
    }

    private readonly record struct Write(string Key, CachedEntry Entry, long Size, DateTimeOffset ExpiresAt, FillLease? Lease);
}
