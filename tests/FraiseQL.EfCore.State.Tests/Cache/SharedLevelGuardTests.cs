using FraiseQL.EfCore.State.Cache;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Time.Testing;

namespace FraiseQL.EfCore.State.Tests.Cache;

/// <summary>The guard of the shared level around a cache that fails as the test says, in every form that a cache can have.</summary>
[Feature("S0-cache-is-optimization")]
[Feature("S1.1-l2-latency")]
public sealed class SharedLevelGuardTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private readonly ScriptedCache _inner = new();
    private readonly FakeTimeProvider _time = new();
    private readonly FakeLogger _logger = new();
    private readonly L2Options _options = new();

    private SharedLevel Guarded => field ??= new SharedLevel(_inner, _options, _time, _logger);

    [Fact]
    public async Task A_working_cache_is_read_and_written_under_the_key_prefix()
    {
        Assert.Equal(L2Result.Stored, await WriteAsync("a", [1, 2]));

        Assert.Equal([1, 2], (await ReadAsync("a"))!);
        Assert.Equal([1, 2], Read("a")!);
        Assert.Equal(["fraiseql:a"], _inner.Entries.Keys);
        Assert.Null(await ReadAsync("b"));
        Assert.Null(Read("b"));
        Assert.Equal(0, Guarded.Failures);
    }

    [Fact]
    public async Task A_cache_with_buffers_is_read_and_written_through_them()
    {
        var cache = new ScriptedBufferCache();
        var level = new SharedLevel(cache, _options, _time, _logger);
        Assert.Equal(L2Result.Stored, await level.WriteAsync("a", new byte[] { 1, 2 }, Minute, CancellationToken.None));

        using var buffer = new PayloadBuffer();
        Assert.True(await level.ReadAsync("a", buffer, CancellationToken.None));
        Assert.True(level.Read("a", buffer));
        Assert.Equal([1, 2, 1, 2], buffer.Written.ToArray());
        Assert.False(level.Read("b", buffer));
        Assert.Equal(0, cache.ArrayCalls);
    }

    [Fact]
    public async Task A_failure_is_a_miss_or_a_dropped_write_and_never_an_exception()
    {
        _inner.Before = () => throw new InvalidOperationException("secret-key");

        Assert.Null(await ReadAsync("a"));
        Assert.Null(Read("a"));
        Assert.Equal(L2Result.Skipped, await WriteAsync("a", [1]));

        Assert.Equal((2, 1), (Guarded.Failures, Guarded.Skipped));
    }

    [Fact]
    public async Task A_failing_server_is_left_alone_for_the_break_and_then_tried_once()
    {
        _inner.Before = () => throw new InvalidOperationException();
        await ReadAsync("a");
        await ReadAsync("a");
        Assert.True(Guarded.IsOpen);

        var calls = _inner.Calls;
        for (var i = 0; i < 100; i++)
        {
            Assert.Null(await ReadAsync("a"));
        }

        Assert.Equal(calls, _inner.Calls);
        Assert.Equal(100, Guarded.Skipped);

        _time.Advance(_options.BreakDuration + TimeSpan.FromMilliseconds(1));
        Assert.Null(await ReadAsync("a"));
        Assert.Null(await ReadAsync("a"));
        Assert.Equal(calls + 1, _inner.Calls);

        _inner.Before = () => Task.CompletedTask;
        _inner.Entries["fraiseql:a"] = [7];
        _time.Advance(_options.BreakDuration + TimeSpan.FromMilliseconds(1));
        Assert.Equal([7], (await ReadAsync("a"))!);
        Assert.False(Guarded.IsOpen);
    }

    [Fact]
    public async Task An_outage_is_logged_once_and_names_neither_keys_nor_messages()
    {
        _inner.Before = () => throw new InvalidOperationException("secret-message");
        for (var i = 0; i < 50; i++)
        {
            await ReadAsync("secret-key");
        }

        var records = _logger.Collector.GetSnapshot();
        Assert.Single(records, record => record.Id.Id == 1100);
        Assert.All(records, record => Assert.DoesNotContain("secret", record.Message + record.Exception, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_hanging_server_costs_the_budget_and_its_late_answer_changes_nothing()
    {
        var hang = new TaskCompletionSource();
        _inner.Before = () => hang.Task;
        _inner.Entries["fraiseql:a"] = [9];
        var value = new byte[] { 1, 2, 3 };
        var buffer = new PayloadBuffer();

        var read = Guarded.ReadAsync("a", buffer, CancellationToken.None).AsTask();
        var write = Guarded.WriteAsync("b", value, Minute, CancellationToken.None).AsTask();
        Assert.False(read.IsCompleted);
        _time.Advance(_options.Timeout);

        Assert.False(await read);
        Assert.False(write.IsCompleted);
        _time.Advance(_options.WriteTimeout);
        Assert.Equal(L2Result.TimedOut, await write);
        Assert.Equal(2, Guarded.Timeouts);

        // The caller reuses its buffer, then the abandoned write arrives: it must hold what was given, not what is there now.
        Array.Clear(value);
        hang.SetResult();
        await Eventually.Until(() => _inner.Entries.ContainsKey("fraiseql:b"));
        Assert.Equal([1, 2, 3], _inner.Entries["fraiseql:b"]);
        Assert.Equal(0, buffer.Length);
    }

    [Fact]
    public void A_hanging_server_does_not_hold_a_synchronous_caller()
    {
        _inner.Before = () => new TaskCompletionSource().Task;
        Assert.Null(Read("a"));
        Assert.Equal(1, Guarded.Timeouts);
    }

    [Fact]
    public async Task Only_the_cancellation_of_the_caller_is_thrown_and_it_does_not_count_against_the_server()
    {
        _inner.Before = () => new TaskCompletionSource().Task;
        using var cancel = new CancellationTokenSource();
        var reads = Enumerable.Range(0, 10).Select(_ => Guarded.ReadAsync("a", new PayloadBuffer(), cancel.Token).AsTask()).ToArray();
        await cancel.CancelAsync();

        foreach (var read in reads)
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => read);
        }

        Assert.False(Guarded.IsOpen);
        Assert.Equal(0, Guarded.Failures);
    }

    private ValueTask<L2Result> WriteAsync(string key, byte[] value) => Guarded.WriteAsync(key, value, Minute, CancellationToken.None);

    private async Task<byte[]?> ReadAsync(string key)
    {
        using var buffer = new PayloadBuffer();
        return await Guarded.ReadAsync(key, buffer, CancellationToken.None) ? buffer.Written.ToArray() : null;
    }

    private byte[]? Read(string key)
    {
        using var buffer = new PayloadBuffer();
        return Guarded.Read(key, buffer) ? buffer.Written.ToArray() : null;
    }
}
